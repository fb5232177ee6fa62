//! The ways in which a letter with marks may be written: with each mark behind it, with some or all of them in one character, and marks
//! that do not touch each other in any order. All of them are the same text (Unicode calls them canonically equivalent).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose};

/// With more marks upon one letter it is looked for in its shortest and in its longest form alone.
const MAX_MARKS: usize = 4;

/// A text, letter by letter, each in all of its spellings; the composed one is the first.
pub(super) fn letters(text: &str) -> Vec<Vec<String>> {
    let mut letters: Vec<Vec<char>> = Vec::new();
    for c in text.nfd() {
        match letters.last_mut() {
            Some(letter) if is_mark(c) || compose(composed(letter), c).is_some() => letter.push(c),
            _ => letters.push(vec![c]),
        }
    }
    letters.iter().map(|letter| spellings(letter)).collect()
}

/// The other spellings of one character.
pub(super) fn others(c: char) -> Vec<String> {
    if c.is_ascii() {
        return Vec::new();
    }
    let mut all = letters(c.encode_utf8(&mut [0; 4]));
    let mut others = if all.len() == 1 { all.swap_remove(0) } else { Vec::new() };
    others.retain(|spelling| !spelling.chars().eq([c]));
    others
}

/// Whether it belongs to the letter before it.
pub(super) fn is_mark(c: char) -> bool {
    canonical_combining_class(c) != 0
}

/// The letter with as many of its marks as one character holds.
fn composed(letter: &[char]) -> char {
    letter.iter().copied().reduce(|all, mark| compose(all, mark).unwrap_or(all)).unwrap_or_default()
}

/// `letter` is decomposed: its first character, and its marks.
fn spellings(letter: &[char]) -> Vec<String> {
    let mut found = vec![letter.iter().copied().nfc().collect::<String>()];
    let Some((first, marks)) = letter.split_first().filter(|(_, marks)| !marks.is_empty()) else {
        return found;
    };
    let mut orders = Vec::new();
    if marks.len() <= MAX_MARKS {
        each_order(&mut Vec::new(), marks, &mut orders);
    } else {
        orders.push(marks.to_vec());
    }
    for order in orders {
        let mut head = *first;
        for taken in 0..=order.len() {
            let rest = &order[taken..];
            let spelling: String = std::iter::once(head).chain(rest.iter().copied()).collect();
            if !found.contains(&spelling) {
                found.push(spelling);
            }
            let Some(more) = rest.first().and_then(|mark| compose(head, *mark)) else { break };
            head = more;
        }
    }
    found
}

/// Marks of one class stand in the order in which they were put on; nothing passes what is no mark.
fn each_order(before: &mut Vec<char>, left: &[char], orders: &mut Vec<Vec<char>>) {
    if left.is_empty() {
        orders.push(before.clone());
    }
    for (at, mark) in left.iter().enumerate() {
        let class = canonical_combining_class(*mark);
        let passes = |other: &char| {
            let other = canonical_combining_class(*other);
            class != 0 && other != 0 && class != other
        };
        if left[..at].iter().all(passes) {
            let mut rest = left.to_vec();
            before.push(rest.remove(at));
            each_order(before, &rest, orders);
            before.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_written_in_all_ways_that_are_the_same_text() {
        for (text, expected) in [
            ("e", &["e"][..]),
            ("\u{e9}", &["\u{e9}", "e\u{301}"]),
            (
                "\u{1ec7}",
                &["\u{1ec7}", "e\u{323}\u{302}", "\u{1eb9}\u{302}", "e\u{302}\u{323}", "\u{ea}\u{323}"],
            ),
            // Two marks at one place stay in their order.
            ("x\u{301}\u{302}", &["x\u{301}\u{302}"]),
            ("x\u{323}\u{302}", &["x\u{323}\u{302}", "x\u{302}\u{323}"]),
            ("\u{ac01}", &["\u{ac01}", "\u{1100}\u{1161}\u{11a8}", "\u{ac00}\u{11a8}"]),
        ] {
            let found = letters(text);
            assert_eq!(found, [expected], "{text}");
            for spelling in &found[0] {
                assert!(spelling.nfd().eq(text.nfd()), "{text}: {spelling}");
                assert_eq!(letters(spelling), found, "from any of them");
            }
        }
        assert_eq!(letters("a\u{e9}b").len(), 3);
        let many = format!("e{}", "\u{323}\u{302}".repeat(20));
        assert!(letters(&many)[0].len() <= 4, "bounded");
    }
}
