//! The fields of one row, without copying the row: a JSON object, or pairs as logfmt writes them. Values are what the row says,
//! by its own text: no number is read as one.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// Whether a row has a field of this name whose value is the one that is looked for. `name` goes into objects by dots. Of a name
/// that stands twice both values are.
pub(super) fn holds(row: &[u8], name: &str, is: impl Fn(&str) -> bool) -> bool {
    let row = String::from_utf8_lossy(row);
    let row = row.trim();
    match row.find('{') {
        Some(0) => in_object(row, name, &is),
        // Something is often put before a record: a time, the name of a service.
        Some(at) => in_pairs(row, name, &is) || in_object(&row[at..], name, &is),
        None => in_pairs(row, name, &is),
    }
}

fn in_object(object: &str, name: &str, is: &dyn Fn(&str) -> bool) -> bool {
    let found = Cell::new(false);
    // What is behind the value, and whether the object has an end, does not matter.
    serde_json::Deserializer::from_str(object).deserialize_map(Wanted { name, is, found: &found }).ok();
    found.get()
}

/// Looks for one value while an object is read.
struct Wanted<'a> {
    name: &'a str,
    is: &'a dyn Fn(&str) -> bool,
    found: &'a Cell<bool>,
}

/// A key as it is meant. Most are borrowed from the row.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while !self.found.get()
            && let Some(Key(key)) = map.next_key()?
        {
            let value: &RawValue = map.next_value()?;
            self.found.set(self.is_there(&key, value.get()));
        }
        Ok(())
    }
}

impl Wanted<'_> {
    fn is_there(&self, key: &str, value: &str) -> bool {
        let inner = || {
            let (head, rest) = self.name.split_at_checked(key.len())?;
            same(head, key).then_some(rest)?.strip_prefix('.')
        };
        if same(self.name, key) {
            return match value.starts_with('"') {
                true => serde_json::from_str::<String>(value).is_ok_and(|text| (self.is)(&text)),
                false => (self.is)(value),
            };
        }
        value.starts_with('{') && inner().is_some_and(|name| in_object(value, name, self.is))
    }
}

/// Names are the same in either case: nobody remembers which it was.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn in_pairs(row: &str, name: &str, is: &dyn Fn(&str) -> bool) -> bool {
    let mut left = row;
    loop {
        left = left.trim_start();
        if left.is_empty() {
            return false;
        }
        let end = left.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(left.len());
        let (key, rest) = left.split_at(end);
        let Some(rest) = rest.strip_prefix('=').filter(|_| !key.is_empty()) else {
            left = rest.strip_prefix('=').unwrap_or(rest);
            continue;
        };
        let (value, rest) = match quoted(rest) {
            Some((value, rest)) => (value, rest),
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        if same(name, key) && is(&value) {
            return true;
        }
        left = rest;
    }
}

/// A value in quotes, and what follows it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inner.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let (value, rest) = (&text[..end + 2], &inner[end + 1..]);
    // It is quoted as in JSON, or else stands for itself.
    let value = serde_json::from_str(value).map_or(Cow::Borrowed(&inner[..end]), Cow::<str>::Owned);
    Some((value, rest))
}
