//! The text of a row as a terminal line shows it, for copying: escape sequences are gone, a carriage return or a backspace
//! goes back and what follows overwrites. The page draws rows by the same rules (ui/src/lib/logs/text/ansi.ts).

/// Control sequences begin with ESC [ or with this character.
const CSI: char = '\u{9b}';
const ST: char = '\u{9c}';

/// What is left of a row.
pub(super) fn shown(text: &str) -> String {
    if !text.contains(['\x1b', CSI, '\r', '\x08']) {
        return text.to_owned();
    }
    let mut line = Line { cells: Vec::new(), column: 0 };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            '\x1b' | CSI if let Some((escape, behind)) = escape(rest) => {
                if let Escape::EraseInLine(what) = escape {
                    line.erase(what);
                }
                rest = behind;
                continue;
            }
            '\r' => line.column = 0,
            '\x08' => line.column = line.column.saturating_sub(1),
            other => line.put(other),
        }
        rest = &rest[first.len_utf8()..];
    }
    line.cells.into_iter().collect()
}

struct Line {
    cells: Vec<char>,
    column: usize,
}

impl Line {
    fn put(&mut self, cell: char) {
        if self.cells.len() <= self.column {
            self.cells.resize(self.column + 1, ' ');
        }
        self.cells[self.column] = cell;
        self.column += 1;
    }

    fn erase(&mut self, what: &str) {
        match what {
            "" | "0" => self.cells.truncate(self.column),
            "1" => self.cells.iter_mut().take(self.column + 1).for_each(|cell| *cell = ' '),
            "2" => self.cells.clear(),
            _ => {}
        }
    }
}

enum Escape<'a> {
    EraseInLine(&'a str),
    Other,
}

/// The escape that the text begins with and what follows it; `None` when it is not complete.
fn escape(text: &str) -> Option<(Escape<'_>, &str)> {
    let mut chars = text.chars();
    let introducer = chars.next()?;
    let after = chars.as_str();
    if introducer == CSI {
        return control_sequence(after);
    }
    match chars.next()? {
        '[' => control_sequence(chars.as_str()),
        kind @ (']' | 'P' | 'X' | '^' | '_') => {
            let string = chars.as_str();
            let end = string.find(|c| c == ST || c == '\x1b' || (c == '\x07' && kind == ']'))?;
            let behind = &string[end..];
            if behind.starts_with('\x1b') {
                return behind.strip_prefix("\x1b\\").map(|behind| (Escape::Other, behind));
            }
            Some((Escape::Other, behind.strip_prefix([ST, '\x07'])?))
        }
        _ => {
            let last = after.trim_start_matches(|c| (' '..='/').contains(&c));
            let behind = last.strip_prefix(|c| ('0'..='~').contains(&c))?;
            Some((Escape::Other, behind))
        }
    }
}

fn control_sequence(text: &str) -> Option<(Escape<'_>, &str)> {
    let after = text.trim_start_matches(|c| ('0'..='?').contains(&c));
    let params = &text[..text.len() - after.len()];
    let last = after.trim_start_matches(|c| (' '..='/').contains(&c));
    let behind = last.strip_prefix(|c| ('@'..='~').contains(&c))?;
    let plain = last.len() == after.len() && !params.starts_with(['<', '=', '>', '?']);
    let erases = plain && last.starts_with('K');
    Some((if erases { Escape::EraseInLine(params) } else { Escape::Other }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same cases as ansi.test.ts has.
    #[test]
    fn a_row_is_copied_as_it_is_shown() {
        for (text, expected) in [
            ("plain \u{e4}", "plain \u{e4}"),
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("10%\r50%\r100%", "100%"),
            ("downloading 9 MB\r\x1b[Kdone", "done"),
            ("downloading\x1b[2K\rdone", "done"),
            ("100%\r50", "500%"),
            ("ab\x08c", "ac"),
            ("abc\x1b[1K", "   "),
            ("abcdef\rxyz\x1b[K", "xyz"),
            ("\x1b]0;title\x07x", "x"),
            ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("\x1bPq#0;2;0;0;0\x1b\\x", "x"),
            ("\x1b[2J\x1b[?25lx\x1b[>4;2m", "x"),
            ("\x1b(Bx\x1b=y", "xy"),
            ("ok\x1b", "ok\x1b"),
            ("ok\x1b[38;5;", "ok\x1b[38;5;"),
            ("\x1b]0;never ends", "\x1b]0;never ends"),
            ("a\0b", "a\0b"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
