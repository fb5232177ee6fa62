//! The looks of the cells of one line, each kept once and told by its number.

use crate::shown::Link;
use crate::style::Style;

/// Of one line; a further one looks as the last.
const MOST: usize = u16::MAX as usize;
/// Those that a new one is compared with.
const NEAR: usize = 16;

/// How a cell looks, and where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub style: Style,
    pub link: Option<Link>,
}

#[derive(Debug, Default)]
pub(crate) struct Looks(Vec<Look>);

impl Looks {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn get(&self, number: u16) -> &Look {
        &self.0[usize::from(number)]
    }

    pub(crate) fn number_of(&mut self, look: Look) -> u16 {
        let first = self.0.len().saturating_sub(NEAR);
        if let Some(at) = self.0[first..].iter().position(|known| *known == look) {
            return (first + at) as u16;
        }
        if self.0.len() < MOST {
            self.0.push(look);
        }
        (self.0.len() - 1) as u16
    }
}
