//! The bytes of `output.idx`: page headers, records, checksums, and what a record does to the running counts.
//! The description for people is `docs/log-format.md`. Who writes pages and who walks them lives in `index_writer`
//! and `cursor`.

use crate::Stream;
use solti_positions::{LogOffset, RowNo};

pub(crate) const PAGE: usize = 4096;
pub(crate) const HEADER: usize = 64;
/// Records end here; the page's last four bytes are the checksum of a sealed page, zero while it is open.
pub(crate) const RECORDS_END: usize = PAGE - 4;
/// The longest record: flags, a `u64` and two more varints of ten bytes each, check.
pub(crate) const MAX_RECORD: usize = 32;

const MAGIC: [u8; 4] = *b"SLIX";
const VERSION: u8 = 1;

/// No log counts as far, nor does a record: beyond this a page or a record is not sound. So sums need no second thought.
const MAX_COUNT: u64 = 1 << 62;
const MAX_LEN: u64 = 1 << 48;

const FLAG_STDERR: u8 = 0x01;
const FLAG_PARTIAL: u8 = 0x02;
const FLAG_OWN_NEWLINE: u8 = 0x04;
const FLAG_CONTINUED: u8 = 0x08;
const FLAG_GAP: u8 = 0x10;
const FLAG_LINES: u8 = 0x20;
const FLAG_END: u8 = 0x40;
/// Set in every record, so that a zero byte means "no record yet".
const FLAG_RECORD: u8 = 0x80;

/// One record of the index: some bytes of one stream, or bytes that were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub stream: Stream,
    pub kind: Kind,
    /// Bytes in the log, or bytes dropped for a gap.
    pub len: u64,
    /// Newlines among these bytes, our own one included.
    pub newlines: u64,
    /// Milliseconds since the record before it.
    pub dt: u64,
    /// The last byte is not a newline.
    pub partial: bool,
    /// The last byte is a newline that we put in.
    pub own_newline: bool,
    /// The first row that begins here continues a line of this stream.
    pub continued: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Data,
    Gap,
    /// Nothing follows: the writer finished.
    End,
    /// Segments that are not there any more; in no file, made by the reader. `newlines` counts the removed rows.
    Removed,
}

/// A page of a segment's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub segment: u32,
    pub page: u32,
}

/// What a page's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub counts: Counts,
    /// Where in the log its segment begins.
    pub segment_start: LogOffset,
}

impl Record {
    pub(crate) const END: Self = Self {
        stream: Stream::Stdout,
        kind: Kind::End,
        len: 0,
        newlines: 0,
        dt: 0,
        partial: false,
        own_newline: false,
        continued: false,
    };

    /// Encodes for byte `at` of page `page`; returns how many bytes of `out` it took.
    pub(crate) fn encode(&self, page: u32, at: usize, out: &mut [u8; MAX_RECORD]) -> usize {
        let implied = u64::from(!self.partial);
        let mut flags = FLAG_RECORD | self.stream as u8;
        for (set, flag) in [
            (self.partial, FLAG_PARTIAL),
            (self.own_newline, FLAG_OWN_NEWLINE),
            (self.continued, FLAG_CONTINUED),
            (self.kind == Kind::Gap, FLAG_GAP),
            (self.kind == Kind::End, FLAG_END),
            (self.kind != Kind::End && self.newlines != implied, FLAG_LINES),
        ] {
            if set {
                flags |= flag;
            }
        }
        out[0] = flags;
        let mut n = 1;
        if self.kind != Kind::End {
            n += put_varint(&mut out[n..], self.len);
            if flags & FLAG_LINES != 0 {
                n += put_varint(&mut out[n..], self.newlines);
            }
            n += put_varint(&mut out[n..], self.dt);
        }
        out[n] = check(page, at, &out[..n]);
        n + 1
    }

    /// Decodes the record at byte `at` of a page; `None` when there is none, or not a whole one.
    pub(crate) fn decode(page_no: u32, page: &[u8; PAGE], at: usize) -> Option<(Self, usize)> {
        let records = &page[..RECORDS_END];
        let flags = *records.get(at)?;
        if flags & FLAG_RECORD == 0 {
            return None;
        }
        let mut record = Self {
            stream: Stream::from_bit(flags & FLAG_STDERR != 0),
            kind: Kind::Data,
            partial: flags & FLAG_PARTIAL != 0,
            own_newline: flags & FLAG_OWN_NEWLINE != 0,
            continued: flags & FLAG_CONTINUED != 0,
            ..Self::END
        };
        let mut n = at + 1;
        if flags & FLAG_END != 0 {
            record.kind = Kind::End;
        } else {
            if flags & FLAG_GAP != 0 {
                record.kind = Kind::Gap;
            }
            record.len = take_varint(records, &mut n)?;
            record.newlines = u64::from(!record.partial);
            if flags & FLAG_LINES != 0 {
                record.newlines = take_varint(records, &mut n)?;
            }
            record.dt = take_varint(records, &mut n)?;
        }
        let sane = record.len < MAX_LEN
            && record.newlines <= record.len
            && (record.kind != Kind::Data || record.len > 0);
        if n - at + 1 > MAX_RECORD || !sane || *records.get(n)? != check(page_no, at, &records[at..n]) {
            return None;
        }
        Some((record, n + 1 - at))
    }
}

/// Everything that is counted from the log's beginning; a page header stores it as of the page's first record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Byte of `output.log`.
    pub offset: LogOffset,
    /// Behind the rows that have ended.
    pub row: RowNo,
    /// Newlines of each stream, dropped ones included.
    pub seq: [u64; 2],
    /// Time of the last record.
    pub ts_ms: u64,
    /// Whose row is at the log's end, still without a newline.
    pub open_row: Option<Stream>,
    /// Which streams are in the middle of a line.
    pub line_open: [bool; 2],
}

impl Counts {
    /// Whether no line from `lines` on has begun, of either stream.
    pub(crate) fn is_before(&self, lines: [u64; 2]) -> bool {
        let before = |s: usize| self.seq[s] < lines[s] || (self.seq[s] == lines[s] && !self.line_open[s]);
        before(0) && before(1)
    }

    pub(crate) fn after(mut self, record: &Record) -> Self {
        let s = record.stream.index();
        self.ts_ms = self.ts_ms.saturating_add(record.dt);
        match record.kind {
            Kind::Data => {
                self.offset = self.offset.saturating_add(record.len);
                self.row = self.row.saturating_add(record.newlines);
                self.seq[s] =
                    self.seq[s].saturating_add(record.newlines.saturating_sub(u64::from(record.own_newline)));
                self.open_row = record.partial.then_some(record.stream);
                self.line_open[s] = record.partial || record.own_newline;
            }
            Kind::Gap => {
                // A gap is a row of its own and ends a row that stands open, without a byte in the log.
                self.row = self.row.saturating_add(1 + u64::from(self.open_row.is_some()));
                self.seq[s] = self.seq[s].saturating_add(record.newlines);
                self.open_row = None;
                self.line_open[s] = record.partial;
            }
            Kind::Removed => {
                self.row = self.row.saturating_add(record.newlines + u64::from(self.open_row.is_some()));
                self.offset = self.offset.saturating_add(record.len);
                self.open_row = None;
            }
            Kind::End => {}
        }
        self
    }

    /// As if the row that stands open had ended.
    pub(crate) fn closed(self) -> Self {
        Self { row: self.row + u64::from(self.open_row.is_some()), open_row: None, ..self }
    }

    /// About what `of` was when row `row` began, which did so between here and `to`: as if rows were even.
    pub(crate) fn share(&self, to: &Self, row: RowNo, of: impl Fn(&Self) -> u64) -> u64 {
        let rows = to.row.saturating_since(self.row).max(1);
        let part = row.saturating_since(self.row).min(rows);
        let (from, to) = (of(self), of(to));
        from + (u128::from(to.saturating_sub(from)) * u128::from(part) / u128::from(rows)) as u64
    }

    /// What stands open, as a page header says it.
    pub(crate) fn flags(&self) -> u8 {
        let open_row = self.open_row.map_or(0, |s| 1 | ((s as u8) << 1));
        open_row | u8::from(self.line_open[0]) << 2 | u8::from(self.line_open[1]) << 3
    }

    pub(crate) fn with_flags(self, flags: u8) -> Self {
        Self {
            open_row: (flags & 1 != 0).then(|| Stream::from_bit(flags & 2 != 0)),
            line_open: [flags & 4 != 0, flags & 8 != 0],
            ..self
        }
    }

    /// `segment_start` is where in the log the page's segment begins.
    pub(crate) fn put_header(&self, place: Place, segment_start: LogOffset, page: &mut [u8; PAGE]) {
        page[..4].copy_from_slice(&MAGIC);
        page[4] = VERSION;
        page[5] = self.flags();
        page[6..8].copy_from_slice(&(HEADER as u16).to_le_bytes());
        page[8..12].copy_from_slice(&place.page.to_le_bytes());
        page[12..16].copy_from_slice(&place.segment.to_le_bytes());
        let numbers = [self.offset.get(), self.row.get(), self.seq[0], self.seq[1], self.ts_ms];
        for (slot, number) in page[16..56].chunks_exact_mut(8).zip(numbers) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        // The first segment begins at 0 and may be of a time when logs had no further one.
        let into_segment = if place.segment == 0 { 0 } else { (self.offset - segment_start) as u32 };
        page[56..60].copy_from_slice(&into_segment.to_le_bytes());
        let crc = crc32fast::hash(&page[..60]);
        page[60..64].copy_from_slice(&crc.to_le_bytes());
    }

    /// Reads a page's first [`HEADER`] bytes; `None` when they are not the header of that page.
    pub(crate) fn take_header(place: Place, bytes: &[u8]) -> Option<Header> {
        let bytes: &[u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
        let number =
            |at: usize| -> u64 { bytes[at..at + 8].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)) };
        let possible = [16, 24, 32, 40].iter().all(|at| number(*at) < MAX_COUNT);
        let valid = possible
            && bytes[..4] == MAGIC
            && bytes[4] == VERSION
            && bytes[6..8] == (HEADER as u16).to_le_bytes()
            && bytes[8..12] == place.page.to_le_bytes()
            && bytes[12..16] == place.segment.to_le_bytes()
            && bytes[60..64] == crc32fast::hash(&bytes[..60]).to_le_bytes();
        let offset = number(16);
        let into_segment = u64::from(u32::from_le_bytes([bytes[56], bytes[57], bytes[58], bytes[59]]));
        let segment_start = if place.segment == 0 { 0 } else { offset.checked_sub(into_segment)? };
        let (segment_start, offset) = (LogOffset::new(segment_start), LogOffset::new(offset));
        let counts = || Self {
            offset,
            row: RowNo::new(number(24)),
            seq: [number(32), number(40)],
            ts_ms: number(48),
            ..Self::default()
        };
        valid.then(|| Header { counts: counts().with_flags(bytes[5]), segment_start })
    }
}

/// The checksum in the last four bytes of a full page; never zero, which means "still open".
pub(crate) fn page_seal(page: &[u8; PAGE]) -> [u8; 4] {
    crc32fast::hash(&page[..RECORDS_END]).max(1).to_le_bytes()
}

pub(crate) fn put_varint(out: &mut [u8], mut value: u64) -> usize {
    let mut n = 0;
    while value >= 0x80 {
        out[n] = value as u8 | 0x80;
        value >>= 7;
        n += 1;
    }
    out[n] = value as u8;
    n + 1
}

pub(crate) fn take_varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A record's one-byte check, bound to its place so that a stray copy elsewhere does not pass.
fn check(page: u32, at: usize, record: &[u8]) -> u8 {
    let seed = page.wrapping_mul(0x9E37_79B1) ^ (at as u32).wrapping_mul(0x85EB_CA6B);
    let mut crc = crc32fast::Hasher::new_with_initial(seed);
    crc.update(record);
    let crc = crc.finalize();
    (crc ^ crc >> 8 ^ crc >> 16 ^ crc >> 24) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_that_of_the_logs_that_there_are() {
        let checks = [b"".as_slice(), b"\0", b"123456789", &[0xa5; 100]].map(|record| check(7, 64, record));
        assert_eq!(checks, [129, 54, 248, 8]);
    }

    #[test]
    fn a_short_line_costs_four_bytes() {
        let record = Record { kind: Kind::Data, len: 80, newlines: 1, dt: 40, ..Record::END };
        assert_eq!(record.encode(3, 64, &mut [0; MAX_RECORD]), 4);
    }

    #[test]
    fn a_record_reads_back_only_where_it_was_written() {
        let gap = Record {
            stream: Stream::Stderr,
            kind: Kind::Gap,
            len: MAX_LEN - 1,
            newlines: 1 << 40,
            dt: 1 << 41,
            partial: true,
            ..Record::END
        };
        let data = Record { kind: Kind::Data, len: 70_000, newlines: 900, own_newline: true, ..Record::END };
        for record in [gap, data, Record::END] {
            let mut bytes = [0; MAX_RECORD];
            let n = record.encode(7, 100, &mut bytes);
            let mut page = [0; PAGE];
            page[100..100 + n].copy_from_slice(&bytes[..n]);
            assert_eq!(Record::decode(7, &page, 100), Some((record, n)));
            let strays = (0..64).filter(|p| Record::decode(8 + p, &page, 100).is_some()).count();
            assert!(strays < 8, "the page number is part of the check");
        }
    }

    #[test]
    fn a_header_reads_back_and_a_changed_bit_does_not() {
        let counts = Counts {
            offset: LogOffset::new(1),
            row: RowNo::new(2),
            seq: [3, 4],
            ts_ms: 5,
            open_row: Some(Stream::Stderr),
            line_open: [true, true],
        };
        let mut page = [0; PAGE];
        let place = Place { segment: 4, page: 9 };
        let (offset, segment_start) = (LogOffset::new(1 << 40), LogOffset::new((1 << 40) - 7));
        let counts = Counts { offset, ..counts };
        counts.put_header(place, segment_start, &mut page);
        assert_eq!(Counts::take_header(place, &page), Some(Header { counts, segment_start }));
        for other in [Place { segment: 4, page: 8 }, Place { segment: 3, page: 9 }] {
            assert_eq!(Counts::take_header(other, &page), None);
        }
        for bit in 0..HEADER * 8 {
            let mut torn = page;
            torn[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Counts::take_header(place, &torn), None);
        }
    }
}
