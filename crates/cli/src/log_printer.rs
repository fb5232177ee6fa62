//! Events of a log onto this program's own streams: what a task wrote to stderr goes to stderr. A terminal gets what is shown of
//! a line, anything else the bytes that were printed, and nothing beside them.

use crate::args::Stream;
use crate::screen::Screen;
use crate::{terminal, time};
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use solti_api::operations::{GetLogInfo, Operations as _};
use solti_http::HttpClient;
use solti_logstore::{LogLines, RowFilter, TextEncoding};
use solti_model::{LogInfo, OutputEvent, OutputStreamKind, RunId, TaskId, counted};
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
    /// Add no words of this program.
    pub silent: bool,
}

impl LogOptions {
    /// Lines do not stand as they do in the log: some are left out, or something is put between them.
    fn parts_lines(&self) -> bool {
        self.timestamps || self.since_ms.is_some() || self.fields.is_some()
    }
}

pub struct LogPrinter {
    options: LogOptions,
    /// Whose log it is, and who is asked in what encoding that is read.
    client: HttpClient,
    task: TaskId,
    /// Taken from the log and not printed yet.
    taken: Option<OutputEvent>,
    /// How the log's lines become text.
    lines: LogLines,
    /// Chunks of this attempt that may not be UTF-8, and whether it is time to ask what they are.
    odd: u64,
    asks: bool,
    out: BufWriter<Stdout>,
    err: BufWriter<Stderr>,
    /// By stream: where that is a terminal.
    screens: [Option<Screen>; 2],
    /// The stream whose line stands open on a terminal.
    open: Option<OutputStreamKind>,
    /// Whether both streams go to the same place.
    together: bool,
    /// Whether a line stands open where standard error goes, which is no terminal.
    unended: bool,
    /// What a person is asked stands open on the terminal.
    asking: bool,
    /// Words of this program are told that they begin in an open row.
    noted: bool,
    /// By stream: whether the line that its chunks are of is wanted.
    wanted: [bool; 2],
}

impl LogPrinter {
    pub fn new(options: LogOptions, client: &HttpClient, task: &TaskId) -> Self {
        let screen = |is_terminal: bool| is_terminal.then(Screen::default);
        Self {
            options,
            client: client.clone(),
            task: task.clone(),
            taken: None,
            lines: LogLines::default(),
            odd: 0,
            asks: false,
            out: BufWriter::new(io::stdout()),
            err: BufWriter::new(io::stderr()),
            screens: [screen(io::stdout().is_terminal()), screen(io::stderr().is_terminal())],
            open: None,
            together: are_together(),
            unended: false,
            asking: false,
            noted: false,
            wanted: [true; 2],
        }
    }

    /// Takes the next event from `log` and prints it; `None` at the log's end. Nothing stays in a buffer while it waits.
    /// Can be dropped and called again without losing an event.
    pub async fn next(
        &mut self,
        log: &mut BoxStream<'static, OutputEvent>,
    ) -> io::Result<Option<OutputEvent>> {
        if self.taken.is_none() {
            self.taken = match log.next().now_or_never() {
                Some(event) => event,
                None => {
                    self.flush()?;
                    log.next().await
                }
            };
            self.count_odd();
        }
        self.ask_for_encoding().await;
        let event = self.taken.take();
        match &event {
            Some(event) => {
                self.print(event)?;
                self.pass(event);
            }
            None => {
                self.end_lines()?;
                self.finish()?;
            }
        }
        Ok(event)
    }

    /// Where the next line stands in its log.
    fn pass(&mut self, event: &OutputEvent) {
        match event {
            // Another run knows nothing of this one's encoding.
            OutputEvent::RunStarted { .. } => self.lines = LogLines::default(),
            OutputEvent::Lagged { .. } => self.lines.lose_place(),
            OutputEvent::Chunk { .. } | OutputEvent::RunFinished { .. } => {
                if let Some((_, bytes, ended)) = event.printed() {
                    self.lines.pass(bytes, ended);
                }
            }
        }
    }

    /// Of a log that is UTF-8 nobody asks. What is guessed of another one may change with what is added, less and less often.
    fn count_odd(&mut self) {
        match &self.taken {
            Some(OutputEvent::RunStarted { .. }) => self.odd = 0,
            Some(event) => {
                if let Some((stream, bytes, ended)) = event.printed()
                    && self.reads_text(stream)
                    && is_odd(bytes, ended)
                {
                    self.odd += 1;
                    self.asks = self.odd.is_power_of_two();
                }
            }
            None => {}
        }
    }

    /// Whether anything depends on what lines say, or on where they end.
    fn reads_text(&self, stream: OutputStreamKind) -> bool {
        let prints = self.screens[index(stream)].is_some() || self.options.parts_lines();
        !self.options.as_json && prints || self.options.fields.is_some()
    }

    async fn ask_for_encoding(&mut self) {
        let Some(OutputEvent::Chunk { attempt, .. }) = self.taken.as_ref().filter(|_| self.asks) else {
            return;
        };
        let run = RunId::new(self.task.clone(), *attempt);
        // Without an answer it goes on as it is.
        if let Ok(info) = self.client.ask(GetLogInfo { run }).await {
            self.lines.read_in(encoding(&info));
        }
        self.asks = false;
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()?;
        self.notice_words();
        let open = match self.screens[index(OutputStreamKind::Stderr)] {
            Some(_) => {
                self.asking || self.open.is_some_and(|open| open == OutputStreamKind::Stderr || self.together)
            }
            None => self.unended,
        };
        terminal::set_row_open(open);
        self.noted = open;
        Ok(())
    }

    /// Others of this program may have said something meanwhile, and ended the row for it.
    fn notice_words(&mut self) {
        if self.noted && !terminal::is_row_open() {
            self.noted = false;
            if let Some(screen) = self.open.take().and_then(|stream| self.screens[index(stream)].as_mut()) {
                screen.leave();
            }
            (self.unended, self.asking) = (false, false);
        }
    }

    /// Leaves the terminal to others, at the beginning of a row.
    pub fn finish(&mut self) -> io::Result<()> {
        self.close_row()?;
        self.flush()
    }

    fn is_wanted(&mut self, event: &OutputEvent) -> bool {
        if self.options.silent
            && !matches!(event, OutputEvent::Chunk { .. } | OutputEvent::RunFinished { .. })
        {
            return false;
        }
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
            *line_wanted =
                self.options.since_ms.is_none_or(|since| *ts >= since)
                    && self.options.fields.as_mut().is_none_or(|fields| {
                        fields.matches(&self.lines.text(printed, true, self.lines.here()))
                    });
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
            OutputEvent::Lagged { reason: Some(reason), .. } => {
                self.say(&format!("solti: the log is not told whole here: {reason}"))
            }
            OutputEvent::Lagged { skipped, reason: None } => self.say(&missing(*skipped)),
            OutputEvent::RunFinished { .. } => self.end_lines(),
            OutputEvent::RunStarted { .. } => Ok(()),
        }
    }

    fn print_chunk(&mut self, event: &OutputEvent) -> io::Result<()> {
        let (Some((stream, bytes, ended)), OutputEvent::Chunk { ts, continues, .. }) =
            (event.printed(), event)
        else {
            return Ok(());
        };
        self.notice_words();
        if self.open.is_some_and(|open| open != stream) && self.screens[index(stream)].is_some() {
            self.close_row()?;
        }
        if self.asking && self.screens[index(stream)].is_some() {
            self.close_question()?;
        }
        let (timestamps, parts) = (self.options.timestamps, self.options.parts_lines());
        let head = || if timestamps { format!("{} ", time::written(*ts)) } else { String::new() };
        let Self { out, err, screens, open, lines, unended, together, .. } = self;
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
                let columns = terminal::columns().unwrap_or(80);
                let shown = screen.show(bytes, ended, lines, head, columns);
                match ended {
                    true => *open = None,
                    false if shown.is_empty() => {}
                    false => *open = Some(stream),
                }
                to.write_all(shown.as_bytes())
            }
            None => {
                let (bytes, end) = match parts {
                    true => lines.alone(bytes, *continues, ended),
                    false => (bytes, if ended { &b"\n"[..] } else { b"" }),
                };
                if bytes.is_empty() && end.is_empty() {
                    return Ok(());
                }
                if timestamps && !continues {
                    to.write_all(&lines.written(&head()))?;
                }
                to.write_all(bytes)?;
                if stream == OutputStreamKind::Stderr || *together {
                    *unended = !ended;
                }
                to.write_all(end)
            }
        }
    }

    /// A line of our own on standard error, on a row of its own. To standard output nothing is added that was not printed.
    ///
    /// # Errors
    /// When what was printed before cannot be written; the line is told all the same.
    pub fn say(&mut self, words: &str) -> io::Result<()> {
        let before = match self.screens[index(OutputStreamKind::Stderr)] {
            Some(_) => self.finish(),
            None => self.flush(),
        };
        terminal::say!("{words}");
        self.notice_words();
        before
    }

    /// Asks the person at the terminal. What comes meanwhile is shown below.
    pub fn ask(&mut self, question: &str) -> io::Result<()> {
        self.finish()?;
        write!(self.err, "\n{question}")?;
        self.asking = true;
        self.flush()
    }

    /// Whether the question is the last that was shown.
    pub fn is_asking(&mut self) -> bool {
        self.notice_words();
        self.asking
    }

    /// There is an answer, and where the person has `ended` the row, a new one.
    pub fn answered(&mut self, ended: bool) -> io::Result<()> {
        if ended {
            self.asking = false;
        }
        self.finish()
    }

    fn close_question(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.asking) {
            true => self.err.write_all(b"\n").and_then(|()| self.err.flush()),
            false => Ok(()),
        }
    }

    /// Nothing is added to the lines that stand open.
    fn end_lines(&mut self) -> io::Result<()> {
        self.notice_words();
        for stream in [OutputStreamKind::Stdout, OutputStreamKind::Stderr] {
            let columns = terminal::columns().unwrap_or(80);
            let rest = self.screens[index(stream)].as_mut().map(|screen| screen.end(columns));
            let Some(rest) = rest.filter(|rest| !rest.is_empty()) else { continue };
            if self.open.is_some_and(|open| open != stream) {
                self.close_row()?;
            }
            self.close_question()?;
            self.open = Some(stream);
            match stream {
                OutputStreamKind::Stdout => self.out.write_all(rest.as_bytes())?,
                OutputStreamKind::Stderr => self.err.write_all(rest.as_bytes())?,
            }
        }
        Ok(())
    }

    fn close_row(&mut self) -> io::Result<()> {
        self.notice_words();
        self.close_question()?;
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

/// What the engine reads the log in.
fn encoding(info: &LogInfo) -> TextEncoding {
    let Some(name) = &info.encoding else { return TextEncoding::default() };
    let known = if info.encoding_chosen { TextEncoding::named(name) } else { TextEncoding::guessed(name) };
    known.unwrap_or_default()
}

/// Whether bytes of a log tell that it may not be UTF-8. Of a part of a line the end may be half of a character.
fn is_odd(bytes: &[u8], ended: bool) -> bool {
    // ISO-2022-JP has escapes that no terminal has.
    let has_escape = || bytes.windows(2).any(|pair| pair == b"\x1b$");
    bytes.contains(&0)
        || std::str::from_utf8(bytes).is_err_and(|error| ended || error.error_len().is_some())
        || has_escape()
}

/// Whether standard output and standard error are one file, pipe or terminal.
fn are_together() -> bool {
    let of = |found: rustix::fs::Stat| (found.st_dev, found.st_ino);
    let (out, err) = (rustix::fs::fstat(io::stdout()), rustix::fs::fstat(io::stderr()));
    matches!((out, err), (Ok(out), Ok(err)) if of(out) == of(err))
}

fn index(stream: OutputStreamKind) -> usize {
    usize::from(stream == OutputStreamKind::Stderr)
}

/// Removed for a limit, or never written for want of space: an event does not tell.
fn missing(lines: u64) -> String {
    let verb = if lines == 1 { "is" } else { "are" };
    format!("solti: {} {verb} missing from the log here", counted(lines, "line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_text_ask_for_nothing() {
        assert!(is_odd(b"\x1b$B%(", false) && !is_odd(b"\x1b[1mx", true));
        assert!(!is_odd("plain \u{20ac}".as_bytes(), true) && !is_odd(b"\xe2\x82", false));
        assert!(is_odd(b"\xe2\x82", true) && is_odd(b"h\0", false) && is_odd(b"\xcf\xf0", false));
    }

    #[test]
    fn of_lines_that_are_missing_no_reason_is_made_up() {
        assert_eq!(missing(1), "solti: 1 line is missing from the log here");
        assert_eq!(missing(93_694), "solti: 93,694 lines are missing from the log here");
    }
}
