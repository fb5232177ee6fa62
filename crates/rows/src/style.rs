//! How text looks after SGR sequences: colours and attributes. What gets them where is `line`'s work.

use std::fmt;

/// A colour of the palette, or a true one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Color {
    /// 0 to 7 are the named colours, 8 to 15 their bright ones, then 216 mixed ones and 24 greys.
    Indexed(u8),
    /// Red, green, blue.
    True([u8; 3]),
}

/// What is switched on. Shown as the parameters that switch it on, without any when nothing is.
///
/// Blinking and concealing are left out on purpose: a log must not flicker, and must not hide anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// Of the text; `None` is the terminal's default.
    pub fg: Option<Color>,
    /// Behind the text; `None` is the terminal's default.
    pub bg: Option<Color>,
    /// A bit for each of [`FLAGS`].
    flags: u8,
}

/// Bold, dim, italic, underline, inverse, strike: what switches them on.
const FLAGS: [u16; 6] = [1, 2, 3, 4, 7, 9];
const BOLD_AND_DIM: u8 = 0b11;
const UNDERLINE: u8 = 1 << 3;

impl Style {
    /// Whether nothing is switched on.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// SGR 1.
    pub fn bold(&self) -> bool {
        self.flags & 1 != 0
    }

    /// SGR 2: fainter than usual. May be on together with bold.
    pub fn dim(&self) -> bool {
        self.flags & 1 << 1 != 0
    }

    /// SGR 3.
    pub fn italic(&self) -> bool {
        self.flags & 1 << 2 != 0
    }

    /// SGR 4 of any kind, and 21, which terminals draw as a double line.
    pub fn underline(&self) -> bool {
        self.flags & UNDERLINE != 0
    }

    /// SGR 7: the colours of text and background change places.
    pub fn inverse(&self) -> bool {
        self.flags & 1 << 4 != 0
    }

    /// SGR 9: struck through.
    pub fn strike(&self) -> bool {
        self.flags & 1 << 5 != 0
    }

    /// What of it is to be seen of a blank.
    pub(crate) fn of_blank(&self) -> Self {
        Self { bg: self.bg, ..Self::default() }
    }

    /// A blank of this style is to be seen.
    pub(crate) fn shows_blanks(&self) -> bool {
        self.bg.is_some() || self.inverse() || self.underline() || self.strike()
    }

    /// Applies the parameters of one sequence. Colons join the parts of one colour, semicolons separate attributes; the old
    /// form of a colour uses semicolons for both.
    pub fn apply<'a>(&mut self, params: impl IntoIterator<Item = &'a [u16]>) {
        let mut groups = params.into_iter();
        while let Some(group) = groups.next() {
            match *group {
                // Of the underline: read past, and not drawn.
                [code @ (38 | 48 | 58), ref parts @ ..] => {
                    let color = if parts.is_empty() {
                        let Some(color) = old_form(&mut groups) else { return };
                        color
                    } else {
                        joined(parts)
                    };
                    match (code, color) {
                        (38, Some(color)) => self.fg = Some(color),
                        (48, Some(color)) => self.bg = Some(color),
                        _ => {}
                    }
                }
                [4, kind, ..] => {
                    self.flags &= !UNDERLINE;
                    if kind != 0 {
                        self.flags |= UNDERLINE;
                    }
                }
                [code, ..] => self.simple(code),
                [] => {}
            }
        }
    }

    fn simple(&mut self, code: u16) {
        let color = |base: u16| Some(Color::Indexed((code - base) as u8));
        match code {
            0 => *self = Self::default(),
            30..=37 => self.fg = color(30),
            40..=47 => self.bg = color(40),
            90..=97 => self.fg = color(82),
            100..=107 => self.bg = color(92),
            39 => self.fg = None,
            49 => self.bg = None,
            21 => self.flags |= UNDERLINE,
            22 => self.flags &= !BOLD_AND_DIM,
            23..=29 => self.flags &= !flag(code - 20),
            on => self.flags |= flag(on),
        }
    }
}

/// The bit of what this switches on; none for what is not drawn.
fn flag(code: u16) -> u8 {
    FLAGS.iter().position(|on| *on == code).map_or(0, |bit| 1 << bit)
}

/// `5;n` or `2;r;g;b`; `None` when the rest of the sequence cannot be told.
fn old_form<'a>(groups: &mut impl Iterator<Item = &'a [u16]>) -> Option<Option<Color>> {
    let mut number = || groups.next().and_then(|group| group.first().copied());
    match number()? {
        5 => Some(indexed(number()?)),
        2 => {
            let (r, g, b) = (number()?, number()?, number()?);
            Some(true_color([r, g, b]))
        }
        _ => None,
    }
}

/// `5:n`, `2:r:g:b`, or `2:space:r:g:b` and what may follow.
fn joined(parts: &[u16]) -> Option<Color> {
    match *parts {
        [5, n, ..] => indexed(n),
        [2, r, g, b] | [2, _, r, g, b, ..] => true_color([r, g, b]),
        _ => None,
    }
}

fn indexed(number: u16) -> Option<Color> {
    u8::try_from(number).ok().map(Color::Indexed)
}

fn true_color(parts: [u16; 3]) -> Option<Color> {
    let [r, g, b] = parts.map(|part| u8::try_from(part).ok());
    Some(Color::True([r?, g?, b?]))
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        let mut put = |f: &mut fmt::Formatter<'_>, part: fmt::Arguments<'_>| {
            f.write_str(std::mem::replace(&mut between, ";"))?;
            f.write_fmt(part)
        };
        for (bit, on) in FLAGS.iter().enumerate() {
            if self.flags & (1 << bit) != 0 {
                put(f, format_args!("{on}"))?;
            }
        }
        for (color, base) in [(self.fg, 30u16), (self.bg, 40)] {
            match color {
                None => {}
                Some(Color::Indexed(index @ ..8)) => put(f, format_args!("{}", base + u16::from(index)))?,
                Some(Color::Indexed(index @ 8..16)) => {
                    put(f, format_args!("{}", base + 52 + u16::from(index)))?
                }
                Some(Color::Indexed(index)) => put(f, format_args!("{};5;{index}", base + 8))?,
                Some(Color::True([r, g, b])) => put(f, format_args!("{};2;{r};{g};{b}", base + 8))?,
            }
        }
        Ok(())
    }
}
