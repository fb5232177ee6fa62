//! Events of a log onto this program's own streams: what a task wrote to stderr goes to stderr. To a terminal lines go as they
//! are shown, anywhere else as they were printed.

use crate::args::Stream;
use crate::{show, terminal};
use futures::{FutureExt as _, StreamExt as _};
use solti_api::OutputEventStream;
use solti_model::{OutputEvent, OutputStreamKind};
use solti_rows::Style;
use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};

#[derive(Debug, Default)]
pub struct LogOptions {
    pub as_json: bool,
    pub timestamps: bool,
    /// Leave out what is older, in Unix milliseconds.
    pub since_ms: Option<u64>,
    pub attempt: Option<u32>,
    pub stream: Option<Stream>,
}

pub struct LogPrinter {
    options: LogOptions,
    out: BufWriter<Stdout>,
    err: BufWriter<Stderr>,
    /// By stream: what the task has left switched on, where that is a terminal.
    styles: [Option<Style>; 2],
}

impl LogPrinter {
    pub fn new(options: LogOptions) -> Self {
        let style = |is_terminal: bool| is_terminal.then(Style::default);
        let styles = [style(io::stdout().is_terminal()), style(io::stderr().is_terminal())];
        Self { options, out: BufWriter::new(io::stdout()), err: BufWriter::new(io::stderr()), styles }
    }

    /// Takes the next event from `log` and prints it; `None` at the log's end. Nothing stays in a buffer while it waits.
    /// Can be dropped and called again without losing an event.
    pub async fn next(&mut self, log: &mut OutputEventStream) -> io::Result<Option<OutputEvent>> {
        let event = match log.next().now_or_never() {
            Some(event) => event,
            None => {
                self.flush()?;
                log.next().await
            }
        };
        match &event {
            Some(event) => self.print(event)?,
            None => self.flush()?,
        }
        Ok(event)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }

    fn is_wanted(&self, event: &OutputEvent) -> bool {
        let wanted = self.options.attempt.is_none_or(|wanted| match event {
            OutputEvent::Chunk { attempt, .. }
            | OutputEvent::RunStarted { attempt, .. }
            | OutputEvent::RunFinished { attempt, .. } => *attempt == wanted,
            OutputEvent::Lagged { .. } => true,
        });
        let OutputEvent::Chunk { stream, ts, .. } = event else { return wanted };
        let of_stream = match (self.options.stream, stream) {
            (None, _) => true,
            (Some(Stream::Stdout), stream) => *stream == OutputStreamKind::Stdout,
            (Some(Stream::Stderr), stream) => *stream == OutputStreamKind::Stderr,
        };
        wanted && of_stream && self.options.since_ms.is_none_or(|since| *ts >= since)
    }

    fn print(&mut self, event: &OutputEvent) -> io::Result<()> {
        if !self.is_wanted(event) {
            return Ok(());
        }
        if self.options.as_json {
            return writeln!(self.out, "{}", terminal::json(event)?);
        }
        match event {
            OutputEvent::Chunk { stream, ts, line, .. } => {
                let timestamps = self.options.timestamps;
                let style = &mut self.styles[usize::from(*stream == OutputStreamKind::Stderr)];
                let shown = style.as_mut().map(|style| terminal::colored(line, style));
                let line = shown.as_deref().unwrap_or(line).as_bytes();
                match stream {
                    OutputStreamKind::Stdout => {
                        self.err.flush()?;
                        write_line(&mut self.out, timestamps.then_some(*ts), line)
                    }
                    OutputStreamKind::Stderr => {
                        self.out.flush()?;
                        write_line(&mut self.err, timestamps.then_some(*ts), line)
                    }
                }
            }
            OutputEvent::RunStarted { attempt, .. } if *attempt > 1 => {
                self.styles.iter_mut().flatten().for_each(|style| *style = Style::default());
                self.out.flush()?;
                writeln!(self.err, "solti: attempt {attempt}")
            }
            OutputEvent::Lagged { skipped } => {
                self.out.flush()?;
                writeln!(
                    self.err,
                    "solti: {skipped} lines are gone, removed to keep the log within its limit"
                )
            }
            OutputEvent::RunStarted { .. } | OutputEvent::RunFinished { .. } => Ok(()),
        }
    }
}

fn write_line(to: &mut impl Write, ts: Option<u64>, line: &[u8]) -> io::Result<()> {
    if let Some(ts) = ts {
        write!(to, "{} ", show::time(ts))?;
    }
    to.write_all(line)?;
    to.write_all(b"\n")
}
