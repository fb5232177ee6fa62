//! What a block of a log is to its subscriber: one event for each line, made when it is asked for, a slice of the block; of a
//! line that is no text its bytes too.
//! Knows what was handed out before the stream was torn off, and so where to go on. Reading lives in `log_stream`.

use crate::{Handed, LogPosition};
use bytestring::ByteString;
use solti_logstore::{Batch, Stream as LogStream};
use solti_model::{OutputEvent, OutputStreamKind, RawLine, text_of_line};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio_stream::Stream;

/// What the follower of a log hands over.
pub(super) enum LogItem {
    Mark(LogPosition, OutputEvent),
    Block(Block),
}

/// Some lines of one attempt, and how far they were told.
pub(super) struct Block {
    attempt: u32,
    batch: Batch,
    /// The block as text, when all of it is UTF-8.
    text: Option<ByteString>,
    line: usize,
    gap: usize,
}

impl Block {
    /// Looks through all bytes, so not for the subscriber's thread.
    pub(super) fn new(attempt: u32, batch: Batch) -> Self {
        let text = ByteString::try_from(batch.bytes.clone()).ok();
        Self { attempt, batch, text, line: 0, gap: 0 }
    }

    /// As text, and the bytes where they are none.
    fn text(&self, range: Range<usize>) -> (ByteString, Option<RawLine>) {
        // Lines are cut at line ends, which are character boundaries of valid text; a rest of one may begin anywhere.
        if let Some(text) = &self.text
            && let Some(line) = text.get(range.clone())
        {
            return (text.slice_ref(line), None);
        }
        text_of_line(self.batch.bytes.slice(range))
    }
}

/// Turns blocks into events one at a time.
pub(super) struct LogEvents {
    queue: mpsc::Receiver<LogItem>,
    /// Comes next.
    mark: Option<(LogPosition, OutputEvent)>,
    current: Option<Block>,
    reported: Reached,
}

/// Each event with the position behind it.
pub(super) struct PositionedEvents(LogEvents);

/// What the subscriber has.
struct Reached {
    position: LogPosition,
    /// Nothing behind the position was seen yet: what comes may lie before it.
    catching_up: bool,
    /// What is left to skip of the lines that were handed out in part.
    skip: LogPosition,
    /// Lines of gaps that were seen while catching up; told as soon as something shows that they lie behind the position.
    gap: u64,
}

impl LogEvents {
    pub(super) fn new(queue: mpsc::Receiver<LogItem>, after: LogPosition) -> Self {
        let catching_up = after.attempt > 0 && !after.ended;
        let reported = Reached { position: after, catching_up, skip: after, gap: 0 };
        Self { queue, mark: None, current: None, reported }
    }

    pub(super) fn with_positions(self) -> PositionedEvents {
        PositionedEvents(self)
    }
}

impl Reached {
    /// The next event of a block; `None` when there is nothing more in it.
    fn next_of(&mut self, block: &mut Block) -> Option<OutputEvent> {
        if let Some(span) = self.plain_line(block) {
            return Some(span);
        }
        loop {
            if let Some(gap) = block.batch.gaps.get(block.gap).filter(|gap| gap.before_line <= block.line) {
                block.gap += 1;
                self.gap += gap.lines.max(1);
                if self.catching_up {
                    continue;
                }
            } else if let Some(span) = block.batch.lines.get(block.line).copied() {
                let stream = kind_of(span.stream);
                let handed = self.position.stream_mut(stream);
                let skip = self.skip.stream_mut(stream);
                let len = u64::from(span.end - span.start);
                let known = if span.seq == handed.lines { skip.bytes.min(len) } else { 0 };
                if span.seq < handed.lines || (known == len && known > 0 && !span.ended) {
                    skip.bytes -= known;
                    block.line += 1;
                    self.gap = 0;
                    continue;
                }
                if self.gap == 0 {
                    skip.bytes = 0;
                    block.line += 1;
                    self.catching_up = false;
                    *handed = match span.cut {
                        true if span.seq == handed.lines => {
                            Handed { lines: span.seq, bytes: handed.bytes + len - known }
                        }
                        true => Handed { lines: span.seq, bytes: len },
                        false => Handed { lines: span.seq + 1, bytes: 0 },
                    };
                    let (line, raw) = block.text((u64::from(span.start) + known) as usize..span.end as usize);
                    let (attempt, seq, ts) = (block.attempt, span.seq, span.ts_ms);
                    let (continues, unfinished) = (span.continues || known > 0, !span.ended);
                    return Some(OutputEvent::Chunk {
                        attempt,
                        stream,
                        seq,
                        ts,
                        line,
                        continues,
                        unfinished,
                        raw,
                    });
                }
            } else {
                return None;
            }
            return self.take_gap();
        }
    }

    /// The next line where there is nothing else to think of, which is nearly always: a whole one, of a block without gaps,
    /// that follows on what the subscriber has.
    fn plain_line(&mut self, block: &mut Block) -> Option<OutputEvent> {
        let (span, text) = (block.batch.lines.get(block.line)?, block.text.as_ref()?);
        let stream = kind_of(span.stream);
        let behind = self.catching_up || self.gap != 0 || self.skip.stream(stream).bytes != 0;
        let handed = self.position.stream_mut(stream);
        if behind || span.cut || !block.batch.gaps.is_empty() || span.seq != handed.lines {
            return None;
        }
        // Two halves of characters that no program meant to be one may stand side by side.
        let line = text.slice_ref(text.get(span.start as usize..span.end as usize)?);
        *handed = Handed { lines: span.seq + 1, bytes: 0 };
        block.line += 1;
        Some(OutputEvent::Chunk {
            attempt: block.attempt,
            stream,
            seq: span.seq,
            ts: span.ts_ms,
            line,
            continues: span.continues,
            unfinished: !span.ended,
            raw: None,
        })
    }

    fn take_gap(&mut self) -> Option<OutputEvent> {
        match std::mem::take(&mut self.gap) {
            0 => None,
            skipped => Some(OutputEvent::Lagged { skipped, reason: None }),
        }
    }
}

fn kind_of(stream: LogStream) -> OutputStreamKind {
    match stream {
        LogStream::Stdout => OutputStreamKind::Stdout,
        LogStream::Stderr => OutputStreamKind::Stderr,
    }
}

impl Stream for LogEvents {
    type Item = OutputEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { queue, mark, current, reported } = &mut *self;
        loop {
            if let Some(block) = current {
                if let Some(event) = reported.next_of(block) {
                    return Poll::Ready(Some(event));
                }
                *current = None;
            }
            if let Some((position, event)) = mark.take() {
                (reported.position, reported.skip, reported.catching_up) = (position, position, false);
                return Poll::Ready(Some(event));
            }
            match std::task::ready!(queue.poll_recv(cx)) {
                None => return Poll::Ready(None),
                Some(LogItem::Mark(position, event)) => {
                    *mark = Some((position, event));
                    if let Some(gap) = reported.take_gap() {
                        return Poll::Ready(Some(gap));
                    }
                }
                Some(LogItem::Block(block)) => *current = Some(block),
            }
        }
    }
}

impl Stream for PositionedEvents {
    type Item = (LogPosition, OutputEvent);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = Pin::new(&mut self.0).poll_next(cx);
        event.map(|event| Some((self.0.reported.position, event?)))
    }
}
