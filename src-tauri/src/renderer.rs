//! How the pages are drawn. WebKit draws through the system's OpenGL, and where that is broken (a driver that does not fit its kernel,
//! some pairs of NVIDIA driver and Wayland) its process ends before it has drawn anything, and the window stays blank. The safe
//! renderer draws on the processor by Mesa, without compositing: slower, and it needs nothing of the graphics card.
//!
//! Where there is no graphics card (most virtual machines), OpenGL is a program that pretends to be one: WebKit is told to draw on
//! the processor itself, which takes less memory and time.
//!
//! Which of them is chosen by variables of the environment, which WebKit reads when its first process starts. So a change takes
//! effect by running the program again in this same process, before anything was started or after all has ended.

use crate::say::say;
use serde::Serialize;
use solti_engine::SET_FOR_THE_WINDOW;
use std::{
    env::{args_os, current_exe, var_os},
    io,
    path::{Path, PathBuf},
    process::Command,
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
    /// Without OpenGL, as there is no graphics card.
    Processor,
    Safe,
    /// Since this start, because the usual renderer drew nothing.
    SafeSinceNow,
}

impl Drawing {
    fn is_safe(self) -> bool {
        matches!(self, Self::Safe | Self::SafeSinceNow)
    }

    /// What [`RENDERER`] says of it.
    fn word(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Processor => "processor",
            Self::Safe => "safe",
            Self::SafeSinceNow => "safe-since-now",
        }
    }

    fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Usual => &[],
            Self::Processor => &[ON_THE_PROCESSOR],
            Self::Safe | Self::SafeSinceNow => &[
                ON_THE_PROCESSOR,
                ("WEBKIT_DISABLE_COMPOSITING_MODE", "1"),
                ("LIBGL_ALWAYS_SOFTWARE", "1"),
                ("__EGL_VENDOR_LIBRARY_FILENAMES", MESA),
            ],
        }
    }
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
        let drawing = drawing_of_this_process();
        // Not to know is no reason to draw slowly.
        let safely = asked || mark.try_exists().unwrap_or(false);
        if let Some(better) = better_than(drawing, safely, draws_by_card) {
            said(&begin_anew(better));
        }
        Self::of(drawing, mark)
    }

    fn of(drawing: Drawing, mark: PathBuf) -> Self {
        Self { drawing, mark, started: Instant::now(), gave_up: AtomicBool::new(false) }
    }

    pub fn drawing(&self) -> Drawing {
        self.drawing
    }

    /// Pages died one after the other. Whether another renderer is worth trying: then it is the one of the next start, which is
    /// for the caller to bring about.
    pub fn give_up(&self) -> bool {
        if self.drawing.is_safe() || self.started.elapsed() > EARLY {
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
            said(&begin_anew(Drawing::SafeSinceNow));
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
    say(&format!("the safe renderer could not be started: {error}"));
}

/// Says which renderer this process was begun with.
const RENDERER: &str = "SOLTI_RENDERER";
const ON_THE_PROCESSOR: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
/// Where the system's libEGL is told of Mesa, where it chooses among several vendors' drivers.
const MESA: &str = "/usr/share/glvnd/egl_vendor.d/50_mesa.json";

fn drawing_of_this_process() -> Drawing {
    let Some(word) = var_os(RENDERER) else { return Drawing::Usual };
    [Drawing::Processor, Drawing::SafeSinceNow]
        .into_iter()
        .find(|drawing| word == drawing.word())
        .unwrap_or(Drawing::Safe)
}

/// What this process is to begin anew with, if anything.
fn better_than(drawing: Drawing, safely: bool, by_card: impl Fn() -> bool) -> Option<Drawing> {
    match drawing {
        Drawing::Usual | Drawing::Processor if safely => Some(Drawing::Safe),
        Drawing::Usual if !by_card() => Some(Drawing::Processor),
        _ => None,
    }
}

/// Whether WebKit has, as far as can be seen, a graphics card to draw with; or whether somebody has told it how to draw.
#[cfg(target_os = "linux")]
fn draws_by_card() -> bool {
    let told = var_os(ON_THE_PROCESSOR.0).is_some();
    // What Mesa and WebKit open to draw, and what NVIDIA's own driver does.
    let render_node = match std::fs::read_dir("/dev/dri") {
        Ok(nodes) => nodes
            .filter_map(Result::ok)
            .any(|node| node.file_name().as_encoded_bytes().starts_with(b"renderD")),
        // Only what is not there is no card.
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    told || render_node || Path::new("/dev/nvidiactl").exists()
}

#[cfg(not(target_os = "linux"))]
fn draws_by_card() -> bool {
    true
}

/// Returns only when it failed.
#[cfg(target_os = "linux")]
fn begin_anew(drawing: Drawing) -> io::Error {
    use std::os::unix::process::CommandExt as _;
    let program = match current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut command = Command::new(program);
    command.args(args_os().skip(1));
    // What a beginning before this one has set stays ours.
    let mut set = var_os(SET_FOR_THE_WINDOW).unwrap_or_default();
    for &(name, value) in drawing.variables() {
        // Who has set one knows better.
        if var_os(name).is_none() && (value != MESA || Path::new(MESA).exists()) {
            command.env(name, value);
            set.push(" ");
            set.push(name);
        }
    }
    command.env(RENDERER, drawing.word()).env(SET_FOR_THE_WINDOW, set).exec()
}

/// Elsewhere the system's own web view draws.
#[cfg(not(target_os = "linux"))]
fn begin_anew(_: Drawing) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_die_at_the_start_are_drawn_safely_from_the_next_on() {
        for drawing in [Drawing::Usual, Drawing::Processor] {
            let folder = tempfile::tempdir().expect("a folder");
            let renderer = Renderer::of(drawing, folder.path().join(MARK));
            assert!(renderer.give_up());
            assert!(folder.path().join(MARK).exists());
            renderer.forget().expect("removed");
            renderer.forget().expect("nothing there to remove");
            assert!(!folder.path().join(MARK).exists());
        }
    }

    #[test]
    fn pages_that_die_later_or_are_drawn_safely_already_change_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let renderer = |drawing| Renderer::of(drawing, folder.path().join(MARK));
        let long_ago =
            Instant::now().checked_sub(EARLY + Duration::from_secs(1)).expect("a machine that is up");
        assert!(!Renderer { started: long_ago, ..renderer(Drawing::Usual) }.give_up());
        assert!(!renderer(Drawing::Safe).give_up());
        assert!(!folder.path().join(MARK).exists());
    }

    #[test]
    fn without_a_graphics_card_webkit_is_told_once_to_do_without_opengl() {
        let card = |there: bool| move || there;
        assert_eq!(better_than(Drawing::Usual, false, card(true)), None);
        assert_eq!(better_than(Drawing::Usual, false, card(false)), Some(Drawing::Processor));
        assert_eq!(better_than(Drawing::Processor, false, card(false)), None);
        for drawing in [Drawing::Usual, Drawing::Processor] {
            assert_eq!(better_than(drawing, true, card(false)), Some(Drawing::Safe));
        }
        for drawing in [Drawing::Safe, Drawing::SafeSinceNow] {
            assert_eq!(better_than(drawing, true, card(false)), None);
        }
    }
}
