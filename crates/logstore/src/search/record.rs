//! The fields of one row, without copying the row: a JSON object, with something before it or without, or pairs as logfmt writes them.
//! Values are what the row says, by its own text: no number is read as one.
//!
//! The page shows the same fields (`ui/src/lib/logs/text/record.ts`); `tests/corpus/record-fields.json` holds cases for both.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use memchr::{memchr, memchr_iter};
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Names of more steps lead nowhere.
const MAX_STEPS: usize = 128;

/// Whether a row has a field of this name whose value is the one that is looked for. `name` goes into objects and arrays by dots. Of a
/// name that stands twice both values are. `name` is normalised (NFC).
pub(super) fn holds(row: &[u8], name: &str, is: impl Fn(&str) -> bool) -> bool {
    let row = String::from_utf8_lossy(row);
    let row = row.trim();
    let Some(at) = object_in(row) else { return in_pairs(row, name, &is) };
    // Something is often put before a record: a time, the name of a service.
    let (before, object) = row.split_at(at);
    let json = without_words(object);
    let is_whole = || serde_json::from_str::<IgnoredAny>(&json).is_ok();
    // A value that is a part of it stands at the same place in the row.
    let written = |value: &str| {
        let at = value.as_ptr().addr().wrapping_sub(json.as_ptr().addr());
        let end = at.checked_add(value.len());
        is(end.and_then(|end| object.get(at..end)).unwrap_or(value))
    };
    in_object(&json, name, &written, MAX_STEPS)
        || in_pairs(before, name, &is)
        || !is_whole() && in_pairs(row, name, &is)
}

/// What Python writes into JSON for numbers that are none, and JSON has no words for.
const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// With numbers of the same length in the place of these words.
fn without_words(object: &str) -> Cow<'_, str> {
    if !WORDS.iter().any(|word| object.contains(word)) {
        return Cow::Borrowed(object);
    }
    let mut json = String::with_capacity(object.len());
    let (mut rest, mut quoted, mut escaped) = (object, false, false);
    while let Some(c) = rest.chars().next() {
        if !quoted && let Some(word) = WORDS.iter().find(|word| rest.starts_with(**word)) {
            json.push('1');
            json.extend(std::iter::repeat_n('0', word.len() - 1));
            rest = &rest[word.len()..];
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        json.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(json)
}

/// Where an object begins that has members.
fn object_in(row: &str) -> Option<usize> {
    memchr_iter(b'{', row.as_bytes()).find(|at| row[at + 1..].trim_start().starts_with('"'))
}

fn in_object(object: &str, name: &str, is: &dyn Fn(&str) -> bool, steps: usize) -> bool {
    let found = Cell::new(false);
    // What is behind the value, and whether the object has an end, does not matter.
    let wanted = Wanted { name, is, found: &found, steps };
    serde_json::Deserializer::from_str(object).deserialize_map(wanted).ok();
    found.get()
}

fn in_array(array: &str, name: &str, is: &dyn Fn(&str) -> bool, steps: usize) -> bool {
    let (step, rest) = name.split_once('.').map_or((name, None), |(step, rest)| (step, Some(rest)));
    let is_index = step == "0" || !step.starts_with('0') && step.bytes().all(|byte| byte.is_ascii_digit());
    let Some(index) = step.parse().ok().filter(|_| is_index) else { return false };
    let found = Cell::new(false);
    let wanted = Element { index, rest, is, found: &found, steps };
    serde_json::Deserializer::from_str(array).deserialize_seq(wanted).ok();
    found.get()
}

/// Whether a value is the one that is looked for, or holds it where the rest of the name leads.
fn leads(value: &str, rest: Option<&str>, is: &dyn Fn(&str) -> bool, steps: usize) -> bool {
    match (rest, value.as_bytes().first()) {
        (None, Some(b'"')) => is(&said(value)),
        (None, _) => is(value),
        (Some(rest), Some(b'{')) if steps > 0 => in_object(value, rest, is, steps - 1),
        (Some(rest), Some(b'[')) if steps > 0 => in_array(value, rest, is, steps - 1),
        _ => false,
    }
}

/// What a string of JSON says. A half of a pair of surrogates is no character, and one is put in its place.
fn said(string: &str) -> Cow<'_, str> {
    let inner = &string[1..string.len() - 1];
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut units = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        let c = match escaped {
            None => c,
            Some('u') => {
                let digits = rest.by_ref().take(4);
                units.push(digits.fold(0, |unit, digit| unit << 4 | digit.to_digit(16).unwrap_or(0) as u16));
                continue;
            }
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

/// Looks for one value while an object is read.
struct Wanted<'a> {
    name: &'a str,
    is: &'a dyn Fn(&str) -> bool,
    found: &'a Cell<bool>,
    steps: usize,
}

/// Looks for one value while an array is read.
struct Element<'a> {
    index: usize,
    rest: Option<&'a str>,
    is: &'a dyn Fn(&str) -> bool,
    found: &'a Cell<bool>,
    steps: usize,
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for _ in 0..self.index {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        if let Some(value) = seq.next_element::<&RawValue>()? {
            self.found.set(leads(value.get(), self.rest, self.is, self.steps));
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while !self.found.get()
            && let Some(key) = map.next_key::<&RawValue>()?
        {
            let value: &RawValue = map.next_value()?;
            self.found.set(self.is_there(&normalized(&said(key.get())), value.get()));
        }
        Ok(())
    }
}

impl Wanted<'_> {
    fn is_there(&self, key: &str, value: &str) -> bool {
        if same(self.name, key) {
            return leads(value, None, self.is, self.steps);
        }
        let inner = || {
            let (head, rest) = self.name.split_at_checked(key.len())?;
            same(head, key).then_some(rest)?.strip_prefix('.')
        };
        inner().is_some_and(|rest| leads(value, Some(rest), self.is, self.steps))
    }
}

/// Names are the same in either case: nobody remembers which it was. Both are normalised.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// However a letter with its mark is written. Few names have any.
fn normalized(name: &str) -> Cow<'_, str> {
    if name.is_ascii() { Cow::Borrowed(name) } else { Cow::Owned(name.nfc().collect()) }
}

/// What may stand directly before a pair, beside white space.
const BEFORE: &[char] = &[',', ';', '|', '[', '(', '{'];

fn is_key(c: char) -> bool {
    c.is_alphanumeric() || "_.-/@".contains(c) || is_combining_mark(c)
}

fn begins_key(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '@'
}

/// Whether a pair begins here.
fn begins_pair(text: &str) -> bool {
    text.starts_with(begins_key) && text.trim_start_matches(is_key).starts_with('=')
}

fn in_pairs(row: &str, name: &str, is: &dyn Fn(&str) -> bool) -> bool {
    let mut from = 0;
    while let Some(equals) = memchr(b'=', &row.as_bytes()[from..]).map(|at| from + at) {
        let before = &row[from..equals];
        let key = &before[before.trim_end_matches(is_key).len()..];
        let may_begin = |c: char| c.is_whitespace() || BEFORE.contains(&c);
        from = equals + 1;
        if !key.starts_with(begins_key)
            || !row[..equals - key.len()].chars().next_back().is_none_or(may_begin)
        {
            continue;
        }
        let (value, end) = value_of(&row[from..]);
        if same(name, &normalized(key)) && is(&value) {
            return true;
        }
        from += end;
    }
    false
}

/// The value that a text begins with, and where it ends.
fn value_of(text: &str) -> (Cow<'_, str>, usize) {
    if let Some(quoted) = quoted(text) {
        return quoted;
    }
    let ends = |(at, c): (usize, char)| {
        c.is_whitespace() || matches!(c, ',' | ';' | '|') && begins_pair(&text[at + 1..])
    };
    let end = text.char_indices().find(|place| ends(*place)).map_or(text.len(), |(at, _)| at);
    let value = &text[..end];
    // What is around it, or goes on behind it, is none of it.
    let open = ['(', '[', '{'].map(|open| value.contains(open));
    let is_around = |c| match c {
        ',' | ';' | '|' | ':' => true,
        ')' => !open[0],
        ']' => !open[1],
        '}' => !open[2],
        _ => false,
    };
    (Cow::Borrowed(value.trim_end_matches(is_around)), end)
}

/// A value in quotes, and where it ends.
fn quoted(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = &text[1..];
    let mut escaped = false;
    let len = inner.find(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let (inner, whole) = (&inner[..len], &text[..len + 2]);
    // As JSON has it, or else it stands for itself.
    let value = match quote {
        '"' if serde_json::from_str::<&RawValue>(whole).is_ok() => said(whole),
        '"' => Cow::Borrowed(inner),
        _ if inner.contains('\\') => Cow::Owned(inner.replace("\\'", "'")),
        _ => Cow::Borrowed(inner),
    };
    Some((value, whole.len()))
}
