//! From what a person typed to the regular expression that is searched for: a letter with its marks finds itself however it was
//! composed, and what is no expression says why in one line.

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassSet, ClassSetItem, ErrorKind, Span, Visitor, WithComments,
};
use regex_syntax::hir::{self, translate::TranslatorBuilder};
use solti_rows::Severity;
use std::collections::HashSet;

use super::fields;
use super::query::{MAX_NESTING, PatternError, SearchQuery};
use super::spelling;

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
            let any: String = spelling::letters(&query.pattern).iter().map(|letter| any_of(letter)).collect();
            return Ok(Self { text: any, ..Self::default() });
        }
        let typed = parse(&query.pattern)?;
        // A mark that was typed behind its letter belongs to it. What that makes illegal is searched for as it is.
        let composed = spelling::composed(&query.pattern);
        let text = match parse(&composed) {
            Ok(parsed) => of_rows(&composed, &parsed),
            Err(_) => of_rows(&query.pattern, &typed),
        };
        Ok(Self { text, ..Self::default() })
    }

    /// In the syntax of a regular expression.
    pub(super) fn as_regex(&self) -> String {
        if self.literal { regex_syntax::escape(&self.text) } else { self.text.clone() }
    }
}

fn parse(pattern: &str) -> Result<WithComments, PatternError> {
    let parsed = ParserBuilder::new().nest_limit(MAX_NESTING).build().parse_with_comments(pattern);
    parsed.map_err(|error| PatternError::Syntax {
        what: what(&error, pattern),
        column: error.span().start.column,
    })
}

/// What is wrong with a pattern that is well formed and yet means nothing.
pub(super) fn unmeaning(pattern: &str) -> Option<PatternError> {
    let parsed = parse(pattern).ok()?;
    let error = TranslatorBuilder::new().utf8(false).build().translate(pattern, &parsed.ast).err()?;
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

/// Any of these texts.
fn any_of(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| regex_syntax::escape(text)).collect();
    if texts.len() == 1 { texts.concat() } else { format!("(?:{})", texts.join("|")) }
}

/// The expression as it is compiled, where rows are searched many at a time: each letter in all of its spellings, and the beginning and
/// the end of the text as those of a row.
fn of_rows(pattern: &str, parsed: &WithComments) -> String {
    let Ok(mut replaced) = ast::visit(&parsed.ast, Parts::default());
    replaced.sort_by_key(|(span, _)| span.start.offset);
    let mut text = pattern.to_owned();
    // A comment would swallow what is put behind the expression.
    if parsed.comments.last().is_some_and(|last| last.span.end.offset == pattern.len()) {
        text.push('\n');
    }
    // From the end, so that what is before stays where it is.
    for (span, other) in replaced.into_iter().rev() {
        let range = span.start.offset..span.end.offset;
        let other = match other {
            Instead::Of(other) => other,
            Instead::Besides(others) => format!("(?:{}|{})", &pattern[range.clone()], others.join("|")),
        };
        text.replace_range(range, &other);
    }
    text
}

enum Instead {
    /// This, and no longer what was typed.
    Of(String),
    /// What was typed, or any of these.
    Besides(Vec<String>),
}

/// Finds the parts of an expression that are compiled in another form.
#[derive(Default)]
struct Parts {
    found: Vec<(Span, Instead)>,
    /// Where literals begin that are of a part that was found.
    taken: HashSet<usize>,
    /// Numbers may stand for bytes.
    has_bytes: bool,
    has_flags: bool,
}

impl Parts {
    fn flags(&mut self, flags: &ast::Flags) {
        self.has_flags = true;
        self.has_bytes |= flags.flag_state(ast::Flag::Unicode) == Some(false);
    }

    /// Letters whose marks are not in one character with them.
    fn with_marks(&mut self, parts: &[Ast]) {
        let literals = |part: &Ast| match part {
            Ast::Literal(literal) => Some((**literal).clone()),
            _ => None,
        };
        let belongs = |before: &Ast, next: &Ast| {
            let next = literals(next);
            next.is_some_and(|next| {
                spelling::belongs(literals(before).map_or('\0', |before| before.c), next.c)
            })
        };
        for run in parts.chunk_by(belongs) {
            let Some(letter) = run.iter().map(literals).collect::<Option<Vec<_>>>() else { continue };
            let ([first, .., last], false) = (&letter[..], self.has_bytes) else { continue };
            let text: String = letter.iter().map(|literal| literal.c).collect();
            let spellings = spelling::letters(&text).iter().map(|letter| any_of(letter)).collect();
            self.found.push((Span::new(first.span.start, last.span.end), Instead::Of(spellings)));
            self.taken.extend(letter.iter().map(|literal| literal.span.start.offset));
        }
    }

    fn others(&self, literal: &ast::Literal) -> Vec<String> {
        let is_byte = self.has_bytes && literal.kind != ast::LiteralKind::Verbatim;
        if is_byte { Vec::new() } else { spelling::others(literal.c) }
    }

    fn of_class(&self, item: &ClassSetItem, others: &mut Vec<String>) {
        match item {
            ClassSetItem::Literal(literal) => others.extend(self.others(literal)),
            ClassSetItem::Range(range) if !self.has_bytes => {
                let (start, end) = (range.start.c, range.end.c);
                // A longer one is meant to be what is in no alphabet.
                if u32::from(end) - u32::from(start) < MAX_RANGE {
                    others.extend((start..=end).flat_map(spelling::others));
                }
            }
            ClassSetItem::Union(union) => union.items.iter().for_each(|item| self.of_class(item, others)),
            _ => {}
        }
    }
}

/// Characters of a range in a class that are looked at one by one.
const MAX_RANGE: u32 = 1024;

impl Visitor for Parts {
    type Output = Vec<(Span, Instead)>;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        let mut others = Vec::new();
        match ast {
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Group(group) => {
                if let ast::GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags);
                }
            }
            Ast::Concat(concat) => self.with_marks(&concat.asts),
            Ast::Literal(literal) if !self.taken.contains(&literal.span.start.offset) => {
                others = self.others(literal);
            }
            // A class of few characters; what an operator or a negation makes of them has one character in any form.
            Ast::ClassBracketed(class) if !class.negated => {
                if let ClassSet::Item(item) = &class.kind {
                    self.of_class(item, &mut others);
                }
            }
            // Flags may make of the beginning of a row that of the text.
            Ast::Assertion(place) => {
                let row = match place.kind {
                    AssertionKind::StartText => "(?m:^)",
                    AssertionKind::EndText => "(?m:$)",
                    AssertionKind::StartLine if self.has_flags => "(?m:^)",
                    AssertionKind::EndLine if self.has_flags => "(?m:$)",
                    _ => return Ok(()),
                };
                self.found.push((place.span, Instead::Of(row.to_owned())));
            }
            _ => {}
        }
        if !others.is_empty() {
            let others = others.iter().map(|other| regex_syntax::escape(other)).collect();
            self.found.push((*ast.span(), Instead::Besides(others)));
        }
        Ok(())
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
        let latin = of("[\u{e9}-\u{ed}]", true).text;
        assert!(latin.contains("|e\u{301}|") && latin.contains("|i\u{301})"), "{latin}");
        // What has no place in a normal form, as it was typed and as others write it.
        assert_eq!(of("4.7 k\u{2126}", false).text, "4\\.7 k(?:\u{3a9}|\u{2126})");
        assert_eq!(of("k\u{2126}+", true).text, "k(?:\u{2126}|\u{3a9})+");
        assert_eq!(
            of("\u{95c}+[\u{95c}]", true).text,
            "(?:\u{95c}|\u{921}\u{93c})+(?:[\u{95c}]|\u{921}\u{93c})"
        );
        assert_eq!(of("\u{921}\u{93c}", true).text, "(?:\u{921}\u{93c}|\u{95c})");
        assert_eq!(of("\u{f42}\u{fb7}", true).text, "(?:\u{f42}\u{fb7}|\u{f43})");
        assert_eq!(of("[\u{8c48}]", true).text, "(?:[\u{8c48}]|\u{f900})");
        assert_eq!(of(r"caf\xe9", true).text, "caf(?:\\xe9|e\u{301})");
        assert_eq!(of(r"(?-u:\xe9)", true).text, r"(?-u:\xe9)", "a byte");
        assert_eq!(of("x\u{302}\u{323}+", true).text, "x\u{323}\u{302}+", "what is repeated is the last one");
        assert_eq!(of("x\u{302}\u{323}y", true).text, "(?:x\u{323}\u{302}|x\u{302}\u{323})y");
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
