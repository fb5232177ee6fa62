//! Events of a log onto this program's own streams: what a task wrote to stderr goes to stderr. A terminal gets what is shown of
//! a line, anything else the bytes that were printed, and nothing beside them.

use crate::args::Stream;
use crate::screen::Screen;
use crate::{terminal, time};
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use solti_logstore::RowFilter;
use solti_model::{OutputEvent, OutputStreamKind};
use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};

#[derive(Debug, Default)]
pub struct LogOptions {
    pub as_json: bool,
    pub timestamps: bool,
    /// Leave out what is older, in Unix milliseconds.
    pub since_ms: Option<u64>,
    pub attempt: Option<u32>,
    pub stream: Option<Stream>,
    /// Lines that match this only. A chunk has to be a whole line.
    pub fields: Option<RowFilter>,
}

pub struct LogPrinter {
    options: LogOptions,
    out: BufWriter<Stdout>,
    err: BufWriter<Stderr>,
    /// By stream: where that is a terminal.
    screens: [Option<Screen>; 2],
    /// The stream whose line stands open on a terminal.
    open: Option<OutputStreamKind>,
    /// By stream: whether the line that its chunks are of is wanted.
    wanted: [bool; 2],
}

impl LogPrinter {
    pub fn new(options: LogOptions) -> Self {
        let screen = |is_terminal: bool| is_terminal.then(Screen::default);
        Self {
            options,
            out: BufWriter::new(io::stdout()),
            err: BufWriter::new(io::stderr()),
            screens: [screen(io::stdout().is_terminal()), screen(io::stderr().is_terminal())],
            open: None,
            wanted: [true; 2],
        }
    }

    /// Takes the next event from `log` and prints it; `None` at the log's end. Nothing stays in a buffer while it waits.
    /// Can be dropped and called again without losing an event.
    pub async fn next(
        &mut self,
        log: &mut BoxStream<'static, OutputEvent>,
    ) -> io::Result<Option<OutputEvent>> {
        let event = match log.next().now_or_never() {
            Some(event) => event,
            None => {
                self.flush()?;
                log.next().await
            }
        };
        match &event {
            Some(event) => self.print(event)?,
            None => self.finish()?,
        }
        Ok(event)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }

    /// Leaves the terminal to others, at the beginning of a row.
    pub fn finish(&mut self) -> io::Result<()> {
        self.close_row()?;
        self.flush()
    }

    fn is_wanted(&mut self, event: &OutputEvent) -> bool {
        let wanted = self.options.attempt.is_none_or(|wanted| match event {
            OutputEvent::Chunk { attempt, .. }
            | OutputEvent::RunStarted { attempt, .. }
            | OutputEvent::RunFinished { attempt, .. } => *attempt == wanted,
            OutputEvent::Lagged { .. } => true,
        });
        let OutputEvent::Chunk { stream, ts, continues, .. } = event else { return wanted };
        let of_stream = match (self.options.stream, stream) {
            (None, _) => true,
            (Some(Stream::Stdout), stream) => *stream == OutputStreamKind::Stdout,
            (Some(Stream::Stderr), stream) => *stream == OutputStreamKind::Stderr,
        };
        // A line is as old as its beginning.
        let line_wanted = &mut self.wanted[index(*stream)];
        if !continues {
            let printed = event.printed().map_or(&b""[..], |(_, bytes, _)| bytes);
            *line_wanted = self.options.since_ms.is_none_or(|since| *ts >= since)
                && self.options.fields.as_mut().is_none_or(|fields| fields.matches(printed));
        }
        wanted && of_stream && *line_wanted
    }

    fn print(&mut self, event: &OutputEvent) -> io::Result<()> {
        if !self.is_wanted(event) {
            return Ok(());
        }
        if self.options.as_json {
            return writeln!(self.out, "{}", terminal::json(event)?);
        }
        match event {
            OutputEvent::Chunk { .. } => self.print_chunk(event),
            OutputEvent::RunStarted { attempt, .. } if *attempt > 1 => {
                self.say(&format!("solti: attempt {attempt}"))?;
                self.screens.iter_mut().flatten().for_each(Screen::begin_again);
                Ok(())
            }
            OutputEvent::Lagged { skipped } => self
                .say(&format!("solti: {skipped} lines are gone, removed to keep the log within its limit")),
            OutputEvent::RunStarted { .. } | OutputEvent::RunFinished { .. } => Ok(()),
        }
    }

    fn print_chunk(&mut self, event: &OutputEvent) -> io::Result<()> {
        let (Some((stream, bytes, ended)), OutputEvent::Chunk { ts, continues, .. }) =
            (event.printed(), event)
        else {
            return Ok(());
        };
        if self.open.is_some_and(|open| open != stream) && self.screens[index(stream)].is_some() {
            self.close_row()?;
        }
        let timestamps = self.options.timestamps;
        let head = || if timestamps { format!("{} ", time::written(*ts)) } else { String::new() };
        let Self { out, err, screens, open, .. } = self;
        let to: &mut dyn Write = match stream {
            OutputStreamKind::Stdout => {
                err.flush()?;
                out
            }
            OutputStreamKind::Stderr => {
                out.flush()?;
                err
            }
        };
        match &mut screens[index(stream)] {
            Some(screen) => {
                *open = (!ended).then_some(stream);
                let columns = terminal::columns().unwrap_or(80);
                to.write_all(screen.show(bytes, ended, head, columns).as_bytes())
            }
            None => {
                if timestamps && !continues {
                    to.write_all(head().as_bytes())?;
                }
                to.write_all(bytes)?;
                if ended { to.write_all(b"\n") } else { Ok(()) }
            }
        }
    }

    /// A line of our own on standard error, on a row of its own where that is a terminal.
    pub fn say(&mut self, words: &str) -> io::Result<()> {
        if self.screens[index(OutputStreamKind::Stderr)].is_some() {
            self.close_row()?;
        }
        self.out.flush()?;
        writeln!(self.err, "{words}")?;
        self.err.flush()
    }

    fn close_row(&mut self) -> io::Result<()> {
        let Some(stream) = self.open.take() else { return Ok(()) };
        if let Some(screen) = &mut self.screens[index(stream)] {
            screen.leave();
        }
        match stream {
            OutputStreamKind::Stdout => self.out.write_all(b"\n").and_then(|()| self.out.flush()),
            OutputStreamKind::Stderr => self.err.write_all(b"\n").and_then(|()| self.err.flush()),
        }
    }
}

fn index(stream: OutputStreamKind) -> usize {
    usize::from(stream == OutputStreamKind::Stderr)
}
