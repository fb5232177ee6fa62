//! The ways in which a letter with marks may be written: with each mark behind it, with some or all of them in one character, with one
//! of the characters that only stand for others (the sign of the ohm, compatibility ideographs), and marks that do not touch each other
//! in any order. All of them are the same text (Unicode calls them canonically equivalent).

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose};

/// With more marks upon one letter it is looked for in its shortest and in its longest form alone.
const MAX_MARKS: usize = 4;

/// Where characters are that no normal form has.
const STAND_INS: [RangeInclusive<char>; 9] = [
    '\u{344}'..='\u{387}',
    '\u{958}'..='\u{a5e}',
    '\u{b5c}'..='\u{fb9}',
    '\u{1f71}'..='\u{232a}',
    '\u{2adc}'..='\u{2adc}',
    '\u{f900}'..='\u{faff}',
    '\u{fb1d}'..='\u{fb4e}',
    '\u{1d15e}'..='\u{1d1c0}',
    '\u{2f800}'..='\u{2fa1d}',
];

/// Those characters, by what they stand for.
static STANDING_FOR: LazyLock<HashMap<Vec<char>, Vec<char>>> = LazyLock::new(|| {
    let mut by_meaning: HashMap<_, Vec<char>> = HashMap::new();
    for c in STAND_INS.into_iter().flatten().filter(|c| is_stand_in(*c)) {
        by_meaning.entry(std::iter::once(c).nfd().collect()).or_default().push(c);
    }
    by_meaning
});

fn is_stand_in(c: char) -> bool {
    !std::iter::once(c).nfc().eq([c])
}

fn standing_for(text: &[char]) -> &'static [char] {
    STANDING_FOR.get(text).map_or(&[], Vec::as_slice)
}

/// A text, letter by letter, each in all of its spellings; the composed one is the first.
pub(super) fn letters(text: &str) -> Vec<Vec<String>> {
    typed_letters(text).iter().map(|typed| spellings(typed)).collect()
}

/// The text with each mark that was typed behind its letter in one character with that, where there is one.
pub(super) fn composed(text: &str) -> String {
    let compose = |letter: String| match letter.chars().count() {
        1 => letter,
        _ => letter.nfc().collect(),
    };
    typed_letters(text).into_iter().map(compose).collect()
}

/// The other spellings of one character.
pub(super) fn others(c: char) -> Vec<String> {
    if c.is_ascii() {
        return Vec::new();
    }
    let mut others = spellings(c.encode_utf8(&mut [0; 4]));
    others.retain(|spelling| !spelling.chars().eq([c]));
    others
}

/// Whether `next` belongs to the letter that ends in the character before it.
pub(super) fn belongs(before: char, next: char) -> bool {
    canonical_combining_class(next) != 0 || !standing_for(&[before, next]).is_empty()
}

/// The text cut into letters with their marks.
fn typed_letters(text: &str) -> Vec<String> {
    let mut letters: Vec<(String, Vec<char>)> = Vec::new();
    for c in text.chars() {
        let decomposed: Vec<char> = std::iter::once(c).nfd().collect();
        let first = decomposed[0];
        match letters.last_mut() {
            Some((typed, letter))
                if letter.last().is_some_and(|last| belongs(*last, first))
                    || compose(all_in_one(letter), first).is_some() =>
            {
                typed.push(c);
                letter.extend(decomposed);
            }
            _ => letters.push((c.into(), decomposed)),
        }
    }
    letters.into_iter().map(|(typed, _)| typed).collect()
}

/// The letter with as many of its marks as one character holds.
fn all_in_one(letter: &[char]) -> char {
    letter.iter().copied().nfc().next().unwrap_or_default()
}

/// One letter in all ways, as it was typed too.
fn spellings(typed: &str) -> Vec<String> {
    let letter: Vec<char> = typed.nfd().collect();
    let mut found = vec![letter.iter().copied().nfc().collect::<String>()];
    let (first, marks) = letter.split_at(1);
    let mut add = |spelling: String| {
        if !found.contains(&spelling) {
            found.push(spelling);
        }
    };
    match marks.len() {
        // The sign of the kelvin is no K to those who look for a K.
        0 if first[0].is_ascii() => {}
        0..=MAX_MARKS => {
            let mut orders = Vec::new();
            each_order(&mut first.to_vec(), marks, &mut orders);
            orders.iter().for_each(|order| each_spelling("", order, &mut add));
        }
        _ => add(letter.iter().collect()),
    }
    add(typed.to_owned());
    found
}

/// The characters of `left` behind `before`, in each way in which some of them are one character.
fn each_spelling(before: &str, left: &[char], add: &mut impl FnMut(String)) {
    if left.is_empty() {
        return add(before.to_owned());
    }
    let mut composed = Some(left[0]);
    for taken in 1..=left.len() {
        if taken > 1 {
            composed = composed.and_then(|head| compose(head, left[taken - 1]));
        }
        // A mark that stands for another one is written by nobody.
        let is_mark = taken == 1 && canonical_combining_class(left[0]) != 0;
        let others = if is_mark { &[] } else { standing_for(&left[..taken]) };
        for head in composed.iter().chain(others) {
            each_spelling(&format!("{before}{head}"), &left[taken..], add);
        }
    }
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
    fn all_characters_that_stand_for_others_are_known() {
        let missed: Vec<char> = ('\0'..=char::MAX)
            .filter(|c| is_stand_in(*c) && !STAND_INS.iter().any(|range| range.contains(c)))
            .collect();
        // Marks that nobody writes.
        assert_eq!(missed, ['\u{340}', '\u{341}', '\u{343}']);
    }

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
        for (text, expected) in [
            ("\u{95c}", &["\u{921}\u{93c}", "\u{95c}"][..]),
            ("\u{2126}", &["\u{3a9}", "\u{2126}"]),
            ("\u{212a}", &["K", "\u{212a}"]),
            ("\u{212b}", &["\u{c5}", "A\u{30a}", "\u{212b}"]),
            ("\u{1f71}", &["\u{3ac}", "\u{3b1}\u{301}", "\u{1f71}"]),
            ("\u{8c48}", &["\u{8c48}", "\u{f900}"]),
            ("\u{fb2a}", &["\u{5e9}\u{5c1}", "\u{fb2a}"]),
            ("\u{f43}", &["\u{f42}\u{fb7}", "\u{f43}"]),
            ("q\u{344}", &["q\u{308}\u{301}", "q\u{344}"]),
            ("\u{1d15e}", &["\u{1d157}\u{1d165}", "\u{1d15e}"]),
        ] {
            for spelling in expected.iter().filter(|spelling| !spelling.is_ascii()) {
                let found = letters(spelling);
                assert_eq!(found[0][0], expected[0], "{text}: {spelling}");
                assert!(
                    expected.iter().all(|one| found[0].contains(&(*one).to_owned())),
                    "{text}: {spelling}"
                );
                assert!(found.len() == 1 && found[0].iter().all(|one| one.nfd().eq(text.nfd())), "{text}");
            }
            assert!(text.chars().count() > 1 || composed(text) == text, "{text} as it was typed");
        }
        assert_eq!(composed("(e\u{301}+\u{95c})"), "(\u{e9}+\u{95c})");
        assert_eq!(letters("K"), [["K"]]);
        assert_eq!(letters("a\u{e9}b").len(), 3);
        let many = format!("e{}", "\u{323}\u{302}".repeat(20));
        assert!(letters(&many)[0].len() <= 4, "bounded");
    }
}
