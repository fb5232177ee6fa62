//! Characters that a row must not hand on as they are.

/// Whether the character is invisible, steers what shows it, or changes the direction of the text around it. A tab is not.
pub fn is_control(c: char) -> bool {
    matches!(c,
        '\0'..='\x08' | '\x0a'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Bytes that one of these may begin with in UTF-8.
pub(crate) fn may_begin(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' || matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe2)
}
