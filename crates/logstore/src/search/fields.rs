//! Rows by what their fields hold: `level=error reqId=r-3 user.name!="two words"`. A row has fields when it is a JSON object or
//! has pairs as logfmt writes them. Few rows are read for that: of the others a look at their bytes tells that they cannot hold
//! what is asked for.

use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use unicode_normalization::UnicodeNormalization;

use super::query::PatternError;
use super::record;

/// More are refused.
const MAX_CONDITIONS: usize = 32;
/// A literal of so many bytes finds few rows that are none, and is faster than an expression.
const TELLING_BYTES: usize = 4;
/// More are not shown of one row.
const MAX_PLACES: usize = 100;
/// What a character of a JSON string begins with that is written by its number. What is looked for may be written so.
const ESCAPED: &str = r"\\u00[2-7]";

/// What fields are to hold; all of it has to be so.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    conditions: Vec<Condition>,
    case_sensitive: bool,
}

#[derive(Clone, Debug)]
struct Condition {
    pair: Pair,
    /// Found in each row that holds the value.
    sign: RegexMatcher,
}

/// One condition as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    /// Names of objects within objects are joined by dots.
    name: String,
    value: String,
    /// `!=`: rows that hold the value do not match, and all others do.
    differs: bool,
}

impl Fields {
    /// `None` where nothing is asked for.
    ///
    /// # Errors
    /// Says what is wrong, and where.
    pub(super) fn of(text: &str, case_sensitive: bool) -> Result<Option<Self>, PatternError> {
        let pairs = pairs(text)?;
        if pairs.is_empty() {
            return Ok(None);
        }
        let condition = |pair: Pair| {
            let sign = RegexMatcherBuilder::new()
                .case_insensitive(!case_sensitive)
                .build(&sign(&pair))
                .map_err(|error| PatternError::Illegal(error.to_string()))?;
            Ok(Condition { pair, sign })
        };
        let conditions = pairs.into_iter().map(condition).collect::<Result<_, PatternError>>()?;
        Ok(Some(Self { conditions, case_sensitive }))
    }

    /// Whether a row of this text holds all of it.
    pub(super) fn hold(&self, text: &[u8]) -> bool {
        self.conditions.iter().all(|Condition { pair, sign }| {
            let may_hold = sign.is_match(text).unwrap_or(true);
            (may_hold && record::holds(text, &pair.name, |value| self.is(value, &pair.value))) != pair.differs
        })
    }

    /// Where in a row that holds all of it the fields stand, names and values, as far as they are written as they read: byte ranges.
    pub(super) fn places(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for Condition { pair, sign } in self.conditions.iter().filter(|condition| !condition.pair.differs) {
            let all = sign.find_iter(text, |place| {
                let (mut start, mut end) = (place.start(), place.end());
                if matches!(text[start], b'[' | b',') {
                    start +=
                        1 + text[start + 1..end].iter().take_while(|byte| b" \t\r".contains(byte)).count();
                }
                let from = end.saturating_sub(plain_head(&pair.value).len());
                let rest = &text[from..];
                if rest
                    .get(..pair.value.len())
                    .is_some_and(|value| value.eq_ignore_ascii_case(pair.value.as_bytes()))
                {
                    end = end.max(from + pair.value.len());
                }
                let is_part = |at: Option<usize>| {
                    at.and_then(|at| text.get(at))
                        .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
                };
                if text[start] != b'\\' && !is_part(start.checked_sub(1)) && !is_part(Some(end)) {
                    let is_quote = |at: usize| matches!(text.get(at), Some(b'"' | b'\''));
                    let start = start - usize::from(start > 0 && is_quote(start - 1));
                    found.push((start, end + usize::from(is_quote(end))));
                }
                found.len() < MAX_PLACES
            });
            debug_assert!(all.is_ok());
        }
        found
    }

    fn is(&self, value: &str, wanted: &str) -> bool {
        if value.is_ascii() && wanted.is_ascii() {
            return if self.case_sensitive { value == wanted } else { value.eq_ignore_ascii_case(wanted) };
        }
        if self.case_sensitive {
            return value.nfc().eq(wanted.chars());
        }
        value.nfc().flat_map(char::to_lowercase).eq(wanted.chars().flat_map(char::to_lowercase))
    }
}

/// Expressions, each found in every row that holds what these fields are to hold; the first is the one to look for. Nothing
/// for what is no condition.
pub(super) fn signs(text: &str) -> Vec<String> {
    let pairs = pairs(text).unwrap_or_default();
    let mut wanted: Vec<&Pair> = pairs.iter().filter(|pair| !pair.differs).collect();
    wanted.sort_by_key(|pair| std::cmp::Reverse(plain_head(&pair.value).len()));
    let telling =
        wanted.first().map(|pair| plain_head(&pair.value)).filter(|head| head.len() >= TELLING_BYTES);
    let telling = telling.map(|head| format!("{}|{ESCAPED}", regex_syntax::escape(head)));
    telling.into_iter().chain(wanted.into_iter().map(sign)).collect()
}

/// The end of the name and the beginning of the value, as far as they stand for themselves, with what is between.
fn sign(pair: &Pair) -> String {
    let name = pair.name.rsplit('.').next().unwrap_or_default();
    let from =
        name.rfind(|c| !is_plain(c)).map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
    let (name, value) = (regex_syntax::escape(&name[from..]), regex_syntax::escape(plain_head(&pair.value)));
    let key = format!(r#"(?i:{name})["']?[ \t\r]*[:=]"#);
    // The number of an element is not written.
    let is_index = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let key = if is_index { format!(r"(?:{key}|[\[,])") } else { key };
    format!(r#"{key}[ \t\r]*["']?{value}|{ESCAPED}"#)
}

fn plain_head(value: &str) -> &str {
    &value[..value.find(|c| !is_plain(c)).unwrap_or(value.len())]
}

/// Whether nobody writes it in another way but by its number.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-:+. @#%*()".contains(c)
}

fn wrong(what: impl Into<String>, column: usize) -> PatternError {
    PatternError::Field { what: what.into(), column }
}

/// # Errors
/// When it is not names and values, each with `=` or `!=` between.
fn pairs(text: &str) -> Result<Vec<Pair>, PatternError> {
    let mut typed = Typed { left: text.chars().collect::<Vec<_>>().into(), column: 1 };
    let mut pairs = Vec::new();
    loop {
        while typed.take_if(char::is_whitespace).is_some() {}
        if typed.left.is_empty() {
            return Ok(pairs);
        }
        if pairs.len() == MAX_CONDITIONS {
            return Err(wrong(format!("more than {MAX_CONDITIONS} conditions"), typed.column));
        }
        let start = typed.column;
        let name = typed.word(|c| c == '=' || c == '!')?;
        let differs = typed.take_if(|c| c == '!').is_some();
        if typed.take_if(|c| c == '=').is_none() {
            return Err(wrong(
                format!("no = behind {name}"),
                if name.is_empty() { start } else { typed.column },
            ));
        }
        if name.is_empty() {
            return Err(wrong("no name before =", start));
        }
        // However a letter with its mark was typed, and is written.
        let name = name.nfc().collect();
        let value = typed.word(|_| false)?.nfc().collect();
        pairs.push(Pair { name, value, differs });
    }
}

/// What is left of what was typed, and in which column it begins.
struct Typed {
    left: std::collections::VecDeque<char>,
    column: usize,
}

impl Typed {
    fn take_if(&mut self, wanted: impl FnOnce(char) -> bool) -> Option<char> {
        let next = *self.left.front()?;
        if !wanted(next) {
            return None;
        }
        self.column += 1;
        self.left.pop_front()
    }

    /// A word in quotes, or one that ends at a blank or at what `ends` it.
    fn word(&mut self, ends: impl Fn(char) -> bool) -> Result<String, PatternError> {
        let (mut word, opened) = (String::new(), self.column);
        if self.take_if(|c| c == '"').is_none() {
            while let Some(c) = self.take_if(|c| !c.is_whitespace() && !ends(c)) {
                word.push(c);
            }
            return Ok(word);
        }
        loop {
            match self.take_if(|_| true) {
                None => return Err(wrong("unclosed \"", opened)),
                Some('"') => break,
                Some('\\') => word.push(match self.take_if(|_| true) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some(c) => c,
                    None => return Err(wrong("unclosed \"", opened)),
                }),
                Some(c) => word.push(c),
            }
        }
        match self.left.front() {
            Some(c) if !c.is_whitespace() && !ends(*c) => Err(wrong("no blank behind \"", self.column)),
            _ => Ok(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn holds(fields: &str, row: &str) -> bool {
        let fields = Fields::of(fields, false).unwrap().unwrap();
        let holds = fields.hold(row.as_bytes());
        for sign in signs(&fields.conditions.iter().map(|c| written(&c.pair)).collect::<Vec<_>>().join(" ")) {
            let sign = RegexMatcherBuilder::new().case_insensitive(true).build(&sign).unwrap();
            assert!(!holds || sign.is_match(row.as_bytes()).unwrap(), "{sign:?} misses {row}");
        }
        holds
    }

    fn written(pair: &Pair) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        format!("{}{}{}", quoted(&pair.name), if pair.differs { "!=" } else { "=" }, quoted(&pair.value))
    }

    #[test]
    fn the_fields_that_a_row_was_found_by_are_shown() {
        let places = |fields: &str, row: &str| {
            let fields = Fields::of(fields, false).unwrap().unwrap();
            let places = fields.places(row.as_bytes());
            places.into_iter().map(|(start, end)| row[start..end].to_owned()).collect::<Vec<_>>()
        };
        let json = r#"{"loglevel":"error","level": "Error","user":{"name":"two words"},"n":10}"#;
        assert_eq!(places("level=error", json), [r#""level": "Error""#]);
        assert_eq!(places("user.name=\"two words\" n=10", json), [r#""name":"two words""#, r#""n":10"#]);
        assert_eq!(places("level!=warn", json), [""; 0]);
        assert_eq!(places("n=1", "n=10 n=1 x-n=1"), ["n=1"]);
        assert_eq!(places("tags.0=x m=\"a b\"", r#"m='a b' {"tags":[ "x","y"]}"#), ["\"x\"", "m='a b'"]);
        // Written by their numbers, letters are found and not shown.
        assert_eq!(places("level=error", r#"{"level":"\u0065rror"}"#), [""; 0]);
    }

    #[test]
    fn rows_are_told_by_their_fields() {
        let json = r#"{"level":"error","reqId": "r-3","n":1.10,"id":12345678901234567890,"ok":true,"err":{"code":5,"a.b":"c"},"none":null,"list":[1, 2]}"#;
        for (fields, expected) in [
            ("level=error", true),
            ("LEVEL=Error", true),
            ("level=err", false),
            ("level=error reqId=r-3", true),
            ("level=error reqId=r-4", false),
            ("n=1.10", true),
            ("n=1.1", false),
            ("id=12345678901234567890", true),
            ("id=12345678901234567891", false),
            ("ok=true none=null", true),
            ("err.code=5", true),
            ("err.a.b=c", true),
            ("code=5", false),
            ("list=\"[1, 2]\"", true),
            ("level!=error", false),
            ("level!=warn", true),
            ("nothing!=x", true),
            ("nothing=", false),
        ] {
            assert_eq!(holds(fields, json), expected, "{fields}");
        }
        let logfmt = r#"ts=2026-01-01T10:00:00Z level=warn msg="two \"words\"" dur=1.10s path=/a?b=c err= http.status=500"#;
        for (fields, expected) in [
            ("level=warn", true),
            (r#"msg="two \"words\"""#, true),
            ("dur=1.10s", true),
            ("path=/a?b=c", true),
            ("b=c", false),
            ("err=", true),
            ("http.status=500 level!=error", true),
            ("status=500", false),
        ] {
            assert_eq!(holds(fields, logfmt), expected, "{fields}");
        }
        assert!(holds("status=200", "GET /x status=200 in 3 ms"));
        assert!(holds("level=error", "web-1  | {\"level\":\"error\"}"));
        assert!(!holds("level=error", "level error"));
        assert!(holds("level!=error", "no record"));
    }

    #[derive(serde::Deserialize)]
    struct Record {
        row: String,
        #[serde(default)]
        fields: HashMap<String, String>,
        #[serde(default)]
        without: HashMap<String, String>,
    }

    #[test]
    fn what_the_page_shows_as_a_field_is_found_as_one() {
        #[derive(serde::Deserialize)]
        struct Cases {
            records: Vec<Record>,
        }
        let cases = include_str!("../../../../tests/corpus/record-fields.json");
        let cases: Cases = serde_json::from_str(cases).unwrap();
        let of = |(name, value): (String, String)| written(&Pair { name, value, differs: false });
        for Record { row, fields, without } in cases.records {
            for field in fields.into_iter().map(of) {
                assert!(holds(&field, &row), "{field} in {row}");
            }
            for field in without.into_iter().map(of) {
                assert!(!holds(&field, &row), "{field} in {row}");
            }
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(4_000), "}".repeat(4_000));
        assert!(!holds(&format!("{}=1", vec!["a"; 4_000].join(".")), &deep));
    }

    #[test]
    fn values_are_found_however_they_were_written() {
        for row in [
            r#"{"msg":"gr\u00fcn/\"x\" <b>"}"#,
            r#"{"msg":"grün\/\u0022x\u0022 \u003cb\u003e"}"#,
            r#"{ "m\u0073g" : "\u0067rün/\"x\" <b>" }"#,
            r#"msg="grün/\"x\" <b>""#,
        ] {
            assert!(holds(r#"msg="grün/\"x\" <b>""#, row), "{row}");
        }
        assert!(holds("a=GRÜN", r#"{"a":"grün"}"#));
        assert!(holds("A=cafe\u{301}", r#"{"a":"café"}"#) && holds("a=café", r#"{"a":"cafe\u0301"}"#));
        assert!(!Fields::of("a=GRÜN", true).unwrap().unwrap().hold(r#"{"a":"grün"}"#.as_bytes()));
    }

    #[test]
    fn what_is_no_condition_says_where() {
        for (text, said) in [
            ("level", "no = behind level, at column 6"),
            ("level error", "no = behind level, at column 6"),
            ("a=1 =2", "no name before = at column 5"),
            ("a=\"b", "unclosed \" at column 3"),
            ("ä=\"b\"c", "no blank behind \" at column 6"),
            ("a!b", "no = behind a, at column 3"),
        ] {
            assert_eq!(Fields::of(text, false).unwrap_err().to_string(), said, "{text}");
        }
        assert!(Fields::of(" ", false).unwrap().is_none());
        assert!(Fields::of(&"a=1 ".repeat(MAX_CONDITIONS + 1), false).is_err());
    }
}
