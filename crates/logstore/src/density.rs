//! How many lines each stream printed along a log, for a minimap. Read from the index alone: exact at records, even within
//! one. How many matches of a search lie where is the search's own knowledge.

use crate::cursor::{Cursor, LogFiles};
use crate::format::{Counts, Kind};
use crate::{LogError, LogSearch, LogView};
use solti_positions::RowNo;

/// Records to walk before a place is looked for anew.
const WALK: usize = 100;

/// An equal slice of a log's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Lines of stdout and of stderr that end in it.
    pub lines: [u64; 2],
    /// Of the search that was asked about.
    pub matches: u64,
}

/// Cuts the log's rows into `count` equal slices. Costs a page of the index for each at most.
///
/// # Errors
/// [`LogError::Open`] and [`LogError::Read`].
pub fn slices(view: &mut LogView, count: usize, search: Option<&LogSearch>) -> Result<Vec<Slice>, LogError> {
    let rows = view.extent()?.rows;
    let (files, is_final) = view.parts();
    let mut cursor = Cursor::new();
    cursor.set_final(is_final);
    let mut before = Counts::default();
    let ends = (1..=count as u64).map(|n| (u128::from(rows) * u128::from(n) / count as u128) as u64);
    let ends: Vec<RowNo> = ends.map(RowNo::new).collect();
    let mut slices = Vec::with_capacity(count);
    for row in &ends {
        let after = counts_at(&mut cursor, files, *row)?;
        let lines = [0, 1].map(|s| after.seq[s].saturating_sub(before.seq[s]));
        slices.push(Slice { lines, matches: 0 });
        before = after;
    }
    if let Some(search) = search {
        for (slice, matches) in slices.iter_mut().zip(search.spread(&ends)?) {
            slice.matches = matches;
        }
    }
    Ok(slices)
}

/// The counts about where row `row` begins; the cursor goes on from where it was when that is near.
fn counts_at(cursor: &mut Cursor, files: &mut LogFiles, row: RowNo) -> Result<Counts, LogError> {
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
            let share = |of: fn(&Counts) -> u64| from.share(&to, row, of);
            let seq = [share(|counts| counts.seq[0]), share(|counts| counts.seq[1])];
            return Ok(Counts { seq, ..to });
        }
        if cursor.counts().row == row {
            break;
        }
    }
    Ok(cursor.counts())
}
