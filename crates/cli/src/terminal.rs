//! What others have written, on its way to this terminal: of tasks, of another machine, of its ssh. All of it goes through
//! here but the lines of logs, which are printed as their program wrote them.

use serde::Serialize;

/// Control characters as their pictures, so that a text can neither steer the terminal nor break a line.
pub fn harmless(text: &str) -> String {
    let shown = |c: char| match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, other ends of lines, and what changes the direction of what follows.
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    };
    text.chars().map(shown).collect()
}

/// As [`harmless`], of a text that may have several lines; all but the first are set in, so that none looks like one of this
/// program.
pub fn harmless_lines(text: &str) -> String {
    text.trim_end().split('\n').map(harmless).collect::<Vec<_>>().join("\n  ")
}

pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(harmless_json)
}

/// JSON, with what JSON leaves as it is and a terminal takes for a command as escapes. Any reader takes it for the same.
pub fn harmless_json(text: String) -> String {
    if !text.bytes().any(|byte| matches!(byte, 0x7f | 0xc2)) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => safe.push_str(&format!("\\u{:04x}", c as u32)),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_instead() {
        assert_eq!(harmless("a\x1b[31m\r\nb\u{9b}2J\u{202e}"), "a␛[31m␍␊b\u{fffd}2J\u{fffd}");
        assert_eq!(harmless_lines("bad\n  (\x1b\nsolti: all is well\n"), "bad\n    (␛\n  solti: all is well");
    }

    #[test]
    fn json_is_the_same_and_steers_nothing() {
        let text = "a\x1b\u{9b}2J\u{7f}ä";
        let safe = json(&text).expect("writes");
        assert_eq!(safe, "\"a\\u001b\\u009b2J\\u007fä\"");
        assert_eq!(serde_json::from_str::<String>(&safe).expect("reads"), text);
    }
}
