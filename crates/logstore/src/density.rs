//! How many lines each stream printed along a log, for a minimap. Read from the index alone: exact at records, even within one.

use crate::cursor::{Cursor, LogFiles};
use crate::format::{Counts, Kind};
use crate::{LogError, LogView};

/// Records to walk before a place is looked for anew.
const WALK: usize = 100;

/// An equal slice of a log's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Lines of stdout and of stderr that end in it.
    pub lines: [u64; 2],
    /// Its bytes of the log, about.
    pub from_byte: u64,
    pub to_byte: u64,
}

/// Cuts the log's rows into `count` equal slices. Costs a page of the index for each at most.
///
/// # Errors
/// [`LogError::Open`] and [`LogError::Read`].
pub fn slices(view: &mut LogView, count: usize) -> Result<Vec<Slice>, LogError> {
    let rows = view.extent()?.rows;
    let (files, is_final) = view.parts();
    let mut cursor = Cursor::new();
    cursor.set_final(is_final);
    let mut before = Counts::default();
    let mut slices = Vec::with_capacity(count);
    for n in 1..=count as u64 {
        let row = (u128::from(rows) * u128::from(n) / count as u128) as u64;
        let after = counts_at(&mut cursor, files, row)?;
        slices.push(Slice {
            lines: [0, 1].map(|s| after.seq[s].saturating_sub(before.seq[s])),
            from_byte: before.offset,
            to_byte: after.offset.max(before.offset),
        });
        before = after;
    }
    Ok(slices)
}

/// The counts about where row `row` begins; the cursor goes on from where it was when that is near.
fn counts_at(cursor: &mut Cursor, files: &mut LogFiles, row: u64) -> Result<Counts, LogError> {
    for again in [false, true] {
        if again {
            cursor.seek_row(files, row)?;
        }
        let mut walked = 0;
        while cursor.counts().row < row && (again || walked < WALK) {
            let Some(piece) = cursor.next(files)? else { return Ok(cursor.counts()) };
            walked += 1;
            let (from, to) = (piece.before, cursor.counts());
            if to.row < row || piece.record.kind == Kind::End {
                continue;
            }
            let share = |a: u64, b: u64| {
                let rows = u128::from((to.row - from.row).max(1));
                a + (u128::from(b.saturating_sub(a)) * u128::from(row - from.row) / rows) as u64
            };
            return Ok(Counts {
                offset: share(from.offset, to.offset),
                seq: [share(from.seq[0], to.seq[0]), share(from.seq[1], to.seq[1])],
                ..to
            });
        }
        if cursor.counts().row == row {
            break;
        }
    }
    Ok(cursor.counts())
}
