//! How many lines each stream printed along several logs, and where matches are, for the minimap.

use solti_positions::MergedPosition;

use super::Merged;
use crate::{LogError, LogSearch, Slice};

impl Merged {
    /// Cuts the rows of all logs into `count` equal slices. Costs a page of each index for each slice at most.
    /// `searches` are none, or one for each log.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn slices(&mut self, count: usize, searches: &[&LogSearch]) -> Result<(u64, Vec<Slice>), LogError> {
        let total = self.look()?;
        let mut slices = vec![Slice::default(); count];
        let mut places = vec![Vec::with_capacity(count); self.sources.len()];
        for n in 1..=count as u64 {
            let position = (u128::from(total) * u128::from(n) / count as u128) as u64;
            let position = MergedPosition::new(position);
            for (places, start) in places.iter_mut().zip(self.starts(position)?) {
                places.push(start);
            }
        }
        for (source, places) in self.sources.iter_mut().zip(&places) {
            let mut before = [0, 0];
            for (slice, row) in slices.iter_mut().zip(places) {
                let lines = source.lines_before(*row)?;
                for stream in [0, 1] {
                    slice.lines[stream] += lines[stream].saturating_sub(before[stream]);
                }
                before = lines;
            }
        }
        for (search, places) in searches.iter().zip(&places) {
            for (slice, matches) in slices.iter_mut().zip(search.spread(places)?) {
                slice.matches += matches;
            }
        }
        Ok((total, slices))
    }
}
