//! From what a person typed to the regular expression that is searched for: a letter with its marks finds itself however it was
//! composed, and what is no expression says why in one line.

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{self, Ast, ClassSet, ClassSetItem, ErrorKind, Span, Visitor};
use regex_syntax::hir::{self, translate::TranslatorBuilder};
use solti_rows::Severity;
use unicode_normalization::UnicodeNormalization;

use super::fields;
use super::query::{MAX_NESTING, PatternError, SearchQuery};

/// The pattern as a regular expression, and as it is compiled: `literal` has no operators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expression {
    /// Empty where every row matches.
    pub text: String,
    pub literal: bool,
    /// No person wrote it, so what they say of theirs is not said of it.
    pub own: bool,
}

impl Expression {
    /// # Errors
    /// When the pattern of a regular expression is none.
    pub(super) fn of(query: &SearchQuery) -> Result<Self, PatternError> {
        if query.pattern.is_empty() {
            let signs = match fields::signs(&query.fields).into_iter().next() {
                // Either case is said in it, as of the pattern.
                Some(sign) if !query.case_sensitive => format!("(?i:{sign})"),
                Some(sign) => sign,
                None => query.severity.map_or("", Severity::signs).to_owned(),
            };
            return Ok(Self { text: signs, literal: false, own: true });
        }
        if !query.regex {
            if query.pattern.is_ascii() {
                return Ok(Self { text: query.pattern.clone(), literal: true, ..Self::default() });
            }
            let either = query.pattern.nfc().map(either_form).collect::<String>();
            return Ok(Self { text: either, ..Self::default() });
        }
        parse(&query.pattern)?;
        if query.pattern.is_ascii() {
            return Ok(Self { text: query.pattern.clone(), ..Self::default() });
        }
        // A mark that was typed behind its letter belongs to it. What that makes illegal is searched for as it is.
        let composed = query.pattern.nfc().collect::<String>();
        let text = match parse(&composed) {
            Ok(parsed) => in_either_form(&composed, &parsed),
            Err(_) => query.pattern.clone(),
        };
        Ok(Self { text, ..Self::default() })
    }

    /// In the syntax of a regular expression.
    pub(super) fn as_regex(&self) -> String {
        if self.literal { regex_syntax::escape(&self.text) } else { self.text.clone() }
    }
}

fn parse(pattern: &str) -> Result<Ast, PatternError> {
    let parsed = ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(pattern);
    parsed.map_err(|error| PatternError::Syntax {
        what: what(&error, pattern),
        column: error.span().start.column,
    })
}

/// What is wrong with a pattern that is well formed and yet means nothing.
pub(super) fn unmeaning(pattern: &str) -> Option<PatternError> {
    let parsed = parse(pattern).ok()?;
    let error = TranslatorBuilder::new().utf8(false).build().translate(pattern, &parsed).err()?;
    let Span { start, end } = error.span();
    let at = pattern.get(start.offset..end.offset).unwrap_or_default();
    let what = match error.kind() {
        hir::ErrorKind::UnicodePropertyNotFound => format!("{at} names no property of Unicode"),
        hir::ErrorKind::UnicodePropertyValueNotFound => {
            format!("{at} names no value of a property of Unicode")
        }
        other => other.to_string(),
    };
    Some(PatternError::Syntax { what, column: start.column })
}

/// What is wrong, in a few words.
fn what(error: &ast::Error, pattern: &str) -> String {
    let at = |span: &Span| pattern.get(span.start.offset..span.end.offset).unwrap_or_default();
    match error.kind() {
        ErrorKind::GroupUnclosed => "unclosed (".into(),
        ErrorKind::GroupUnopened => "unopened )".into(),
        ErrorKind::ClassUnclosed => "unclosed [".into(),
        ErrorKind::ClassRangeInvalid => format!("{} ends before it begins", at(error.span())),
        ErrorKind::RepetitionCountUnclosed => "unclosed {".into(),
        ErrorKind::RepetitionMissing => {
            let operator = pattern[error.span().start.offset..].chars().next();
            format!("nothing to repeat before {}", operator.map(String::from).unwrap_or_default())
        }
        ErrorKind::EscapeUnexpectedEof => "nothing behind the backslash".into(),
        ErrorKind::EscapeUnrecognized => format!("{} stands for nothing", at(error.span())),
        ErrorKind::UnsupportedBackreference => "references to groups are not supported".into(),
        ErrorKind::UnsupportedLookAround => "looking ahead and behind is not supported".into(),
        other => other.to_string(),
    }
}

/// The character, or what it decomposes to.
fn either_form(c: char) -> String {
    let composed = regex_syntax::escape(c.encode_utf8(&mut [0; 4]));
    let decomposed = decomposed(c);
    decomposed.map_or_else(|| composed.clone(), |decomposed| format!("(?:{composed}|{decomposed})"))
}

/// The other way to write a character, if there is one.
fn decomposed(c: char) -> Option<String> {
    let decomposed: String = std::iter::once(c).nfd().collect();
    (decomposed.chars().ne([c])).then_some(decomposed)
}

/// The expression with each literal that can be written in two ways, and each class that holds one, in both.
fn in_either_form(pattern: &str, parsed: &Ast) -> String {
    let Ok(replaced) = ast::visit(parsed, Composed::default());
    let mut text = pattern.to_owned();
    // From the end, so that what is before stays where it is.
    for (span, alternatives) in replaced.into_iter().rev() {
        let range = span.start.offset..span.end.offset;
        let one = &pattern[range.clone()];
        text.replace_range(range, &format!("(?:{one}|{})", alternatives.join("|")));
    }
    text
}

/// Finds the literals and classes that have other forms, in the order of the pattern.
#[derive(Default)]
struct Composed {
    found: Vec<(Span, Vec<String>)>,
}

impl Visitor for Composed {
    type Output = Vec<(Span, Vec<String>)>;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::Literal(literal) => {
                self.found.extend(decomposed(literal.c).map(|other| (literal.span, vec![other])));
            }
            // A class of few characters; what an operator or a negation makes of them has one character in any form.
            Ast::ClassBracketed(class) if !class.negated => {
                if let ClassSet::Item(item) = &class.kind {
                    let mut others = Vec::new();
                    alternatives(item, &mut others);
                    if !others.is_empty() {
                        self.found.push((class.span, others));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn alternatives(item: &ClassSetItem, others: &mut Vec<String>) {
    match item {
        ClassSetItem::Literal(literal) => others.extend(decomposed(literal.c)),
        ClassSetItem::Union(union) => union.items.iter().for_each(|item| alternatives(item, others)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str, regex: bool) -> Expression {
        Expression::of(&SearchQuery { pattern: pattern.into(), regex, ..SearchQuery::default() }).unwrap()
    }

    #[test]
    fn a_letter_with_a_mark_is_looked_for_in_both_forms() {
        let both = "caf(?:\u{e9}|e\u{301})";
        for (pattern, regex) in [("caf\u{e9}", false), ("cafe\u{301}", false), ("cafe\u{301}", true)] {
            assert_eq!(of(pattern, regex).text, both, "{pattern:?}");
        }
        assert_eq!(of("[ao\u{e9}]+", true).text, "(?:[ao\u{e9}]|e\u{301})+");
        assert_eq!(of("[^\u{e9}]", true).text, "[^\u{e9}]");
        assert_eq!(of("a.c", false), Expression { text: "a.c".into(), literal: true, own: false });
        assert_eq!(of("\u{e9}.*", false).text, "(?:\u{e9}|e\u{301})\\.\\*");
        assert_eq!(of("日本", false).text, "日本");
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line_with_its_place() {
        for (pattern, said) in [
            ("(", "unclosed ( at column 1"),
            ("a(b", "unclosed ( at column 2"),
            ("ab)", "unopened ) at column 3"),
            ("ä[x", "unclosed [ at column 2"),
            ("a{2", "unclosed { at column 2"),
            ("*a", "nothing to repeat before * at column 1"),
            ("a\\", "nothing behind the backslash, at column 2"),
            (r"a\y", r"\y stands for nothing, at column 2"),
            (r"(a)\1", "references to groups are not supported, at column 4"),
            ("[z-a]", "z-a ends before it begins, at column 2"),
            ("a{2,1}", "invalid repetition count range, the start must be <= the end, at column 2"),
            ("(?=a)", "looking ahead and behind is not supported, at column 1"),
        ] {
            let query = SearchQuery { pattern: pattern.into(), regex: true, ..SearchQuery::default() };
            assert_eq!(Expression::of(&query).unwrap_err().to_string(), said, "{pattern}");
        }
        for (pattern, said) in [
            (r"ä\p{Foo}", r"\p{Foo} names no property of Unicode, at column 2"),
            (r"\p{Script=Foo}", r"\p{Script=Foo} names no value of a property of Unicode, at column 1"),
        ] {
            let query = SearchQuery { pattern: pattern.into(), regex: true, ..SearchQuery::default() };
            assert_eq!(query.compile().unwrap_err().to_string(), said, "{pattern}");
        }
    }
}
