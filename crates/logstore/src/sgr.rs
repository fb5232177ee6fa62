//! How text looks after SGR sequences: colours and attributes. The page draws by the same rules
//! (ui/src/lib/logs/text/ansi.ts). Where a row's text gets its look from is `style`'s work.

use std::fmt;

/// A colour of the palette, or a true one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Color {
    Indexed(u8),
    True([u8; 3]),
}

/// What is switched on. Shown as the parameters that switch it on, without any when nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    fg: Option<Color>,
    bg: Option<Color>,
    /// A bit for each of [`FLAGS`].
    flags: u8,
}

/// Bold, dim, italic, underline, inverse, strike: what switches them on.
const FLAGS: [u16; 6] = [1, 2, 3, 4, 7, 9];
const BOLD_AND_DIM: u8 = 0b11;
const UNDERLINE: u8 = 1 << 3;

/// A number, or none where there are no digits; [`WRONG`] for what is no number or too large for any meaning.
type Part = Option<u16>;
const WRONG: u16 = u16::MAX;

impl Style {
    /// Whether nothing is switched on.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Applies the parameters of one sequence. Colons join the parts of one colour, semicolons separate attributes; the old
    /// form of a colour uses semicolons for both.
    pub(crate) fn apply(&mut self, params: &[u8]) {
        let mut groups = params.split(|byte| *byte == b';').map(group);
        while let Some(group) = groups.next() {
            match group.first().unwrap_or(0) {
                code @ (38 | 48) => {
                    let color = match (group.count, group.parts[1]) {
                        (2.., Some(2)) if group.count < 5 => None,
                        (2.., Some(2)) => true_color(group.last),
                        (2.., _) => indexed(group.parts[2]),
                        _ => match groups.next().and_then(|form| form.first()) {
                            Some(5) => indexed(groups.next().and_then(|group| group.first())),
                            Some(2) => {
                                let rest = [groups.next(), groups.next(), groups.next()];
                                let [Some(r), Some(g), Some(b)] = rest else { return };
                                true_color([r.parts[0], g.parts[0], b.parts[0]])
                            }
                            _ => return,
                        },
                    };
                    if color.is_some() {
                        *(if code == 38 { &mut self.fg } else { &mut self.bg }) = color;
                    }
                }
                4 if group.count > 1 => {
                    self.flags &= !UNDERLINE;
                    if group.parts[1] != Some(0) {
                        self.flags |= UNDERLINE;
                    }
                }
                code => self.simple(code),
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

fn indexed(part: Part) -> Option<Color> {
    part.and_then(|index| u8::try_from(index).ok()).map(Color::Indexed)
}

fn true_color(parts: [Part; 3]) -> Option<Color> {
    let [r, g, b] = parts.map(|part| u8::try_from(part.unwrap_or(0)).ok());
    Some(Color::True([r?, g?, b?]))
}

/// The first and the last parts between two semicolons.
#[derive(Clone, Copy)]
struct Group {
    parts: [Part; 3],
    last: [Part; 3],
    count: usize,
}

impl Group {
    fn first(&self) -> Part {
        self.parts[0]
    }
}

fn group(bytes: &[u8]) -> Group {
    let mut group = Group { parts: [None; 3], last: [None; 3], count: 0 };
    for part in bytes.split(|byte| *byte == b':') {
        let number = || std::str::from_utf8(part).ok()?.parse().ok();
        let part = (!part.is_empty()).then(|| number().unwrap_or(WRONG));
        if let Some(slot) = group.parts.get_mut(group.count) {
            *slot = part;
        }
        group.last = [group.last[1], group.last[2], part];
        group.count += 1;
    }
    group
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The page reads the same cases.
    const CASES: &str = include_str!("../../../ui/src/lib/logs/text/sgr-cases.txt");

    fn style<'a>(sequences: impl IntoIterator<Item = &'a str>) -> Style {
        let mut style = Style::default();
        for params in sequences {
            style.apply(params.as_bytes());
        }
        style
    }

    #[test]
    fn what_is_on_is_told_as_it_is_switched_on() {
        let cases: Vec<&str> = CASES.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(cases.len() > 30);
        for case in cases {
            let (sequences, expected) = case.rsplit_once(']').expect("sequences in brackets");
            let on = style(sequences.split(']').map(|one| one.trim_start().trim_start_matches('[')));
            assert_eq!(on.to_string(), expected.trim(), "{case}");
            assert_eq!(style([expected.trim()]), on, "{case}");
        }
    }
}
