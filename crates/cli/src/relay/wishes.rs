//! What is wished of the run: in a file by its engine, and by signals of whoever ends this program.

use crate::ending::Signals;
use crate::error::CliError;
use solti_model::StopMode;
use solti_relay::{WISH_FILE, Wish};
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks at the file.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Clones hear the same.
#[derive(Clone)]
pub(super) struct Wishes(watch::Receiver<Wish>);

impl Wishes {
    /// Listens from now on, in a task of its own.
    pub(super) fn listen(folder: &Path) -> Result<Self, CliError> {
        let mut signals = Signals::listen()?;
        let file = folder.join(WISH_FILE);
        let (tell, heard) = watch::channel(Wish::default());
        tokio::spawn(async move {
            let mut looks = interval(BETWEEN_LOOKS);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let (mut by_file, mut by_signal) = (Wish::default(), None);
            while !tell.is_closed() {
                tokio::select! {
                    // A few bytes of the disk that this program's engine is on. What cannot be read is looked at again.
                    _ = looks.tick() => by_file = solti_relay::read(&file).ok().flatten().unwrap_or(by_file),
                    _ = signals.next() => {
                        by_signal = Some(by_signal.map_or(StopMode::Graceful, |_| StopMode::Kill));
                    }
                }
                let kill = by_file.stop == Some(StopMode::Kill) || by_signal == Some(StopMode::Kill);
                let stop = if kill { Some(StopMode::Kill) } else { by_file.stop.or(by_signal) };
                let now = Wish { stop, ..by_file };
                tell.send_if_modified(|before| std::mem::replace(before, now) != now);
            }
        });
        Ok(Self(heard))
    }

    /// The next that is wished; the first is what is wished already.
    pub(super) async fn changed(&mut self) -> Wish {
        if self.0.changed().await.is_err() {
            return std::future::pending().await;
        }
        *self.0.borrow_and_update()
    }

    pub(super) fn now(&self) -> Wish {
        *self.0.borrow()
    }

    /// Done when the run is to end.
    pub(super) async fn stop(&self) {
        let mut heard = self.0.clone();
        if heard.wait_for(|wish| wish.stop.is_some()).await.is_err() {
            std::future::pending().await
        }
    }
}
