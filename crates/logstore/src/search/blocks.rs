//! The log cut into blocks, the unit of work and of memory of a search: how far each is searched, how many rows of it
//! match, and which is next. A row belongs to the block in which it begins. Reading them is `scan`'s work.

use std::ops::Range;

use solti_positions::LogOffset;

/// A part of the log of fixed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Bytes of the log; the end may lie beyond what there is yet.
    pub start: LogOffset,
    pub end: LogOffset,
    /// Its first byte is known to begin a row.
    pub starts_row: bool,
    /// What is before it was searched.
    pub searched_to: LogOffset,
    /// `searched_to` is known to begin a row.
    pub at_row: bool,
    /// Matching rows among those searched.
    pub matches: u64,
    /// Nothing in it will change.
    pub done: bool,
}

/// Where one scan of a block has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    pub to: LogOffset,
    pub at_row: bool,
    /// Added to those found before.
    pub matches: u64,
    pub done: bool,
}

/// All blocks of a log and the order in which they are searched: around a place, then back to the beginning, then
/// on to the end.
#[derive(Debug)]
pub(super) struct Blocks {
    size: u64,
    all: Vec<Block>,
    /// Where the next block begins, and whether that is known to begin a row.
    next: (LogOffset, bool),
    near: Range<usize>,
    /// Blocks before this one are not begun.
    back: usize,
    /// Blocks from this one on are not begun.
    forward: usize,
    /// Begun, but not done when the log ended within them.
    again: Vec<usize>,
}

/// Blocks at the place where a person looks that are searched before all others.
const NEAR_BLOCKS: usize = 4;

impl Blocks {
    pub(super) fn new(size: u64) -> Self {
        Self {
            size,
            all: Vec::new(),
            next: (LogOffset::ZERO, true),
            near: 0..0,
            back: 0,
            forward: 0,
            again: Vec::new(),
        }
    }

    pub(super) fn all(&self) -> &[Block] {
        &self.all
    }

    /// Goes on to byte `end` of the log.
    pub(super) fn grow(&mut self, end: LogOffset) {
        while self.next.0 < end {
            let (start, at_row) = self.next;
            self.next = (start + self.size, false);
            let end = self.next.0;
            self.all.push(Block {
                start,
                end,
                starts_row: at_row,
                searched_to: start,
                at_row,
                matches: 0,
                done: false,
            });
        }
    }

    /// A row ends at `from` in any case, and one begins at `to`; the log has nothing in between.
    pub(super) fn skip(&mut self, from: LogOffset, to: LogOffset) {
        if let Some(last) = self.all.last_mut() {
            last.end = last.end.min(from).max(last.start);
        }
        self.next = (to, true);
    }

    /// From here on: byte `offset` is in the first block to be searched.
    pub(super) fn begin_at(&mut self, offset: LogOffset) {
        let first = self.index_of(offset);
        let to = (first + NEAR_BLOCKS).min(self.all.len());
        (self.near, self.back, self.forward) = (first..to, first, to);
    }

    /// The block in which a row that begins at `offset` is counted; the last one when it is behind all.
    pub(super) fn index_of(&self, offset: LogOffset) -> usize {
        self.all.partition_point(|block| block.start <= offset).saturating_sub(1)
    }

    /// The next block to search.
    pub(super) fn next(&mut self) -> Option<usize> {
        if let Some(index) = self.near.next() {
            return Some(index);
        }
        if self.back > 0 {
            self.back -= 1;
            return Some(self.back);
        }
        if self.forward < self.all.len() {
            self.forward += 1;
            return Some(self.forward - 1);
        }
        self.again.pop()
    }

    /// The log has grown, or ended, or could not be read for a moment: what was begun and is not done is looked at again. Nobody
    /// searches meanwhile.
    pub(super) fn look_again(&mut self) {
        self.again.clear();
        let (all, near) = (&self.all, &self.near);
        let open = |index: &usize| !all[*index].done && !near.contains(index);
        self.again.extend((self.back..self.forward).rev().filter(open));
    }

    /// How many are neither done nor begun.
    pub(super) fn left(&self) -> usize {
        self.near.len() + self.back + (self.all.len() - self.forward) + self.again.len()
    }

    pub(super) fn note(&mut self, index: usize, scanned: Scanned) {
        let block = &mut self.all[index];
        block.searched_to = scanned.to;
        block.at_row = scanned.at_row;
        block.matches += scanned.matches;
        block.done = scanned.done;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_broke_off_searches_each_block_once() {
        const ALL: usize = 12;
        for taken in 0..=ALL {
            let mut blocks = Blocks::new(10);
            blocks.grow(LogOffset::new(10 * ALL as u64));
            blocks.begin_at(LogOffset::new(50));
            for n in 0..taken {
                let index = blocks.next().expect("there are more");
                // Every other one could not be read.
                let to = blocks.all()[index].end;
                if n % 2 == 0 {
                    blocks.note(index, Scanned { to, at_row: true, matches: 0, done: true });
                }
            }
            blocks.look_again();
            let left = blocks.left();
            let mut rest: Vec<_> = std::iter::from_fn(|| blocks.next()).collect();
            assert_eq!(rest.len(), left);
            rest.sort_unstable();
            let undone: Vec<_> = (0..ALL).filter(|index| !blocks.all()[*index].done).collect();
            assert_eq!(rest, undone, "after {taken}");
        }
    }
}
