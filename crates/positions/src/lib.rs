//! What a number says of a log: a row, a byte, a match, a place in the order of several. Each is a type of its own, so that the
//! compiler says where one stands in another's place.
//!
//! ```
//! use solti_positions::RowNo;
//!
//! let first = RowNo::new(40);
//! let last = first + 2;
//! assert_eq!(last - first, 2);
//! assert_eq!(last.to_string(), "42");
//! assert_eq!("42".parse(), Ok(last));
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

use std::fmt;
use std::num::ParseIntError;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

macro_rules! position {
    ($(#[$doc:meta])* $name:ident as $page:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "wire",
            derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, ts_rs::TS),
            serde(transparent),
            ts(type = $page)
        )]
        pub struct $name(u64);

        impl $name {
            /// The first one.
            pub const ZERO: Self = Self(0);
            /// Behind every other.
            pub const MAX: Self = Self(u64::MAX);

            /// The one that so many are before.
            pub const fn new(before: u64) -> Self {
                Self(before)
            }

            /// How many are before it.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one so many further on, or the last there can be.
            #[must_use]
            pub const fn saturating_add(self, count: u64) -> Self {
                Self(self.0.saturating_add(count))
            }

            /// How far it is behind `earlier`; 0 when it is before it.
            #[must_use]
            pub const fn saturating_since(self, earlier: Self) -> u64 {
                self.0.saturating_sub(earlier.0)
            }

            /// The one so many before it, or the first.
            #[must_use]
            pub const fn saturating_back(self, count: u64) -> Self {
                Self(self.0.saturating_sub(count))
            }

            /// The one before it; `None` of the first.
            pub fn previous(self) -> Option<Self> {
                self.0.checked_sub(1).map(Self)
            }

            /// From here to before `end`, in order.
            pub fn until(self, end: Self) -> impl DoubleEndedIterator<Item = Self> {
                (self.0..end.0).map(Self)
            }
        }

        impl Add<u64> for $name {
            type Output = Self;

            fn add(self, count: u64) -> Self {
                Self(self.0 + count)
            }
        }

        impl AddAssign<u64> for $name {
            fn add_assign(&mut self, count: u64) {
                self.0 += count;
            }
        }

        impl Sub for $name {
            type Output = u64;

            /// How far it is behind `earlier`, which must not be behind it.
            fn sub(self, earlier: Self) -> u64 {
                self.0 - earlier.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }
    };
}

position! {
    /// A row of one run's log, from 0.
    RowNo as r#"number & { readonly counts?: "row" }"#
}
position! {
    /// A byte of one run's log, from 0, over all its segments, with what was removed.
    LogOffset as r#"number & { readonly counts?: "byte" }"#
}
position! {
    /// A match of a search by its order, from 0.
    Rank as r#"number & { readonly counts?: "match" }"#
}
position! {
    /// A row of several logs in their merged order, from 0.
    MergedPosition as r#"number & { readonly counts?: "merged position" }"#
}

position! {
    /// What a row is known by where one log or several are shown: its number, or its position in the merged order.
    RowKey as r#"number & { readonly counts?: "key" }"#
}

impl RowKey {
    /// Where one log is shown.
    pub const fn row(self) -> RowNo {
        RowNo(self.0)
    }

    /// Where several are.
    pub const fn position(self) -> MergedPosition {
        MergedPosition(self.0)
    }
}

impl From<RowNo> for RowKey {
    fn from(row: RowNo) -> Self {
        Self(row.0)
    }
}

impl From<MergedPosition> for RowKey {
    fn from(position: MergedPosition) -> Self {
        Self(position.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_numbers_and_places_stay_places() {
        let mut row = RowNo::new(7);
        row += 3;
        assert_eq!(row, RowNo::new(10));
        assert_eq!(RowNo::new(4).saturating_since(row), 0);
        assert_eq!(RowNo::MAX.saturating_add(1), RowNo::MAX);
        assert_eq!(RowNo::new(8).until(row).rev().map(RowNo::get).collect::<Vec<_>>(), [9, 8]);
        assert!("-1".parse::<RowNo>().is_err());
    }
}
