//! What encoding each log is read in: what somebody has chosen for it, else what is guessed by its bytes.

use super::run_log::{LogPlace, RunLog, blocking};
use crate::{ApiError, SupervisorApiAdapter};
use solti_logstore::{EncodingGuess, LogError, TextEncoding};
use solti_model::RunId;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Logs of which it is kept.
const KEPT: usize = 512;

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    guess: EncodingGuess,
    chosen: Option<TextEncoding>,
}

/// By the folder of the run. Shared by the clones of an adapter.
#[derive(Clone, Default)]
pub(crate) struct Encodings(Arc<Mutex<HashMap<PathBuf, Known>>>);

impl Encodings {
    fn table(&self) -> MutexGuard<'_, HashMap<PathBuf, Known>> {
        // Nothing panics while holding it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, folder: &Path) -> Known {
        self.table().get(folder).copied().unwrap_or_default()
    }

    fn note(&self, folder: &Path, change: impl FnOnce(&mut Known)) {
        let mut table = self.table();
        if table.len() >= KEPT && !table.contains_key(folder) {
            // A guess is made again; a choice is what somebody would miss.
            let guessed = table.iter().find(|(_, known)| known.chosen.is_none()).or(table.iter().next());
            let dropped = guessed.map(|(folder, _)| folder.clone());
            if let Some(folder) = dropped {
                table.remove(&folder);
            }
        }
        change(table.entry(folder.to_owned()).or_default());
    }

    /// Takes note of a choice; without one it is guessed again.
    pub(super) fn choose(&self, log: &LogPlace, chosen: Option<TextEncoding>) {
        self.note(&log.folder, |known| known.chosen = chosen);
    }

    /// Whether it was chosen.
    pub(super) fn is_chosen(&self, log: &RunLog) -> bool {
        self.chosen(&log.folder).is_some()
    }

    /// What somebody has chosen for the log in this folder.
    pub(super) fn chosen(&self, folder: &Path) -> Option<TextEncoding> {
        self.known(folder).chosen
    }

    /// The encoding of a log that is looked at in passing, among many: what is guessed of it is not kept.
    pub(super) fn look(&self, folder: &Path, over: bool) -> Result<TextEncoding, LogError> {
        let Known { mut guess, chosen } = self.known(folder);
        chosen.map_or_else(|| guess.look(folder, over), Ok)
    }

    /// The encoding of the log in this folder, where nothing has to be read to tell it.
    pub(super) fn settled(&self, folder: &Path) -> Option<TextEncoding> {
        let Known { guess, chosen } = self.known(folder);
        chosen.or(guess.settled())
    }

    /// The encoding of a log that is looked at again and again: what is guessed of it is kept.
    pub(super) fn follow(&self, log: &LogPlace) -> Result<TextEncoding, LogError> {
        let Known { mut guess, chosen } = self.known(&log.folder);
        if let Some(encoding) = chosen.or(guess.settled()) {
            return Ok(encoding);
        }
        let encoding = guess.look(&log.folder, log.over)?;
        self.note(&log.folder, |known| known.guess = guess);
        Ok(encoding)
    }

    /// The log, to be read in its encoding.
    pub(super) async fn of(&self, log: LogPlace) -> Result<RunLog, ApiError> {
        if let Some(encoding) = self.settled(&log.folder) {
            return Ok(log.read_in(encoding));
        }
        let encodings = self.clone();
        blocking(move || encodings.follow(&log).map(|encoding| log.read_in(encoding))).await
    }
}

impl SupervisorApiAdapter {
    /// The log of a run, to be read in its encoding.
    pub(super) async fn log(&self, run: &RunId) -> Result<RunLog, ApiError> {
        self.encodings.of(LogPlace::find(self.supervisor(), run).await?).await
    }
}
