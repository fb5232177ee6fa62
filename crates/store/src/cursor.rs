//! Where a page of a list ended, as a text that is handed out and comes back.

use crate::StoreError;
use solti_model::SortBy;
use std::fmt;
use std::str::FromStr;

/// A place between two tasks in the order of a list. It stays valid whatever is inserted or deleted meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCursor {
    /// The task before it.
    pub(crate) num: i64,
    /// Of a list that is not newest first.
    pub(crate) sorted: Option<SortedPlace>,
}

/// Where in a sorted list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortedPlace {
    pub(crate) by: SortBy,
    pub(crate) reverse: bool,
    /// What time it was for the first page.
    pub(crate) now_ms: u64,
    /// What the task before it is sorted by.
    pub(crate) key: Key,
}

/// What a task is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// It has nothing of the kind.
    None,
    Number(i64),
    Text(String),
}

impl RowCursor {
    pub(crate) fn behind(num: i64) -> Self {
        Self { num, sorted: None }
    }

    /// The task before it in a list that is newest first.
    pub(crate) fn newest_first(&self) -> Result<i64, StoreError> {
        if self.sorted.is_some() { Err(StoreError::Cursor) } else { Ok(self.num) }
    }
}

impl fmt::Display for RowCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { num, sorted } = self;
        let Some(SortedPlace { by, reverse, now_ms, key }) = sorted else { return num.fmt(f) };
        let way = if *reverse { '-' } else { '+' };
        write!(f, "{}{way}.{now_ms}.{num}.", by.word())?;
        match key {
            Key::None => f.write_str("-"),
            Key::Number(number) => write!(f, "n{number}"),
            Key::Text(text) => write!(f, "t{text}"),
        }
    }
}

impl FromStr for RowCursor {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        read(text).filter(|cursor| cursor.num > 0).ok_or(StoreError::Cursor)
    }
}

fn read(text: &str) -> Option<RowCursor> {
    let Some((order, rest)) = text.split_once('.') else {
        return Some(RowCursor::behind(text.parse().ok()?));
    };
    // A key may have dots of its own.
    let (now_ms, rest) = rest.split_once('.')?;
    let (num, key) = rest.split_once('.')?;
    let reverse = order.ends_with('-');
    let by = SortBy::ALL.into_iter().find(|by| order.strip_suffix(['+', '-']) == Some(by.word()))?;
    let key = match key.split_at_checked(1)? {
        ("-", "") => Key::None,
        ("n", number) => Key::Number(number.parse().ok()?),
        ("t", text) => Key::Text(text.to_owned()),
        _ => return None,
    };
    let sorted = Some(SortedPlace { by, reverse, now_ms: now_ms.parse().ok()?, key });
    Some(RowCursor { num: num.parse().ok()?, sorted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let keys = [Key::None, Key::Number(-7), Key::Text("a.b-n7 •".into()), Key::Text(String::new())];
        for key in keys {
            for reverse in [false, true] {
                let sorted = Some(SortedPlace { by: SortBy::Name, reverse, now_ms: 9, key: key.clone() });
                let cursor = RowCursor { num: 3, sorted };
                assert_eq!(cursor.to_string().parse::<RowCursor>().unwrap(), cursor);
            }
        }
        assert_eq!("12".parse::<RowCursor>().unwrap(), RowCursor::behind(12));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "0",
            "-3",
            "x",
            "name.0.3.-",
            "name+.0.3.",
            "name+.0.0.-",
            "size+.0.3.-",
            "name+.0.3.nx",
            "name+.0.3.ä",
        ] {
            assert!(matches!(text.parse::<RowCursor>(), Err(StoreError::Cursor)), "{text}");
        }
    }
}
