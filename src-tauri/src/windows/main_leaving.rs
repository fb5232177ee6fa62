//! The main window on its way out. Until the last of it is gone it can still be found, but shows nothing any more; who asks for it
//! meanwhile gets a new one as soon as it is.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What to open once it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Main,
    Form,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Stays,
    Leaves(Option<Wanted>),
}

#[derive(Debug, Default)]
pub struct MainLeaving(Mutex<State>);

impl MainLeaving {
    /// It is about to be closed for good.
    pub fn begin(&self) {
        let mut state = self.state();
        if matches!(*state, State::Stays) {
            *state = State::Leaves(None);
        }
    }

    /// Whether it leaves, and what is wanted comes after it. A form is not forgotten for a window without one.
    pub fn comes_after(&self, wanted: Wanted) -> bool {
        match &mut *self.state() {
            State::Stays => false,
            State::Leaves(Some(Wanted::Form)) => true,
            State::Leaves(then) => {
                *then = Some(wanted);
                true
            }
        }
    }

    /// It is gone; what is to come after it.
    pub fn end(&self) -> Option<Wanted> {
        match std::mem::take(&mut *self.state()) {
            State::Stays => None,
            State::Leaves(then) => then,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_window_that_leaves_comes_after_it_once() {
        let leaving = MainLeaving::default();
        assert!(!leaving.comes_after(Wanted::Main), "it is there");
        leaving.begin();
        assert!(leaving.comes_after(Wanted::Form) && leaving.comes_after(Wanted::Main));
        leaving.begin();
        assert_eq!((leaving.end(), leaving.end()), (Some(Wanted::Form), None));
        leaving.begin();
        assert_eq!(leaving.end(), None, "nobody asked");
        assert!(!leaving.comes_after(Wanted::Main));
    }
}
