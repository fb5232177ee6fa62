//! What is wished of the run: in a file by its engine, and by signals of whoever ends this program.

use crate::ending::Signals;
use crate::error::CliError;
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::io::Errno;
use solti_model::StopMode;
use solti_relay::{BELL_FILE, WISH_FILE, Wish};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks at the file where nothing tells that there is something to be seen, and where something does.
const BETWEEN_LOOKS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// Clones hear the same.
#[derive(Clone)]
pub(super) struct Wishes(watch::Receiver<Wish>);

impl Wishes {
    /// Listens from now on, in a task of its own.
    pub(super) fn listen(folder: &Path) -> Result<Self, CliError> {
        let mut signals = Signals::listen()?;
        let file = folder.join(WISH_FILE);
        let (tell, heard) = watch::channel(Wish::default());
        let mut bell = Bell::hang(folder).ok();
        tokio::spawn(async move {
            let mut looks = interval(if bell.is_some() { BETWEEN_LOOKS.1 } else { BETWEEN_LOOKS.0 });
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let (mut by_file, mut by_signal) = (Wish::default(), None);
            while !tell.is_closed() {
                let look = async {
                    tokio::select! {
                        _ = looks.tick() => {}
                        () = Bell::rung(&mut bell) => {}
                    }
                };
                tokio::select! {
                    // A few bytes of the disk that this program's engine is on. What cannot be read is looked at again.
                    () = look => by_file = solti_relay::read(&file).ok().flatten().unwrap_or(by_file),
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

/// Leaves nothing in the run folder that a program which copies or reads it would wait for.
pub(super) fn listen_no_more(folder: &Path) {
    std::fs::remove_file(folder.join(BELL_FILE)).ok();
}

/// A named pipe that is rung after each wish. There are file systems without.
struct Bell(pipe::Receiver);

impl Bell {
    fn hang(folder: &Path) -> io::Result<Self> {
        let path = folder.join(BELL_FILE);
        match mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR) {
            // Of a client before this one.
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        // With an end to write to here, it never ends.
        Ok(Self(pipe::OpenOptions::new().read_write(true).open_receiver(path)?))
    }

    /// Done when it was rung; never where there is none. Can be dropped and called again.
    async fn rung(bell: &mut Option<Self>) {
        let Some(Self(pipe)) = bell else { return std::future::pending().await };
        loop {
            let rung = match pipe.readable().await {
                Ok(()) => pipe.try_read(&mut [0; 64]),
                Err(error) => Err(error),
            };
            match rung {
                Ok(_) => return,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // What cannot be listened to is looked at instead.
                Err(_) => {
                    *bell = None;
                    return std::future::pending().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_testing::within;

    #[tokio::test]
    async fn a_bell_is_heard_and_waited_for_without_a_look() {
        let dir = tempfile::tempdir().expect("temp dir");
        let mut bell = Some(Bell::hang(dir.path()).expect("hung"));
        let ring = || std::fs::write(dir.path().join(BELL_FILE), "!").expect("rung");
        ring();
        ring();
        within("the bell", Bell::rung(&mut bell)).await;
        // Both were one.
        tokio::select! {
            biased;
            () = Bell::rung(&mut bell) => panic!("nobody has rung"),
            () = std::future::ready(()) => {}
        }
        ring();
        within("the bell", Bell::rung(&mut bell)).await;
        // The client after one that was killed.
        drop(bell);
        let mut bell = Some(Bell::hang(dir.path()).expect("hung again"));
        ring();
        within("the bell", Bell::rung(&mut bell)).await;
    }
}
