//! What a row must hold to match: strings that no match is without, found in the pattern's syntax tree. Everything is said
//! of folded text (ASCII letters in lower case), because one filter serves patterns of either case.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::expression::Expression;
use super::fields;
use super::query::{MAX_NESTING, SearchQuery};

/// A condition on folded bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Required {
    /// Nothing is known.
    Anything,
    /// These bytes, one behind the other.
    String(Vec<u8>),
    All(Vec<Required>),
    /// At least one of them.
    Any(Vec<Required>),
}

/// More alternatives than this are not looked at one by one.
const MAX_ALTERNATIVES: usize = 64;

impl Required {
    /// What the matching rows of a query hold, if anything is known.
    pub(super) fn of(query: &SearchQuery) -> Self {
        // The filters are of UTF-8.
        if query.invert || !query.encoding.is_utf8() {
            return Self::Anything;
        }
        let Ok(expression) = Expression::of(query) else { return Self::Anything };
        let mut all: Vec<Self> = std::iter::once(expression.as_regex())
            .chain(fields::signs(&query.fields))
            .map(|text| Self::of_text(&text, !query.case_sensitive))
            .collect();
        if all.len() == 1 { all.swap_remove(0) } else { Self::All(all) }
    }

    /// Of an expression.
    fn of_text(text: &str, case_insensitive: bool) -> Self {
        let parsed = ParserBuilder::new()
            .utf8(false)
            .multi_line(true)
            .case_insensitive(case_insensitive)
            .nest_limit(MAX_NESTING)
            .build()
            .parse(text);
        parsed.map_or(Self::Anything, |hir| Self::of_hir(&hir))
    }

    fn of_hir(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::String(Vec::new()),
            HirKind::Literal(literal) => Self::String(literal.0.to_ascii_lowercase()),
            HirKind::Class(class) => {
                folded_letter(class).map_or(Self::Anything, |letter| Self::String(vec![letter]))
            }
            HirKind::Repetition(repetition) if repetition.min == 0 => Self::Anything,
            HirKind::Repetition(repetition) => {
                let once = Self::of_hir(&repetition.sub);
                // What follows adjoins the last time, what precedes the first: only one time is both.
                if repetition.min == 1 && repetition.max == Some(1) { once } else { Self::All(vec![once]) }
            }
            HirKind::Capture(capture) => Self::of_hir(&capture.sub),
            HirKind::Concat(parts) => {
                let mut all: Vec<Self> = Vec::new();
                for part in parts {
                    match (Self::of_hir(part), all.last_mut()) {
                        (Self::String(more), Some(Self::String(before))) => before.extend(more),
                        (next, _) => all.push(next),
                    }
                }
                if all.len() == 1 { all.swap_remove(0) } else { Self::All(all) }
            }
            HirKind::Alternation(parts) if parts.len() <= MAX_ALTERNATIVES => {
                Self::Any(parts.iter().map(Self::of_hir).collect())
            }
            HirKind::Alternation(_) => Self::Anything,
        }
    }
}

/// The letter that all of the class's characters are, whatever their case.
fn folded_letter(class: &Class) -> Option<u8> {
    let mut letters = Vec::new();
    match class {
        Class::Unicode(class) => {
            for range in class.ranges() {
                if u32::from(range.end()) - u32::from(range.start()) > 1 {
                    return None;
                }
                letters.extend((range.start()..=range.end()).map(fold));
            }
        }
        Class::Bytes(class) => {
            for range in class.ranges() {
                if range.end() - range.start() > 1 {
                    return None;
                }
                letters.extend(
                    (range.start()..=range.end())
                        .map(|byte| byte.is_ascii().then(|| byte.to_ascii_lowercase())),
                );
            }
        }
    }
    let first = letters.first().copied().flatten()?;
    letters.iter().all(|letter| *letter == Some(first)).then_some(first)
}

/// Two characters beyond ASCII are letters of it in another case; a block that holds one of them is never skipped.
fn fold(c: char) -> Option<u8> {
    match c {
        'ſ' => Some(b's'),
        '\u{212a}' => Some(b'k'),
        c => c.is_ascii().then(|| c.to_ascii_lowercase() as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str, regex: bool, case_sensitive: bool) -> Required {
        Required::of(&SearchQuery {
            pattern: pattern.into(),
            regex,
            case_sensitive,
            ..SearchQuery::default()
        })
    }

    fn string(text: &str) -> Required {
        Required::String(text.as_bytes().to_vec())
    }

    #[test]
    fn literals_are_required_as_a_whole_in_either_case() {
        assert_eq!(of("Task Killed.", false, true), string("task killed."));
        assert_eq!(of("Task Killed.", false, false), string("task killed."));
        assert_eq!(of("(?i)Disk", true, true), string("disk"));
        assert_eq!(of(r"^\bdisk$", true, true), string("disk"));
    }

    #[test]
    fn what_an_expression_cannot_do_without_is_found() {
        assert_eq!(
            of(r"ab+c", true, true),
            Required::All(vec![string("a"), Required::All(vec![string("b")]), string("c")])
        );
        assert_eq!(of(r"a(bc)d", true, true), string("abcd"));
        assert_eq!(of(r"error|panic", true, true), Required::Any(vec![string("error"), string("panic")]));
        assert_eq!(of(r"x*", true, true), Required::Anything);
        assert_eq!(
            of(r"key=\d+;", true, true),
            Required::All(vec![string("key="), Required::All(vec![Required::Anything]), string(";")])
        );
        assert_eq!(of("[ab]", true, true), Required::Anything);
    }

    #[test]
    fn nothing_is_required_of_rows_that_do_not_match() {
        let inverted = SearchQuery { pattern: "error".into(), invert: true, ..SearchQuery::default() };
        assert_eq!(Required::of(&inverted), Required::Anything);
    }
}
