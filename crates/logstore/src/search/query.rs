//! What to look for, and the matcher that it is compiled to. Works on bytes of whole rows; which bytes of a log these
//! are is `scan`'s knowledge.

use std::fmt;

use grep_matcher::{LineMatchKind, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use memchr::{memchr, memrchr};

use solti_rows::{RowTexts, Severity, severity};

use super::expression::{self, Expression};
use super::fields::Fields;
use crate::encoding::{RowStart, without_mark};
use crate::{Stream, TextEncoding, newlines};

/// The longest pattern, in bytes.
pub(crate) const MAX_PATTERN_BYTES: usize = 8 * 1024;
/// Groups within groups, and whatever else nests.
pub(super) const MAX_NESTING: u32 = 64;
/// What a compiled pattern may take.
const MAX_COMPILED_BYTES: usize = 8 * 1024 * 1024;
/// Of a row no more is read to tell what it says of itself.
const HEAD_BYTES: usize = 1024;
/// What is kept of the automaton that is built while it matches, for each direction and each thread. With more states than
/// fit it begins anew, and where that happens too often it matches without: slower, and the same.
const AUTOMATON_BYTES: usize = 2 * 1024 * 1024;

/// What a person looks for. Rows match or not, by the text that is shown of them: a match never spans two rows, and a line that
/// the other stream interrupted is not put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Taken literally, or as a regular expression in ripgrep's syntax. Empty matches every row.
    pub pattern: String,
    /// The pattern is a regular expression.
    pub regex: bool,
    /// Case counts.
    pub case_sensitive: bool,
    /// Before and behind a match no word goes on.
    pub whole_word: bool,
    /// The rows that do not match.
    pub invert: bool,
    /// Rows of this stream only.
    pub stream: Option<Stream>,
    /// Match what escape sequences show; without, rows that have some are matched by their bytes.
    pub ignore_escapes: bool,
    /// Rows that say they are this only.
    pub severity: Option<Severity>,
    /// Without the rows that match this, which is read as the pattern is. Empty leaves none out.
    pub exclude: String,
    /// Rows whose fields hold this only, as `level=error reqId!="r 3"`: names and values, all of which have to be so. Empty asks
    /// for none.
    pub fields: String,
    /// What the rows are in.
    pub encoding: TextEncoding,
}

impl SearchQuery {
    /// Compiling a large pattern takes tens of milliseconds.
    ///
    /// # Errors
    /// When the pattern is no regular expression, holds a line feed, or is too large: longer than [`MAX_PATTERN_BYTES`],
    /// nested deeper than 64, or more than 8 MiB compiled; when the fields are no names and values.
    pub fn compile(&self) -> Result<RowMatcher, PatternError> {
        if self.fields.len() > MAX_PATTERN_BYTES {
            return Err(PatternError::TooLong);
        }
        let fields = Fields::of(&self.fields, self.case_sensitive)?;
        let matcher = self.build()?;
        let excluded = if self.exclude.is_empty() {
            None
        } else {
            let pattern = self.exclude.clone();
            let excluded = Self {
                pattern,
                severity: None,
                exclude: String::new(),
                fields: String::new(),
                ..self.clone()
            };
            excluded.build().map_err(|error| PatternError::Excluded(Box::new(error)))?
        };
        Ok(RowMatcher { query: self.clone(), matcher, excluded, fields })
    }

    /// What finds the rows that may match; `None` where all may.
    fn build(&self) -> Result<Option<RegexMatcher>, PatternError> {
        if self.pattern.len() > MAX_PATTERN_BYTES {
            return Err(PatternError::TooLong);
        }
        let expression = Expression::of(self)?;
        if expression.text.is_empty() {
            return Ok(None);
        }
        let mut builder = RegexMatcherBuilder::new();
        builder
            .multi_line(true)
            .octal(false)
            .line_terminator(Some(b'\n'))
            .case_insensitive(!self.case_sensitive && !expression.own)
            .fixed_strings(expression.literal)
            .word(self.whole_word && !expression.own)
            .nest_limit(MAX_NESTING)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(AUTOMATON_BYTES);
        builder.build(&expression.text).map(Some).map_err(|error| {
            let of_pattern = self.regex.then(|| expression::unmeaning(&self.pattern)).flatten();
            of_pattern.unwrap_or_else(|| PatternError::of(&error))
        })
    }
}

/// What is searched for is no legal pattern. Its text is for the person who wrote the pattern.
#[derive(Debug)]
pub enum PatternError {
    /// Than a pattern may be.
    TooLong,
    /// No regular expression.
    Syntax {
        /// In a few words.
        what: String,
        /// In characters, from 1.
        column: usize,
    },
    /// Compiled, it takes more than 8 MiB.
    TooLarge,
    /// It holds a line feed, which no row does.
    LineFeed,
    /// What else the compiler says of it, in one line.
    Illegal(String),
    /// The fields are no names and values.
    Field {
        /// In a few words.
        what: String,
        /// In characters, from 1.
        column: usize,
    },
    /// This is said of the pattern that leaves rows out.
    Excluded(Box<PatternError>),
}

impl PatternError {
    fn of(error: &grep_regex::Error) -> Self {
        match error.kind() {
            grep_regex::ErrorKind::NotAllowed(_) | grep_regex::ErrorKind::InvalidLineTerminator(_) => {
                Self::LineFeed
            }
            _ => {
                let said = error.to_string();
                if said.contains("size limit") {
                    return Self::TooLarge;
                }
                // The last line says what is wrong; those before it show where.
                let last = said.lines().last().unwrap_or_default();
                Self::Illegal(last.trim_start_matches("error: ").to_owned())
            }
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {MAX_PATTERN_BYTES} bytes"),
            Self::Syntax { what, column } | Self::Field { what, column } => {
                // Behind a word, the place would read as a part of what it says.
                let comma = if what.ends_with(char::is_alphanumeric) { "," } else { "" };
                write!(f, "{what}{comma} at column {column}")
            }
            Self::TooLarge => write!(f, "is too large: compiled, it is over the size limit of 8 MiB"),
            Self::LineFeed => write!(f, "holds a line feed, which no row has"),
            Self::Illegal(said) => said.fmt(f),
            Self::Excluded(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PatternError {}

/// A compiled query. Cheap to clone; a clone for each thread saves them a lock.
#[derive(Clone, Debug)]
pub struct RowMatcher {
    query: SearchQuery,
    /// Finds the rows that may match; `None` finds every row.
    matcher: Option<RegexMatcher>,
    /// Rows in which this is found do not match.
    excluded: Option<RegexMatcher>,
    /// What is found matches when it holds this.
    fields: Option<Fields>,
}

/// What matching needs beside the rows: room, and whoever tells what they show.
#[derive(Debug)]
pub(crate) struct Scratch {
    texts: RowTexts,
    spare: Vec<u8>,
    encoding: TextEncoding,
    decoded: Vec<u8>,
    /// That of the rows that come next.
    start: RowStart,
    /// A row matches or not as a whole, and not by a part of it.
    whole: bool,
}

impl Scratch {
    /// The rows that come next begin here. Encodings of two bytes are read by that.
    pub(super) fn begin_at(&mut self, start: RowStart) {
        self.start = start;
    }

    /// What the rows are read in.
    pub(super) fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// Whether it takes the whole text of a row to tell whether it matches, and not a look at its bytes, part by part.
    pub(super) fn takes_all(&self, rows: &[u8]) -> bool {
        self.whole || !self.encoding.is_utf8() || self.texts.differ(rows)
    }

    /// The rows as the texts that are shown of them, one a line.
    pub(super) fn texts<'a>(&'a mut self, rows: &'a [u8]) -> &'a [u8] {
        if self.encoding.is_utf8() {
            let rows = match without_mark(rows, self.start.at) {
                // A last row of which nothing is shown is one.
                [] if !rows.is_empty() => b"\n",
                rows => rows,
            };
            return self.texts.of(rows, &mut self.spare);
        }
        self.encoding.decode_rows(rows, self.start, &mut self.decoded);
        self.texts.of(&self.decoded, &mut self.spare)
    }
}

/// Never fails: grep-regex has no errors while matching.
fn infallible<T>(found: Result<Option<T>, grep_matcher::NoError>) -> Option<T> {
    found.unwrap_or_default()
}

impl RowMatcher {
    /// Matches every row.
    pub(crate) fn all() -> Self {
        Self { query: SearchQuery::default(), matcher: None, excluded: None, fields: None }
    }

    /// The same for rows in another encoding.
    #[must_use]
    pub fn in_encoding(mut self, encoding: TextEncoding) -> Self {
        self.query.encoding = encoding;
        self
    }

    /// What it was compiled from.
    pub fn query(&self) -> &SearchQuery {
        &self.query
    }

    pub(crate) fn scratch(&self) -> Scratch {
        // What a row says of itself is said by what is shown of it.
        let through = self.query.ignore_escapes || self.query.severity.is_some() || self.fields.is_some();
        Scratch {
            texts: RowTexts::new(through),
            spare: Vec::new(),
            encoding: self.query.encoding,
            decoded: Vec::new(),
            start: RowStart::default(),
            whole: self.is_choosy(),
        }
    }

    /// Not every row that is found matches.
    fn is_choosy(&self) -> bool {
        self.query.severity.is_some() || self.excluded.is_some() || self.fields.is_some()
    }

    /// Whether a row matches that the pattern does not speak against.
    fn accepts(&self, text: &[u8]) -> bool {
        let said = || severity(&String::from_utf8_lossy(&text[..text.len().min(HEAD_BYTES)]));
        self.query.severity.is_none_or(|wanted| said() == Some(wanted))
            && self.excluded.as_ref().is_none_or(|excluded| infallible(excluded.find(text)).is_none())
    }

    /// Whether a row of this text, in which the pattern was found, is one that is looked for.
    fn holds(&self, text: &[u8]) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.hold(text))
    }

    /// How many of `rows` match. `rows` begins at a row's first byte; the last row may lack its newline.
    pub(crate) fn count(&self, rows: &[u8], scratch: &mut Scratch) -> u64 {
        if self.is_choosy() {
            let mut count = 0;
            self.matching(rows, scratch, |_| count += 1);
            return count;
        }
        let found = match &self.matcher {
            None => count_rows(rows),
            Some(matcher) => {
                let rows = scratch.texts(rows);
                let mut count = 0;
                let mut at = 0;
                while let Some((_, end)) = next_line(matcher, rows, at) {
                    count += 1;
                    at = end;
                }
                count
            }
        };
        if self.query.invert { count_rows(rows) - found } else { found }
    }

    /// Which of `rows` match, counted from 0, in order.
    pub(crate) fn matching(&self, rows: &[u8], scratch: &mut Scratch, mut found: impl FnMut(u64)) {
        if self.is_choosy() {
            return self.choose(scratch.texts(rows), found);
        }
        let total = count_rows(rows);
        let mut unmatched = 0;
        let mut hit = |row: u64| {
            if self.query.invert {
                (unmatched..row).for_each(&mut found);
                unmatched = row + 1;
            } else {
                found(row);
            }
        };
        match &self.matcher {
            None => (0..total).for_each(&mut hit),
            Some(matcher) => {
                let rows = scratch.texts(rows);
                let (mut at, mut row) = (0, 0);
                while let Some((start, end)) = next_line(matcher, rows, at) {
                    row += newlines::count(&rows[at..start]);
                    hit(row);
                    (at, row) = (end, row + 1);
                }
            }
        }
        if self.query.invert {
            (unmatched..total).for_each(found);
        }
    }

    /// As [`Self::matching`], of texts, one a line, where not every row that is found matches.
    fn choose(&self, texts: &[u8], mut found: impl FnMut(u64)) {
        let (mut at, mut row) = (0, 0);
        while at < texts.len() {
            let next = match &self.matcher {
                Some(matcher) if !self.query.invert => next_line(matcher, texts, at),
                _ => Some((at, memchr(b'\n', &texts[at..]).map_or(texts.len(), |newline| at + newline + 1))),
            };
            let Some((start, end)) = next else { break };
            row += newlines::count(&texts[at..start]);
            let text = texts[start..end].strip_suffix(b"\n").unwrap_or(&texts[start..end]);
            // Without `invert` the pattern was found in it.
            let found_in = (!self.query.invert || self.is_in_part(0, text)) && self.holds(text);
            if found_in != self.query.invert && self.accepts(text) {
                found(row);
            }
            (at, row) = (end, row + 1);
        }
    }

    /// Whether a row of this text matches, before `invert` turns that round.
    pub(super) fn finds(&self, text: &[u8]) -> bool {
        let (found, invert) = (self.is_in_part(0, text) && self.holds(text), self.query.invert);
        if found != invert && !self.accepts(text) { invert } else { found }
    }

    /// Whether something in these bytes matches, whatever `invert` says. `before` are the bytes that precede them in the
    /// same row, so that a row's beginning and a word's are told.
    pub(crate) fn is_in_part(&self, before: usize, bytes: &[u8]) -> bool {
        self.matcher.as_ref().is_none_or(|matcher| infallible(matcher.find_at(bytes, before)).is_some())
    }

    /// Where in the text that is shown of one row the matches are: byte ranges, in order, none of them empty. Nothing for an
    /// inverted query.
    pub fn ranges(&self, text: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        self.each_range(text.as_bytes(), |start, end| {
            found.push((start, end));
            true
        });
        found
    }

    /// The same one by one, until `found` says no.
    pub fn each_range(&self, text: &[u8], mut found: impl FnMut(usize, usize) -> bool) {
        if self.query.invert || !self.accepts(text) || !self.holds(text) {
            return;
        }
        let of_pattern = self.matcher.as_ref().filter(|_| !self.query.pattern.is_empty());
        let mut of_fields = self.fields.as_ref().map(|fields| fields.places(text)).unwrap_or_default();
        if of_fields.is_empty() {
            each_match(of_pattern, text, found);
            return;
        }
        each_match(of_pattern, text, |start, end| {
            of_fields.push((start, end));
            true
        });
        of_fields.sort_unstable();
        let mut from = 0;
        for (start, end) in of_fields {
            // One that begins within another goes on behind it.
            let start = start.max(from);
            if start < end && !found(start, end) {
                return;
            }
            from = from.max(end);
        }
    }
}

/// Matches that are not empty, one by one, until `found` says no.
fn each_match(matcher: Option<&RegexMatcher>, text: &[u8], mut found: impl FnMut(usize, usize) -> bool) {
    let Some(matcher) = matcher else { return };
    let all =
        matcher.find_iter(text, |found_at| found_at.is_empty() || found(found_at.start(), found_at.end()));
    debug_assert!(all.is_ok());
}

/// The next matching line from `at` on, the beginning of a line: its beginning and what follows its newline.
fn next_line(matcher: &RegexMatcher, rows: &[u8], mut at: usize) -> Option<(usize, usize)> {
    while at < rows.len() {
        let found = infallible(matcher.find_candidate_line(&rows[at..]))?;
        let (LineMatchKind::Confirmed(place) | LineMatchKind::Candidate(place)) = found;
        let place = at + place;
        let start = memrchr(b'\n', &rows[at..place]).map_or(at, |newline| at + newline + 1);
        if start == rows.len() {
            // An empty match behind the last newline: there is no row.
            return None;
        }
        let end = memchr(b'\n', &rows[place..]).map_or(rows.len(), |newline| place + newline + 1);
        if let LineMatchKind::Confirmed(_) = found {
            return Some((start, end));
        }
        let text = rows[start..end].strip_suffix(b"\n").unwrap_or(&rows[start..end]);
        if infallible(matcher.find(text)).is_some() {
            return Some((start, end));
        }
        at = end;
    }
    None
}

fn count_rows(rows: &[u8]) -> u64 {
    newlines::count(rows) + u64::from(rows.last().is_some_and(|last| *last != b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pattern: &str) -> SearchQuery {
        SearchQuery { pattern: pattern.into(), ..SearchQuery::default() }
    }

    fn rows_of(query: &SearchQuery, rows: &[u8]) -> Vec<u64> {
        let matcher = query.compile().unwrap();
        let (mut found, mut scratch) = (Vec::new(), matcher.scratch());
        matcher.matching(rows, &mut scratch, |row| found.push(row));
        assert_eq!(matcher.count(rows, &mut scratch), found.len() as u64, "{query:?}");
        found
    }

    #[test]
    fn a_row_matches_once_and_by_itself() {
        let rows = b"an error, an error\nfine\nERROR\n\nlast error";
        assert_eq!(rows_of(&query("error"), rows), [0, 2, 4]);
        assert_eq!(rows_of(&SearchQuery { case_sensitive: true, ..query("error") }, rows), [0, 4]);
        assert_eq!(rows_of(&SearchQuery { invert: true, ..query("error") }, rows), [1, 3]);
        assert_eq!(rows_of(&query(""), rows), [0, 1, 2, 3, 4]);
        assert_eq!(rows_of(&SearchQuery { regex: true, ..query("^$") }, rows), [3]);
        assert_eq!(rows_of(&SearchQuery { regex: true, ..query("error$") }, rows), [0, 2, 4]);
        assert_eq!(rows_of(&SearchQuery { regex: true, ..query(r"fine\s+ERROR") }, rows), [] as [u64; 0]);
        assert_eq!(rows_of(&SearchQuery { whole_word: true, ..query("erro") }, rows), [] as [u64; 0]);
        assert_eq!(rows_of(&SearchQuery { whole_word: true, ..query("last") }, rows), [4]);
    }

    #[test]
    fn bytes_that_are_no_text_are_in_nobodys_way() {
        assert_eq!(rows_of(&query("x"), b"\xff\xfex\n\0\0\nx\r\n"), [0, 2]);
        assert_eq!(rows_of(&query("\u{e4}"), b"\xc3\x84rger\n\xe4\n"), [0]);
    }

    #[test]
    fn a_mark_at_the_beginning_of_a_log_is_in_nobodys_way() {
        let regex = |pattern: &str| SearchQuery { regex: true, ..query(pattern) };
        let rows = "\u{feff}error: x\nfirst".as_bytes();
        assert_eq!(rows_of(&regex("^(error|first)"), rows), [0, 1]);
        let errors = SearchQuery { severity: Some(Severity::Error), ..query("") };
        assert_eq!(rows_of(&errors, rows), [0]);
        assert_eq!(rows_of(&regex("^$"), "\u{feff}".as_bytes()), [0]);
    }

    #[test]
    fn escapes_are_seen_through_when_that_is_wanted() {
        let rows = b"\x1b[32mIN\x1b[0mFO up\nINFO\n\x1b]0;INFO\x07\n";
        assert_eq!(rows_of(&query("info"), rows), [1, 2]);
        let through = SearchQuery { ignore_escapes: true, ..query("info") };
        assert_eq!(rows_of(&through, rows), [0, 1]);
    }

    #[test]
    fn rows_that_redraw_themselves_are_matched_by_what_is_seen() {
        let regex = |pattern: &str| SearchQuery { regex: true, ignore_escapes: true, ..query(pattern) };
        let rows = b"fetching 90%\rSaved: f\x1b[K\ndone\r\nab\x08c\n50%\x1b[G100%\ndone\nlast\r";
        assert_eq!(rows_of(&regex("^Saved: f$"), rows), [0]);
        assert_eq!(rows_of(&regex("fetching|ab|50"), rows), [] as [u64; 0], "gone");
        assert_eq!(rows_of(&regex("^ac$"), rows), [2]);
        assert_eq!(rows_of(&regex("^100%$"), rows), [3]);
        assert_eq!(rows_of(&regex("done$|last$"), rows), [1, 4, 5]);
        let by_bytes = SearchQuery { ignore_escapes: false, ..regex("done$|^ac$|Saved: f.\\[K$") };
        assert_eq!(rows_of(&by_bytes, rows), [0, 1, 2, 4]);
    }

    #[test]
    fn a_last_row_of_which_nothing_is_shown_is_a_row() {
        let empty = SearchQuery { regex: true, ignore_escapes: true, ..query("^$") };
        for rows in [&b"\r"[..], b"a\n\r", b"a\n\x1b[0m", b"a\nb\r\x1b[K"] {
            let last = rows.iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(rows_of(&empty, rows), [last], "{rows:?}");
        }
        assert_eq!(rows_of(&empty, b"\r\n"), [0]);
        assert_eq!(rows_of(&empty, b"a\r"), [] as [u64; 0]);
    }

    #[test]
    fn letters_with_marks_are_found_however_they_are_composed() {
        let rows = "caf\u{e9} au lait\ncafe\u{301} noir\nCAFE\u{301}\ncafe\n".as_bytes();
        for pattern in ["caf\u{e9}", "cafe\u{301}"] {
            assert_eq!(rows_of(&query(pattern), rows), [0, 1, 2]);
            assert_eq!(rows_of(&SearchQuery { regex: true, ..query(&format!("^{pattern}$")) }, rows), [2]);
        }
        let ranges = query("\u{e9}").compile().unwrap().ranges("e\u{301} \u{e9}");
        assert_eq!(ranges, [(0, 3), (4, 6)]);
    }

    #[test]
    fn letters_with_several_marks_are_found_by_any_spelling() {
        let regex = |pattern: &str| SearchQuery { regex: true, ..query(pattern) };
        // As each Windows-1258 log has them, typed, composed and decomposed.
        let spellings = [
            "Vi\u{ea}\u{323}t",
            "Vie\u{302}\u{323}t",
            "Vi\u{1ec7}t",
            "Vie\u{323}\u{302}t",
            "Vi\u{1eb9}\u{302}t",
        ];
        let rows = spellings.join("\n");
        for pattern in spellings {
            assert_eq!(rows_of(&query(pattern), rows.as_bytes()), [0, 1, 2, 3, 4], "{pattern}");
            assert_eq!(
                rows_of(&regex(&format!("^{pattern}$")), rows.as_bytes()),
                [0, 1, 2, 3, 4],
                "{pattern}"
            );
        }
        assert_eq!(rows_of(&regex(r"^Vi\u1ec7t$"), rows.as_bytes()), [0, 1, 2, 3, 4]);
        let rows = "caf\u{e9}\ncafe\u{301}\nE\u{301}".as_bytes();
        for pattern in ["caf[\u{e0}-\u{fc}]$", r"caf\u{e9}", r"caf\xe9", r"caf[\xe0-\xfc]"] {
            assert_eq!(rows_of(&regex(pattern), rows), [0, 1], "{pattern}");
        }
        assert_eq!(rows_of(&regex("^[\u{e9}-\u{ed}]"), rows), [2]);
        assert_eq!(rows_of(&regex(r"(?-u:\xc3\xa9)"), rows), [0], "bytes");
    }

    #[test]
    fn what_was_typed_is_found_whatever_normal_form_it_has_not() {
        let regex = |pattern: &str| SearchQuery { regex: true, case_sensitive: true, ..query(pattern) };
        for (one, other) in [
            ("\u{938}\u{95c}\u{915}", "\u{938}\u{921}\u{93c}\u{915}"),
            ("4.7 k\u{2126}", "4.7 k\u{3a9}"),
            ("\u{212b}", "A\u{30a}"),
            ("\u{1f71}", "\u{3b1}\u{301}"),
            ("\u{f900}", "\u{8c48}"),
            ("\u{fb2a}", "\u{5e9}\u{5c1}"),
            ("\u{2329}", "\u{3008}"),
            ("\u{1d15e}", "\u{1d157}\u{1d165}"),
            ("x\u{344}", "x\u{308}\u{301}"),
        ] {
            let rows = format!("{one}\n{other}\n");
            for pattern in [one, other] {
                assert_eq!(rows_of(&query(pattern), rows.as_bytes()), [0, 1], "{pattern}");
                assert_eq!(rows_of(&regex(&format!("^{pattern}$")), rows.as_bytes()), [0, 1], "{pattern}");
            }
        }
        assert_eq!(rows_of(&regex("^[\u{95c}]$"), "\u{95c}\n\u{921}\n\u{921}\u{93c}".as_bytes()), [0, 2]);
        assert_eq!(rows_of(&regex("[\u{2126}]"), "\u{2126}\n\u{3a9}\n".as_bytes()), [0, 1]);
        assert_eq!(rows_of(&query("\u{212a}"), "\u{212a}\nK\n".as_bytes()), [0, 1]);
    }

    #[test]
    fn an_expression_is_of_one_row_however_it_is_written() {
        let regex = |pattern: &str| SearchQuery { regex: true, ..query(pattern) };
        let rows = b"ab\ncd\na b";
        for (pattern, found) in [
            ("(?x) a b # hi", &[0][..]),
            ("(?x) a b # hi\n", &[0]),
            ("(?x: a b # hi\n) # b", &[]),
            (r"ab\z", &[0]),
            (r"\Acd", &[1]),
            (r"\A(?:ab|cd)\z", &[0, 1]),
            ("(?-m)^cd$", &[1]),
            ("(?-m:b$)", &[0, 2]),
        ] {
            assert_eq!(rows_of(&regex(pattern), rows), found, "{pattern:?}");
        }
        let not_whole = SearchQuery { whole_word: true, ..regex("(?x) a # hi") };
        assert_eq!(rows_of(&not_whole, rows), [2]);
        assert_eq!(
            SearchQuery { exclude: "(?x) a # hi".into(), ..regex("b") }.compile().map(|_| ()).ok(),
            Some(())
        );
    }

    #[test]
    fn rows_are_found_by_what_they_say_of_themselves() {
        let says = |severity| SearchQuery { severity: Some(severity), ..SearchQuery::default() };
        let rows = b"error: a\nINFO error: b\n\x1b[31mERROR\x1b[0m c\nwarning: d\nwait\rE1103 10:00:00.1 e\nmy error\n";
        assert_eq!(rows_of(&says(Severity::Error), rows), [0, 2, 4]);
        assert_eq!(rows_of(&says(Severity::Warning), rows), [3]);
        let with = SearchQuery { pattern: "c".into(), ..says(Severity::Error) };
        assert_eq!(rows_of(&with, rows), [2]);
        let without = SearchQuery { invert: true, ..with };
        assert_eq!(rows_of(&without, rows), [0, 4]);
        assert_eq!(says(Severity::Error).compile().unwrap().ranges("error: a"), []);
    }

    #[test]
    fn rows_are_left_out_by_a_pattern_of_their_own() {
        let rows = b"GET /health 200\nGET /a 200\nPOST /a 500\n\nGET /health 500\n";
        let without = |pattern: &str| SearchQuery { exclude: "/health".into(), ..query(pattern) };
        assert_eq!(rows_of(&without("GET"), rows), [1]);
        assert_eq!(rows_of(&without(""), rows), [1, 2, 3]);
        assert_eq!(rows_of(&SearchQuery { invert: true, ..without("GET") }, rows), [2, 3]);
        let both = SearchQuery { regex: true, exclude: "2..$".into(), ..query("health") };
        assert_eq!(rows_of(&both, rows), [4]);
        assert_eq!(without("GET").compile().unwrap().ranges("GET /health 200"), []);
        let bad = SearchQuery { regex: true, exclude: "(".into(), ..query("a") }.compile().unwrap_err();
        assert!(matches!(&bad, PatternError::Excluded(_)), "{bad}");
        assert_eq!(bad.to_string(), "unclosed ( at column 1");
    }

    #[test]
    fn rows_are_found_in_their_encoding() {
        let within = |name: &str, pattern: &str| SearchQuery {
            encoding: TextEncoding::named(name).unwrap(),
            ignore_escapes: true,
            ..query(pattern)
        };
        let rows = b"\xe4rger\nplain\n\x1b[31m\xc4R\x1b[0mger\nx\r\xe4\n\r";
        assert_eq!(rows_of(&within("latin1", "\u{e4}rger"), rows), [0, 2]);
        assert_eq!(rows_of(&SearchQuery { regex: true, ..within("latin1", "^\u{e4}$") }, rows), [3]);
        assert_eq!(rows_of(&SearchQuery { regex: true, ..within("latin1", "^$") }, rows), [4]);
        let rows: Vec<u8> = "one\ntwo\r\nthree".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(rows_of(&SearchQuery { regex: true, ..within("utf-16le", "^two$") }, &rows), [1]);
        assert_eq!(rows_of(&within("utf-16le", "e"), &rows), [0, 2]);
    }

    #[test]
    fn ranges_are_what_is_highlighted() {
        let ranges = |query: &SearchQuery, row: &str| query.compile().unwrap().ranges(row);
        assert_eq!(ranges(&query("ab"), "ab aB"), [(0, 2), (3, 5)]);
        assert_eq!(ranges(&SearchQuery { regex: true, ..query("b*") }, "abba"), [(1, 3)]);
        assert_eq!(ranges(&SearchQuery { invert: true, ..query("x") }, "ab"), []);
    }

    #[test]
    fn a_bad_pattern_says_what_is_bad() {
        let error = SearchQuery { regex: true, ..query("(") }.compile().unwrap_err();
        assert_eq!(error.to_string(), "unclosed ( at column 1");
        let error = query("a\nb").compile().unwrap_err();
        assert_eq!(error.to_string(), "holds a line feed, which no row has");
    }

    #[test]
    fn a_pattern_that_would_take_too_much_is_refused_at_once() {
        let regex = |pattern: String| SearchQuery { pattern, regex: true, ..SearchQuery::default() };
        for (pattern, said) in [
            ("a".repeat(MAX_PATTERN_BYTES + 1), "longer than"),
            ("(".repeat(1_000) + &")".repeat(1_000), "nest"),
            (r"((\w{1,200}){1,200}){1,200}".to_owned(), "size limit"),
            ("[a-z]{1,1000000000}x".to_owned(), ""),
        ] {
            let error = regex(pattern).compile().expect_err(said).to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(query(&"(".repeat(MAX_PATTERN_BYTES)).compile().is_ok(), "taken literally");
        assert!(regex(r"[a-z]+.{1,100}[0-9]{2}x$".to_owned()).compile().is_ok());
    }
}
