//! What a shell makes of the unquoted characters of one word: other words, names of files, a home directory. The grammar takes
//! such a word as one.

/// Stands in a word for what was quoted, and for what is put in its place.
pub(crate) const TAKEN: char = '\u{1}';

/// The signs in a word that a shell would not leave as they are, in the order in which they are looked for.
pub(crate) fn signs(word: &str) -> impl Iterator<Item = &'static str> {
    let of_names = |sign: char| word.contains(sign);
    [
        (is_home(word), "~"),
        (has_braces(word), "{}"),
        (of_names('*'), "*"),
        (of_names('?'), "?"),
        (has_set(word), "[]"),
    ]
    .into_iter()
    .filter_map(|(is_there, sign)| is_there.then_some(sign))
}

/// `~`, `~/x`, `~user`, and behind what looks like the setting of a variable.
fn is_home(word: &str) -> bool {
    let set = word.split_once('=').filter(|(name, _)| is_name(name)).map(|(_, value)| value);
    [Some(word), set].into_iter().flatten().any(|word| {
        let name = word.strip_prefix('~').map(|rest| rest.split('/').next().unwrap_or_default());
        name.is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || "+-_.".contains(c)))
    })
}

/// A variable could have it.
pub(crate) fn is_name(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic())
        && chars.all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// `[ab]`: one of several characters.
fn has_set(word: &str) -> bool {
    word.split_once('[').is_some_and(|(_, rest)| rest.chars().skip(1).any(|c| c == ']'))
}

/// `{a,b}` and `{1..9}`, which are several words.
fn has_braces(word: &str) -> bool {
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (at, c) in word.char_indices() {
        match (c, open.last_mut()) {
            ('{', _) => open.push((at + 1, false)),
            (',', Some((_, several))) => *several = true,
            ('}', Some(_)) => {
                let Some((from, several)) = open.pop() else { continue };
                if several || is_sequence(&word[from..at]) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// `1..9`, `a..f`, each with a step or without.
fn is_sequence(text: &str) -> bool {
    let parts: Vec<&str> = text.split("..").collect();
    let is_number = |part: &&str| {
        let digits = part.strip_prefix(['-', '+']).unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_letter = |part: &&str| part.len() == 1 && part.as_bytes()[0].is_ascii_alphabetic();
    match parts.as_slice() {
        [from, to] | [from, to, _] => {
            parts.get(2).is_none_or(is_number)
                && (is_number(from) && is_number(to) || is_letter(from) && is_letter(to))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_by_what_a_shell_makes_of_them() {
        for (word, expected) in [
            ("a{b,c}d", "{}"),
            ("{a,{b,c}}", "{}"),
            ("{{a},b}", "{}"),
            ("{1..9}", "{}"),
            ("{a..f..2}", "{}"),
            ("{1..x}", ""),
            ("HEAD@{1}", ""),
            ("--x={}", ""),
            ("{a", ""),
            ("a,b}", ""),
            ("~", "~"),
            ("~/x", "~"),
            ("~me/x", "~"),
            ("x=~/y", "~"),
            ("--x=~/y", ""),
            ("a~", ""),
            ("~\u{1}", ""),
            ("*.txt", "*"),
            ("a?", "?"),
            ("[ab].c", "[]"),
            ("a[", ""),
            ("[]", ""),
        ] {
            assert_eq!(signs(word).collect::<Vec<_>>().join(" "), expected, "{word}");
        }
    }
}
