//! How the pages are drawn. WebKit draws through the system's OpenGL, and where that is broken (a driver that does not fit its kernel,
//! some pairs of NVIDIA driver and Wayland) its process ends before it has drawn anything, and the window stays blank. The safe
//! renderer draws on the processor by Mesa, without compositing: slower, and it needs nothing of the graphics card.
//!
//! Which of the two is chosen by variables of the environment, which WebKit reads when its first process starts. So a change takes
//! effect by running the program again in this same process, before anything was started or after all has ended.

use serde::Serialize;
use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use ts_rs::TS;

/// In the data folder. While it is there the safe renderer is used.
const MARK: &str = "safe-renderer";
const MARK_SAYS: &str = "Solti draws its windows with the safe renderer while this file is here.\n";
/// Pages that keep dying so soon after the start never drew anything.
const EARLY: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Drawing {
    /// As WebKit chooses.
    Usual,
    Safe,
    /// Since this start, because the usual renderer drew nothing.
    SafeSinceNow,
}

#[derive(Debug)]
pub struct Renderer {
    drawing: Drawing,
    mark: PathBuf,
    started: Instant,
    gave_up: AtomicBool,
}

impl Renderer {
    /// The one that this start is to use. Does not return where that takes another environment than this process has: then the
    /// program begins anew in it.
    pub fn choose(data_dir: &Path, asked: bool) -> Self {
        let mark = data_dir.join(MARK);
        let drawing = system::drawing();
        // Not to know is no reason to draw slowly.
        if drawing == Drawing::Usual && (asked || mark.try_exists().unwrap_or(false)) {
            said(&system::begin_anew(Drawing::Safe));
        }
        Self { drawing, mark, started: Instant::now(), gave_up: AtomicBool::new(false) }
    }

    pub fn drawing(&self) -> Drawing {
        self.drawing
    }

    /// Pages died one after the other. Whether another renderer is worth trying: then it is the one of the next start, which is
    /// for the caller to bring about.
    pub fn give_up(&self) -> bool {
        if self.drawing != Drawing::Usual || self.started.elapsed() > EARLY {
            return false;
        }
        if let Err(error) = std::fs::write(&self.mark, MARK_SAYS) {
            tracing::warn!("the safe renderer is not remembered for the next start: {error}");
        }
        self.gave_up.store(true, Ordering::Relaxed);
        true
    }

    /// When everything has ended: begins the program anew where pages could not be drawn.
    pub fn begin_anew_where_it_gave_up(&self) {
        if self.gave_up.load(Ordering::Relaxed) {
            said(&system::begin_anew(Drawing::SafeSinceNow));
        }
    }

    /// The next start uses the usual renderer.
    ///
    /// # Errors
    /// That of removing the mark.
    pub fn forget(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.mark) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The journal may not be open yet, or not any more.
fn said(error: &io::Error) {
    crate::say::say(&format!("the safe renderer could not be started: {error}"));
}

#[cfg(target_os = "linux")]
mod system {
    use super::Drawing;
    use solti_engine::SET_FOR_THE_WINDOW;
    use std::{
        env::{args_os, current_exe, var_os},
        io,
        os::unix::process::CommandExt,
        path::Path,
        process::Command,
    };

    /// Says which renderer this process was begun with.
    const SAFE: &str = "SOLTI_RENDERER";
    const SINCE_NOW: &str = "safe-since-now";
    /// Where the system's libEGL is told of Mesa, where it chooses among several vendors' drivers.
    const MESA: &str = "/usr/share/glvnd/egl_vendor.d/50_mesa.json";
    const VARIABLES: [(&str, &str); 4] = [
        ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
        ("WEBKIT_DISABLE_COMPOSITING_MODE", "1"),
        ("LIBGL_ALWAYS_SOFTWARE", "1"),
        ("__EGL_VENDOR_LIBRARY_FILENAMES", MESA),
    ];

    pub fn drawing() -> Drawing {
        match var_os(SAFE) {
            None => Drawing::Usual,
            Some(value) if value == SINCE_NOW => Drawing::SafeSinceNow,
            Some(_) => Drawing::Safe,
        }
    }

    /// Returns only when it failed.
    pub fn begin_anew(drawing: Drawing) -> io::Error {
        let program = match current_exe() {
            Ok(program) => program,
            Err(error) => return error,
        };
        let mut command = Command::new(program);
        command.args(args_os().skip(1));
        let mut set = Vec::new();
        for (name, value) in VARIABLES {
            // Who has set one knows better.
            if var_os(name).is_none() && (value != MESA || Path::new(MESA).exists()) {
                command.env(name, value);
                set.push(name);
            }
        }
        let value = if drawing == Drawing::SafeSinceNow { SINCE_NOW } else { "safe" };
        command.env(SAFE, value).env(SET_FOR_THE_WINDOW, set.join(" ")).exec()
    }
}

/// Elsewhere the system's own web view draws.
#[cfg(not(target_os = "linux"))]
mod system {
    use super::Drawing;
    use std::io;

    pub fn drawing() -> Drawing {
        Drawing::Usual
    }

    pub fn begin_anew(_: Drawing) -> io::Error {
        io::ErrorKind::Unsupported.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_die_at_the_start_are_drawn_safely_from_the_next_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let renderer = Renderer::choose(folder.path(), false);
        assert_eq!(renderer.drawing(), Drawing::Usual);
        assert!(renderer.give_up());
        assert!(folder.path().join(MARK).exists());
        renderer.forget().expect("removed");
        renderer.forget().expect("nothing there to remove");
        assert!(!folder.path().join(MARK).exists());
    }

    #[test]
    fn pages_that_die_later_or_are_drawn_safely_already_change_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let usual = Renderer::choose(folder.path(), false);
        let long_ago =
            Instant::now().checked_sub(EARLY + Duration::from_secs(1)).expect("a machine that is up");
        assert!(!Renderer { started: long_ago, ..usual }.give_up());
        let safe = Renderer { drawing: Drawing::Safe, ..Renderer::choose(folder.path(), false) };
        assert!(!safe.give_up());
        assert!(!folder.path().join(MARK).exists());
    }
}
