//! The screen as the person at it uses it: closing a window by its cross, typing into a dialog of the system. WebDriver
//! can only end a page, which leaves the window standing, and knows nothing of dialogs that are no page.

use std::collections::HashSet;
use x11rb::{
    CURRENT_TIME,
    connection::Connection,
    errors::{ConnectError, ReplyOrIdError},
    protocol::xproto::{
        AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ChangeWindowAttributesAux, ClientMessageEvent,
        ConnectionExt as _, CreateWindowAux, EventMask, ImageFormat, InputFocus, KEY_PRESS_EVENT,
        KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, MapState, Window, WindowClass,
    },
    protocol::xtest::ConnectionExt as _,
    protocol::{ErrorKind, Event},
    rust_connection::RustConnection,
};

#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Reply(#[from] ReplyOrIdError),
}

impl From<x11rb::errors::ConnectionError> for ScreenError {
    fn from(error: x11rb::errors::ConnectionError) -> Self {
        Self::Reply(error.into())
    }
}

impl From<x11rb::errors::ReplyError> for ScreenError {
    fn from(error: x11rb::errors::ReplyError) -> Self {
        Self::Reply(error.into())
    }
}

/// Asks the windows with such a title to close, and returns how many there were.
pub fn close_windows(display: &str, titled: impl Fn(&str) -> bool) -> Result<usize, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    let (protocols, delete) = (atom(&screen, "WM_PROTOCOLS")?, atom(&screen, "WM_DELETE_WINDOW")?);
    let windows = visible(&screen, number, titled)?;
    for &window in &windows {
        let ask = ClientMessageEvent::new(32, window, protocols, [delete, CURRENT_TIME, 0, 0, 0]);
        screen.send_event(false, window, EventMask::NO_EVENT, ask)?.check()?;
    }
    Ok(windows.len())
}

pub fn count_windows(display: &str, titled: impl Fn(&str) -> bool) -> Result<usize, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    Ok(visible(&screen, number, titled)?.len())
}

/// How many colors the screen shows.
pub fn count_colors(display: &str) -> Result<usize, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    let root = screen.setup().roots[number].root;
    let size = screen.get_geometry(root)?.reply()?;
    let whole = screen.get_image(ImageFormat::Z_PIXMAP, root, 0, 0, size.width, size.height, u32::MAX)?;
    Ok(whole.reply()?.data.chunks_exact(4).collect::<HashSet<_>>().len())
}

/// What is selected, as the middle mouse button pastes it; nothing where nobody has selected anything.
pub fn primary(display: &str) -> Result<Option<String>, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    let window = screen.generate_id()?;
    let root = screen.setup().roots[number].root;
    let looks = CreateWindowAux::new();
    screen.create_window(0, window, root, 0, 0, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &looks)?.check()?;
    let (utf8, answer) = (atom(&screen, "UTF8_STRING")?, atom(&screen, "SOLTI_TEST")?);
    screen.convert_selection(window, AtomEnum::PRIMARY.into(), utf8, answer, CURRENT_TIME)?.check()?;
    loop {
        let Event::SelectionNotify(told) = screen.wait_for_event()? else { continue };
        if told.property == x11rb::NONE {
            return Ok(None);
        }
        let found = screen.get_property(true, window, answer, AtomEnum::ANY, 0, 1 << 16)?.reply()?;
        return Ok(Some(String::from_utf8_lossy(&found.value).into_owned()));
    }
}

/// Turns the wheel by one notch over the window that is uppermost of those with such a title, while Control is held.
pub fn turn_wheel_with_control(
    display: &str,
    titled: impl Fn(&str) -> bool,
    up: bool,
) -> Result<(), ScreenError> {
    const CONTROL: u32 = 0xffe3;
    let (screen, number) = x11rb::connect(Some(display))?;
    let root = screen.setup().roots[number].root;
    let window = *visible(&screen, number, titled)?.last().expect("a window");
    let size = screen.get_geometry(window)?.reply()?;
    let middle = (size.width / 2, size.height / 2);
    let at = screen.translate_coordinates(window, root, middle.0 as i16, middle.1 as i16)?.reply()?;
    let (first, last) = (screen.setup().min_keycode, screen.setup().max_keycode);
    let map = screen.get_keyboard_mapping(first, last - first + 1)?.reply()?;
    let mut keys = map.keysyms.chunks(map.keysyms_per_keycode.into());
    let control = first + keys.position(|symbols| symbols.contains(&CONTROL)).expect("a key") as u8;
    let button = if up { 4 } else { 5 };
    let fake = |kind: u8, detail: u8| -> Result<(), ScreenError> {
        Ok(screen.xtest_fake_input(kind, detail, CURRENT_TIME, root, at.dst_x, at.dst_y, 0)?.check()?)
    };
    fake(MOTION_NOTIFY_EVENT, 0)?;
    fake(KEY_PRESS_EVENT, control)?;
    fake(BUTTON_PRESS_EVENT, button)?;
    fake(BUTTON_RELEASE_EVENT, button)?;
    fake(KEY_RELEASE_EVENT, control)
}

/// Hears what a window asks of the window manager, of which there is none.
pub struct Requests {
    screen: RustConnection,
    fullscreen: u32,
}

pub fn hear_requests(display: &str) -> Result<Requests, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    let root = screen.setup().roots[number].root;
    let heard = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
    screen.change_window_attributes(root, &heard)?.check()?;
    let fullscreen = atom(&screen, "_NET_WM_STATE_FULLSCREEN")?;
    Ok(Requests { screen, fullscreen })
}

impl Requests {
    /// Whether a window has asked for the whole screen since this was asked last.
    pub fn wants_whole_screen(&self) -> Result<bool, ScreenError> {
        let mut asked = false;
        while let Some(event) = self.screen.poll_for_event()? {
            if let Event::ClientMessage(message) = event {
                const ADD: u32 = 1;
                let data = message.data.as_data32();
                asked |= data[0] == ADD && data[1..3].contains(&self.fullscreen);
            }
        }
        Ok(asked)
    }
}

/// Types ASCII text in place of what is there, and then Return, into the window of this title. Without a window manager nobody has
/// given it the keyboard.
pub fn type_into(display: &str, title: &str, text: &str) -> Result<(), ScreenError> {
    const SHIFT: u32 = 0xffe1;
    const CONTROL: u32 = 0xffe3;
    const RETURN: u32 = 0xff0d;
    let (screen, number) = x11rb::connect(Some(display))?;
    let window = visible(&screen, number, |found| found == title)?[0];
    screen.set_input_focus(InputFocus::PARENT, window, CURRENT_TIME)?.check()?;
    let setup = screen.setup();
    let (first, last) = (setup.min_keycode, setup.max_keycode);
    let map = screen.get_keyboard_mapping(first, last - first + 1)?.reply()?;
    // The key of a symbol, and whether it takes shift. Those of Latin letters are their codes.
    let key = |symbol: u32| {
        let at = |level: usize| {
            let keys = map.keysyms.chunks(map.keysyms_per_keycode.into());
            let found = keys.enumerate().find(|(_, symbols)| symbols.get(level) == Some(&symbol));
            found.map(|(n, _)| (first + n as u8, level == 1))
        };
        at(0).or_else(|| at(1)).unwrap_or_else(|| panic!("no key for {symbol:#x}"))
    };
    let press = |code: u8, down: bool| -> Result<(), ScreenError> {
        let kind = if down { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT };
        Ok(screen.xtest_fake_input(kind, code, CURRENT_TIME, window, 0, 0, 0)?.check()?)
    };
    let ((shift, _), (control, _), (all, _)) = (key(SHIFT), key(CONTROL), key('a'.into()));
    for (code, down) in [(control, true), (all, true), (all, false), (control, false)] {
        press(code, down)?;
    }
    for symbol in text.bytes().map(u32::from).chain([RETURN]) {
        let (code, shifted) = key(symbol);
        if shifted {
            press(shift, true)?;
        }
        press(code, true)?;
        press(code, false)?;
        if shifted {
            press(shift, false)?;
        }
    }
    Ok(())
}

/// The windows with such a title that can be seen and have a cross.
fn visible(
    screen: &RustConnection,
    number: usize,
    titled: impl Fn(&str) -> bool,
) -> Result<Vec<Window>, ScreenError> {
    let (protocols, delete) = (atom(screen, "WM_PROTOCOLS")?, atom(screen, "WM_DELETE_WINDOW")?);
    let (name, utf8) = (atom(screen, "_NET_WM_NAME")?, atom(screen, "UTF8_STRING")?);
    let has_cross = |window: Window| -> Result<bool, ScreenError> {
        if screen.get_window_attributes(window)?.reply()?.map_state != MapState::VIEWABLE {
            return Ok(false);
        }
        let takes = screen.get_property(false, window, protocols, AtomEnum::ATOM, 0, 32)?.reply()?;
        let title = screen.get_property(false, window, name, utf8, 0, 256)?.reply()?.value;
        let closes = takes.value32().is_some_and(|mut all| all.any(|one| one == delete));
        Ok(closes && titled(&String::from_utf8_lossy(&title)))
    };
    let mut found = Vec::new();
    for window in screen.query_tree(screen.setup().roots[number].root)?.reply()?.children {
        match has_cross(window) {
            Ok(true) => found.push(window),
            Ok(false) => {}
            // Gone since they were listed.
            Err(ScreenError::Reply(ReplyOrIdError::X11Error(error)))
                if error.error_kind == ErrorKind::Window => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn atom(screen: &RustConnection, name: &str) -> Result<u32, ScreenError> {
    Ok(screen.intern_atom(false, name.as_bytes())?.reply()?.atom)
}
