//! How much memory a module may have.

use wasmtime::{Error, ResourceLimiter, Result};

/// What an element of a table takes.
const ELEMENT: usize = size_of::<usize>();

/// All memories and tables of a module together, held against its limit.
#[derive(Debug, Default)]
pub struct Memory {
    limit: Option<u64>,
    held: u64,
    /// Before the last growth, which may yet fail.
    before: u64,
    /// What it would have held if it had got what it was refused last.
    refused: Option<u64>,
}

impl Memory {
    pub fn new(limit: Option<u64>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// What was wanted, and the limit that it is over; nothing when all was granted.
    pub fn refused(&self) -> Option<(u64, u64)> {
        self.refused.zip(self.limit)
    }

    fn grow(&mut self, current: usize, desired: usize) -> bool {
        let more = desired.saturating_sub(current) as u64;
        let wanted = self.held.saturating_add(more);
        if self.limit.is_some_and(|limit| wanted > limit) {
            self.refused = Some(wanted);
            // There is nothing to be taken back.
            self.before = self.held;
            return false;
        }
        self.before = self.held;
        self.held = wanted;
        true
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(self.grow(current, desired))
    }

    fn memory_grow_failed(&mut self, _error: Error) -> Result<()> {
        self.held = self.before;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(self.grow(current.saturating_mul(ELEMENT), desired.saturating_mul(ELEMENT)))
    }

    fn table_grow_failed(&mut self, _error: Error) -> Result<()> {
        self.held = self.before;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_memories_hold_is_one_sum() {
        let mut memory = Memory::new(Some(100));
        assert!(memory.grow(0, 60) && memory.grow(0, 40));
        assert_eq!(memory.refused(), None);
        assert!(!memory.grow(60, 61));
        assert_eq!(memory.refused(), Some((101, 100)));
    }

    #[test]
    fn what_the_system_did_not_give_is_not_held() {
        let mut memory = Memory::new(Some(100));
        assert!(memory.grow(0, 60));
        assert!(memory.grow(60, 100));
        memory.memory_grow_failed(Error::msg("no room")).expect("noted");
        assert!(memory.grow(0, 40));
        assert_eq!(memory.refused(), None);
    }

    #[test]
    fn a_failed_growth_after_a_refused_one_takes_nothing_back_twice() {
        let mut memory = Memory::new(Some(100));
        assert!(memory.grow(0, 60));
        assert!(!memory.grow(60, 200));
        memory.memory_grow_failed(Error::msg("refused")).expect("noted");
        assert!(!memory.grow(60, 101), "60 are held still");
    }
}
