//! What is secret: values by their names, of variables and wherever a name and a value are written in a text, and parts of any text by
//! their form. `secret_rules.json` is the one list, which the page reads too (`make bindings` hands it over);
//! `tests/corpus/secrets.json` holds cases for both. What is secret of a task or a job, and how it is shown: `masks`.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use std::borrow::Cow;
use std::iter;
use std::ops::Range;
use std::sync::LazyLock;

/// The text of the list.
pub const SECRET_RULES: &str = include_str!("secret_rules.json");

/// Stands for a secret. Nobody's secret is made of this.
pub const MASK: &str = "••••••";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rules {
    mask: String,
    /// Anywhere among the words of a name: `DB_PASSWORD` and `dbPassword` have two.
    words: Vec<String>,
    /// Only as the last word.
    last_words: Vec<String>,
    /// At the end of any word: `PGPASSWORD`.
    endings: Vec<String>,
    /// Words that follow each other.
    phrases: Vec<String>,
    harmless_names: Vec<String>,
    /// What of a name says nothing.
    harmless_phrases: Vec<String>,
    /// Names that say nothing where they are written, in a text or as an option, and not in capitals as a variable: `sort --key=2`.
    harmless_written: Vec<String>,
    /// Last words of such names, which tell that the value is about a secret, and none: `--token-file`.
    harmless_last_words: Vec<String>,
    /// Words that say nothing of a value that is a number.
    counted: Vec<String>,
    /// Never masked for a name.
    harmless_values: Vec<String>,
    /// What a shell or a template puts a value in for, where a name is written with it.
    harmless_written_value: String,
    /// A name and what is between it and a value: the name, what closes quotes and brackets around it, `=`, `:` or blanks.
    assignment: String,
    /// A name without dashes that a program is told to set to the value behind it, up to that.
    setting: String,
    /// What stands before the secret in a header.
    scheme: String,
    /// A value without quotes, to a blank, or to a sign behind which the next name follows.
    unquoted: String,
    /// A value behind a colon and a blank.
    rest_of_line: String,
    /// A value that only names the parameter of a job whose value it is to be.
    placeholder: String,
    /// Each pattern has three groups: what is before the secret, the secret, what is behind it.
    values: Vec<ValueRule>,
    /// The same, where options of a program tell it. In a list of arguments such a secret reaches to the end of its own.
    command_lines: Vec<ValueRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ValueRule {
    #[serde(rename = "of")]
    _of: String,
    pattern: String,
    #[serde(default)]
    ignore_case: bool,
}

struct Compiled {
    rules: Rules,
    placeholder: Regex,
    harmless_written_value: Regex,
    assignment: Regex,
    setting: Regex,
    scheme: Regex,
    unquoted: Regex,
    rest_of_line: Regex,
    values: Vec<Regex>,
    command_lines: Vec<Regex>,
}

/// The list is part of the program, and a test reads all of it.
static RULES: LazyLock<Compiled> = LazyLock::new(|| {
    let rules: Rules = serde_json::from_str(SECRET_RULES).unwrap_or_else(|error| panic!("{error}"));
    debug_assert_eq!(rules.mask, MASK);
    let compile = |pattern: &str, ignore_case| {
        let regex = RegexBuilder::new(pattern).case_insensitive(ignore_case).build();
        regex.unwrap_or_else(|error| panic!("{error}"))
    };
    let all = |of: &[ValueRule]| of.iter().map(|rule| compile(&rule.pattern, rule.ignore_case)).collect();
    Compiled {
        placeholder: compile(&rules.placeholder, false),
        harmless_written_value: compile(&rules.harmless_written_value, false),
        assignment: compile(&rules.assignment, false),
        setting: compile(&rules.setting, false),
        scheme: compile(&rules.scheme, true),
        unquoted: compile(&rules.unquoted, false),
        rest_of_line: compile(&rules.rest_of_line, false),
        values: all(&rules.values),
        command_lines: all(&rules.command_lines),
        rules,
    }
});

/// The words of a name in capitals between underscores, also around them: `_DB_PASSWORD_`. Digits at a word's end are left out.
fn words(name: &str) -> String {
    let (mut words, mut before) = (String::from("_"), '_');
    let end = |words: &mut String| {
        words.truncate(words.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        if !words.ends_with('_') {
            words.push('_');
        }
    };
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            end(&mut words);
        } else {
            if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
                end(&mut words);
            }
            words.push(c.to_ascii_uppercase());
        }
        before = c;
    }
    end(&mut words);
    words
}

fn is_secret(words: &str, rules: &Rules) -> bool {
    let mut words = words.to_owned();
    if rules.harmless_names.iter().any(|name| words.trim_matches('_') == name) {
        return false;
    }
    for phrase in &rules.harmless_phrases {
        words = words.replace(&format!("_{phrase}_"), "_");
    }
    if rules.phrases.iter().any(|phrase| words.contains(&format!("_{phrase}_"))) {
        return true;
    }
    let all = words.trim_matches('_').split('_');
    let last = all.clone().next_back().unwrap_or_default();
    let is = |list: &[String], word: &str| list.iter().any(|listed| listed == word);
    is(&rules.last_words, last)
        || all.clone().any(|word| {
            is(&rules.words, word) || rules.endings.iter().any(|ending| word.ends_with(ending.as_str()))
        })
}

/// Whether the value of a variable of this name is masked wherever it would be shown, exported or noted. A guess, on the safe
/// side.
#[must_use]
fn looks_secret(name: &str) -> bool {
    is_secret(&words(name), &RULES.rules)
}

/// Whether a value is masked for a name with these words.
fn hides(words: &str, value: &str) -> bool {
    let Compiled { rules, placeholder, .. } = &*RULES;
    if rules.harmless_values.iter().any(|harmless| value.eq_ignore_ascii_case(harmless))
        || placeholder.is_match(value)
        || value.contains(MASK)
    {
        return false;
    }
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return is_secret(words, rules);
    }
    let mut words = words.to_owned();
    for counted in &rules.counted {
        words = words.replace(&format!("_{counted}_"), "_");
    }
    is_secret(&words, rules)
}

/// As [`hides`], of a name that is written in a text, or as an option with its dashes.
fn hides_written(name: &str, value: &str) -> bool {
    let rules = &RULES.rules;
    let words = words(name);
    let bare = words.trim_matches('_');
    let last = bare.rsplit('_').next().unwrap_or_default();
    let is = |list: &[String], word: &str| list.iter().any(|listed| listed == word);
    // In capitals it is the name of a variable.
    let says_nothing = name.contains(|c: char| c.is_ascii_lowercase())
        && (is(&rules.harmless_written, bare) || is(&rules.harmless_last_words, last));
    !says_nothing && !RULES.harmless_written_value.is_match(value) && hides(&words, value)
}

/// Where the secrets of a text are, by their form and by the names before them; in order, none of them within another.
pub(crate) fn secrets_in(text: &str) -> Vec<Range<usize>> {
    let mut found = written_in(text);
    for rule in RULES.values.iter().chain(&RULES.command_lines) {
        let secrets = rule.captures_iter(text).filter_map(|groups| groups.get(2));
        found.extend(secrets.filter(|secret| !secret.as_str().contains(MASK)).map(|secret| secret.range()));
    }
    joined(found)
}

/// The values that are written behind a name that hides them: as shells, documents, addresses and headers have it.
fn written_in(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(groups) = RULES.assignment.captures_at(text, at) {
        let (Some(all), Some(name), Some(closing), Some(sign)) =
            (groups.get(0), groups.get(1), groups.get(2), groups.get(3))
        else {
            break;
        };
        at = all.end();
        if !looks_secret(name.as_str()) {
            continue;
        }
        let before = &text[text.floor_char_boundary(name.start().saturating_sub(LOOK_BACK))..name.start()];
        let Some(value) = value_at(text, at, before, name.as_str(), closing.as_str(), sign.as_str()) else {
            continue;
        };
        if hides_written(name.as_str(), &text[value.clone()]) {
            at = value.end;
            found.push(value);
        }
    }
    found
}

/// So many bytes before a name tell whether it is one.
const LOOK_BACK: usize = 1_000;
/// The longer ones first.
const QUOTES: [&str; 4] = [r#"\""#, r"\'", "\"", "'"];

/// The value that begins at `at`, behind a name and a sign, if that is what they mean there.
fn value_at(
    text: &str,
    at: usize,
    before: &str,
    name: &str,
    closing: &str,
    sign: &str,
) -> Option<Range<usize>> {
    let (rest, kind) = (&text[at..], sign.trim());
    // Most words are followed by nothing but a blank.
    if kind.is_empty() {
        let is_name = name.starts_with('-') || set_by(&format!("{before}{name}{closing}{sign}")).is_some();
        if !is_name || rest.starts_with(['-', '|', '&', ';', '>', '<', ')']) {
            return None;
        }
    }
    let within = QUOTES.into_iter().find(|quote| before.ends_with(quote));
    if let Some(quote) = QUOTES.into_iter().find(|quote| rest.starts_with(quote)) {
        // The end of the text in which the name stands: there is no value.
        if closing.is_empty() && within == Some(quote) {
            return None;
        }
        let start = at + quote.len();
        let end = start + quoted_length(&text[start..], quote);
        return Some(behind_scheme(text, start)..end).filter(|value| value.start < value.end);
    }
    let end_of = |rule: &Regex, start: usize| {
        let value = rule.captures(&text[start..])?.get(1)?;
        Some(start..start + value.end())
    };
    let start = behind_scheme(text, at);
    if kind != ":" {
        // `NAME= program` sets it to nothing.
        let is_empty = sign.len() > 1 && sign.starts_with('=');
        return match is_empty || rest.starts_with(['=', '~', '>', ':']) {
            true => None,
            false => end_of(&RULES.unquoted, start),
        };
    }
    if rest.starts_with(['{', '[', '|', '>', '&', '*', '!', ':', '/', '\\']) {
        return None;
    }
    if !closing.is_empty() {
        return end_of(&RULES.unquoted, start);
    }
    let indented = before.trim_end_matches([' ', '\t', '-']);
    let begins_item = before.contains('{') && indented.ends_with([',', '{']);
    if sign.ends_with(':') {
        let word_begins = |before: &str| {
            before.is_empty() || before.ends_with(|c: char| c.is_whitespace() || "\"'=(".contains(c))
        };
        let begins = begins_item || word_begins(before) || before.strip_suffix('/').is_some_and(word_begins);
        // Else it is a host and its port, or a place of another kind.
        let behind_digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_port = behind_digits.len() < rest.len() && !behind_digits.starts_with(char::is_alphanumeric);
        return if begins && !is_port { end_of(&RULES.unquoted, start) } else { None };
    }
    let begins_line = indented.is_empty() || indented.ends_with(['\n', '\r', '"', '\'', '=']);
    if !begins_item && !begins_line {
        return None;
    }
    let value = end_of(&RULES.rest_of_line, start)?;
    let quote = within.and_then(|quote| text[value.clone()].find(quote));
    Some(value.start..quote.map_or(value.end, |length| value.start + length))
        .filter(|value| !value.is_empty())
}

/// The name that a program is told to set to what comes next.
fn set_by(before: &str) -> Option<&str> {
    RULES.setting.captures(before)?.get(1).map(|name| name.as_str())
}

/// Up to the quote that closes it, or all.
fn quoted_length(text: &str, quote: &str) -> usize {
    let mut from = 0;
    while let Some(found) = text[from..].find(quote) {
        let end = from + found;
        if !text[..end].ends_with('\\') {
            return end;
        }
        from = end + quote.len();
    }
    text.len()
}

fn behind_scheme(text: &str, at: usize) -> usize {
    at + RULES.scheme.find(&text[at..]).map_or(0, |scheme| scheme.end())
}

fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

pub(crate) fn replaced(
    text: &str,
    secrets: &[Range<usize>],
    mut mask: impl FnMut(usize) -> String,
) -> String {
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for (n, secret) in secrets.iter().enumerate() {
        shown.push_str(&text[at..secret.start]);
        shown.push_str(&mask(n));
        at = secret.end;
    }
    shown.push_str(&text[at..]);
    shown
}

/// Any text as it may be shown: passwords in URLs, bearers, private keys and tokens of well-known forms are masked.
#[must_use]
pub fn masked_text(text: &str) -> Cow<'_, str> {
    match &secrets_in(text)[..] {
        [] => Cow::Borrowed(text),
        secrets => Cow::Owned(replaced(text, secrets, |_| MASK.to_owned())),
    }
}

fn whole(text: &str) -> Vec<Range<usize>> {
    iter::once(0..text.len()).collect()
}

/// What is secret of a variable's value: all of it for its name, else parts for their form.
pub(crate) fn secrets_of_variable(name: &str, value: &str) -> Vec<Range<usize>> {
    if hides(&words(name), value) { whole(value) } else { secrets_in(value) }
}

/// The value of a variable as it may be shown; `None` where nothing of it may.
#[must_use]
pub(crate) fn masked_variable<'a>(name: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match &secrets_of_variable(name, value)[..] {
        [] => Some(Cow::Borrowed(value)),
        [all] if *all == (0..value.len()) => None,
        parts => Some(Cow::Owned(replaced(value, parts, |_| MASK.to_owned()))),
    }
}

/// Words before an argument that are looked at.
const WORDS_BEFORE: usize = 16;

/// What is secret of each of these words: the value of an option or a variable for its name, what a program takes behind an option, else
/// parts for their form.
pub(crate) fn secrets_of_words(words: &[&str]) -> Vec<Vec<Range<usize>>> {
    // The words before, as they would be typed; those that are texts of their own say nothing of the next one.
    let (mut typed, mut count) = (String::new(), 0);
    let mut secrets_of = |n: usize| {
        let word = words[n];
        let option = n.checked_sub(1).map(|n| words[n]);
        let option = option.filter(|option| option.starts_with('-') && !option.contains(['=', ' ']));
        let mut secrets = secrets_of_argument(word, option.or_else(|| set_by(&typed)));
        let start = typed.len();
        typed.push_str(word);
        for rule in &RULES.command_lines {
            let found = rule.captures_iter(&typed).filter_map(|groups| groups.get(2));
            secrets.extend(found.filter(|secret| secret.start() >= start).map(|secret| {
                let from = secret.start() - start;
                let alone = !word[..from].contains(char::is_whitespace);
                from..if alone { word.len() } else { secret.end() - start }
            }));
        }
        secrets.retain(|secret| !word[secret.clone()].contains(MASK));
        typed.push(' ');
        count += 1;
        if count == WORDS_BEFORE || word.contains(char::is_whitespace) {
            (typed, count) = (String::new(), 0);
        }
        joined(secrets)
    };
    (0..words.len()).map(&mut secrets_of).collect()
}

/// `name` is what the words before say that it is the value of.
fn secrets_of_argument(argument: &str, name: Option<&str>) -> Vec<Range<usize>> {
    let named = argument.split_once('=').filter(|(name, value)| {
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        is_name && hides_written(name, value)
    });
    // A secret may begin with a dash; an option of one letter is none.
    let is_value = !argument.starts_with("--") && (!argument.starts_with('-') || argument.len() > 2);
    let own = name.is_some_and(|name| is_value && hides_written(name, argument));
    match named {
        Some((name, _)) => iter::once(name.len() + 1..argument.len()).collect(),
        None if own => whole(argument),
        None => secrets_in(argument),
    }
}

/// A command line as it may be shown, word by word.
pub(crate) fn masked_words<'a>(words: &[&'a str]) -> Vec<Cow<'a, str>> {
    let masked = |(word, secrets): (&'a str, Vec<Range<usize>>)| match &secrets[..] {
        [] => Cow::Borrowed(word),
        secrets => Cow::Owned(replaced(word, secrets, |_| MASK.to_owned())),
    };
    words.iter().copied().zip(secrets_of_words(words)).map(masked).collect()
}

/// The value of a label as it may be shown.
#[must_use]
pub fn masked_label<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    match &secrets_of_label(key, value)[..] {
        [] => Cow::Borrowed(value),
        secrets => Cow::Owned(replaced(value, secrets, |_| MASK.to_owned())),
    }
}

/// What is secret of a value that has a name: all of it, else parts for their form.
pub(crate) fn secrets_of_label(key: &str, value: &str) -> Vec<Range<usize>> {
    if hides_written(key, value) { whole(value) } else { secrets_in(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Cases {
        secret_names: Vec<String>,
        harmless_names: Vec<String>,
        /// Text, and what is shown of it with `***` for each mask.
        texts: Vec<(String, String)>,
        /// The same of words; the page shows them as they are answered, and looks at texts alone.
        command_lines: Vec<(Vec<String>, Vec<String>)>,
    }

    fn cases() -> Cases {
        serde_json::from_str(include_str!("../../../tests/corpus/secrets.json")).expect("cases")
    }

    #[test]
    fn names_look_secret_or_do_not() {
        let cases = cases();
        for name in &cases.secret_names {
            assert!(looks_secret(name), "{name}");
        }
        for name in &cases.harmless_names {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_in_a_text_are_masked_and_nothing_else() {
        let mut wrong = Vec::new();
        for (text, shown) in cases().texts {
            let masked = masked_text(&text).into_owned();
            if masked != shown.replace("***", MASK) {
                wrong.push((text.clone(), masked.clone()));
            }
            assert_eq!(masked_text(&masked), masked, "twice: {text}");
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn secrets_on_a_command_line_are_masked_and_nothing_else() {
        let mut wrong = Vec::new();
        for (words, shown) in cases().command_lines {
            let masked = masked_words(&words.iter().map(String::as_str).collect::<Vec<_>>()).join("\n");
            if masked != shown.join("\n").replace("***", MASK) {
                wrong.push(masked);
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
