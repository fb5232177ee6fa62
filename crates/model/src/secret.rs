//! What is secret: environment variables by their names, and parts of any text by their form. `secret_rules.json` is the one
//! list, which the page reads too (`make bindings` hands it over); `tests/corpus/secrets.json` holds cases for both.
//!
//! What is secret is shown as a mask. In a task's spec the mask says whose secret it is, `••••••(<task>/<place>)`, so that a
//! spec that was read can be changed and submitted again: [`restore`] puts the secrets back.

use crate::{CommandMode, EnvVar, FieldError, SubprocessMode, TaskId, TaskKind, TaskSpec};
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
    /// Names of options of a command line that say nothing by themselves: `sort --key=2`.
    harmless_flags: Vec<String>,
    /// Never masked for a name.
    harmless_values: Vec<String>,
    /// A value that only names the parameter of a job whose value it is to be.
    placeholder: String,
    /// Each pattern has three groups: what is before the secret, the secret, what is behind it.
    values: Vec<ValueRule>,
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
    values: Vec<Regex>,
}

/// The list is part of the program, and a test reads all of it.
static RULES: LazyLock<Compiled> = LazyLock::new(|| {
    let rules: Rules = serde_json::from_str(SECRET_RULES).unwrap_or_else(|error| panic!("{error}"));
    debug_assert_eq!(rules.mask, MASK);
    let placeholder = Regex::new(&rules.placeholder).unwrap_or_else(|error| panic!("{error}"));
    let compile = |rule: &ValueRule| {
        let regex = RegexBuilder::new(&rule.pattern).case_insensitive(rule.ignore_case).build();
        regex.unwrap_or_else(|error| panic!("{error}"))
    };
    let values = rules.values.iter().map(compile).collect();
    Compiled { rules, placeholder, values }
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
pub fn looks_secret(name: &str) -> bool {
    is_secret(&words(name), &RULES.rules)
}

/// As [`looks_secret`], of an option of a command line, with its dashes.
fn is_secret_flag(flag: &str) -> bool {
    let words = words(flag.trim_start_matches('-'));
    !RULES.rules.harmless_flags.iter().any(|harmless| words.trim_matches('_') == harmless)
        && is_secret(&words, &RULES.rules)
}

fn is_harmless_value(value: &str) -> bool {
    RULES.rules.harmless_values.iter().any(|harmless| value.eq_ignore_ascii_case(harmless))
        || RULES.placeholder.is_match(value)
}

/// Where the secrets of a text are, by their form; in order, none of them within another.
fn secrets_in(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for rule in &RULES.values {
        let secrets = rule.captures_iter(text).filter_map(|groups| groups.get(2));
        found.extend(secrets.filter(|secret| !secret.as_str().contains(MASK)).map(|secret| secret.range()));
    }
    joined(found)
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

fn replaced(text: &str, secrets: &[Range<usize>], mut mask: impl FnMut(usize) -> String) -> String {
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
fn secrets_of_variable(name: &str, value: &str) -> Vec<Range<usize>> {
    if looks_secret(name) && !is_harmless_value(value) && !value.contains(MASK) {
        return whole(value);
    }
    secrets_in(value)
}

/// The value of a variable as it may be shown; `None` where nothing of it may.
#[must_use]
pub fn masked_variable<'a>(name: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match &secrets_of_variable(name, value)[..] {
        [] => Some(Cow::Borrowed(value)),
        [all] if *all == (0..value.len()) => None,
        parts => Some(Cow::Owned(replaced(value, parts, |_| MASK.to_owned()))),
    }
}

/// What is secret of an argument: the value of an option or a variable for its name, else parts for their form.
fn secrets_of_argument(argument: &str, before: Option<&str>) -> Vec<Range<usize>> {
    let named = argument.split_once('=').filter(|(name, value)| {
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        let secret = if name.starts_with('-') { is_secret_flag(name) } else { looks_secret(name) };
        is_name && secret && !is_harmless_value(value) && !value.contains(MASK)
    });
    let own = before
        .is_some_and(|flag| flag.starts_with("--") && !flag.contains('=') && is_secret_flag(flag))
        && !argument.starts_with('-')
        && !is_harmless_value(argument)
        && !argument.contains(MASK);
    match named {
        Some((name, _)) => iter::once(name.len() + 1..argument.len()).collect(),
        None if own => whole(argument),
        None => secrets_in(argument),
    }
}

/// A text of a spec that may hold secrets.
struct Held<'a> {
    /// Its short name, which never changes: a spec does not.
    place: String,
    /// Its name in errors.
    field: String,
    text: &'a mut String,
    secrets: Vec<Range<usize>>,
}

/// A list of arguments: the letter of its places, its name in errors, its texts.
type Arguments<'a> = (char, String, &'a mut Vec<String>);

fn held(kind: &mut TaskKind) -> Vec<Held<'_>> {
    let (head, env, lists): (_, &mut Vec<EnvVar>, Vec<Arguments<'_>>) = match kind {
        TaskKind::Subprocess(task) => {
            let (mode, args) = match &mut task.mode {
                SubprocessMode::Command(CommandMode { args, .. }) => ("command", args),
                SubprocessMode::Script(script) => ("script", &mut script.args),
            };
            let args = ('a', format!("kind.subprocess.mode.{mode}.args"), args);
            ("kind.subprocess", &mut task.env, vec![args])
        }
        TaskKind::Container(task) => {
            let command = ('c', "kind.container.command".to_owned(), &mut task.command);
            let args = ('a', "kind.container.args".to_owned(), &mut task.args);
            ("kind.container", &mut task.env, vec![command, args])
        }
        TaskKind::Wasm(task) => {
            ("kind.wasm", &mut task.env, vec![('a', "kind.wasm.args".to_owned(), &mut task.args)])
        }
    };
    let mut all = Vec::new();
    for (n, EnvVar { key, value }) in env.iter_mut().enumerate() {
        let secrets = secrets_of_variable(key, value);
        all.push(Held {
            place: format!("e{n}"),
            field: format!("{head}.env[{n}].value"),
            text: value,
            secrets,
        });
    }
    for (letter, field, list) in lists {
        let mut before: Option<String> = None;
        for (n, text) in list.iter_mut().enumerate() {
            let secrets = secrets_of_argument(text, before.as_deref());
            before = Some(text.clone());
            all.push(Held { place: format!("{letter}{n}"), field: format!("{field}[{n}]"), text, secrets });
        }
    }
    all
}

/// Masks what is secret in the environment and the arguments of the spec of task `id`. Scripts are left as they are.
pub fn mask(kind: &mut TaskKind, id: &TaskId) {
    for held in held(kind).into_iter().filter(|held| !held.secrets.is_empty()) {
        *held.text = replaced(held.text, &held.secrets, |n| format!("{MASK}({id}/{}.{n})", held.place));
    }
}

/// Arguments as they may be shown.
pub(crate) fn masked_words<'a>(words: &[&'a str]) -> Vec<Cow<'a, str>> {
    let before = iter::once(None).chain(words.iter().copied().map(Some));
    let masked = |(word, before): (&'a str, _)| match &secrets_of_argument(word, before)[..] {
        [] => Cow::Borrowed(word),
        secrets => Cow::Owned(replaced(word, secrets, |_| MASK.to_owned())),
    };
    words.iter().copied().zip(before).map(masked).collect()
}

/// The first task whose secrets a spec asks for, if it holds masks at all.
///
/// # Errors
/// For a mask that does not say whose it is, with the field: it is never taken for the secret itself.
pub fn masks_of(spec: &TaskSpec) -> Result<Option<TaskId>, FieldError> {
    let mut kind = spec.kind.clone();
    for held in held(&mut kind) {
        if let Some((_, id, _)) =
            next_mask(held.text).map_err(|problem| FieldError::new(&held.field, problem))?
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Puts the secrets of `source`, the spec of task `id` as it is stored, in the place of their masks.
///
/// # Errors
/// For a mask whose secret that spec does not hold, with the field.
pub fn restore(spec: &mut TaskSpec, id: &TaskId, source: &TaskSpec) -> Result<(), FieldError> {
    let mut source = source.kind.clone();
    let source = held(&mut source);
    for held in held(&mut spec.kind) {
        let wrong = |problem| FieldError::new(&held.field, problem);
        let (mut whole, mut rest) = (String::new(), held.text.as_str());
        while let Some((place, whose, secret)) = next_mask(rest).map_err(wrong)? {
            whole.push_str(&rest[..place.start]);
            if whose == *id {
                let (held, n) = secret.rsplit_once('.').unwrap_or_default();
                let found = source.iter().find(|source| source.place == held).and_then(|source| {
                    let range = source.secrets.get(n.parse::<usize>().ok()?)?;
                    Some(&source.text[range.clone()])
                });
                whole.push_str(found.ok_or_else(|| wrong(NO_SECRET))?);
            } else {
                whole.push_str(&rest[place.clone()]);
            }
            rest = &rest[place.end..];
        }
        whole.push_str(rest);
        *held.text = whole;
    }
    Ok(())
}

const NO_SECRET: &str = "stands for a hidden value that is not known here; write the value itself";

/// Where a mask is, the task whose secret it stands for, and which of its secrets that is.
type FoundMask<'a> = (Range<usize>, TaskId, &'a str);

fn next_mask(text: &str) -> Result<Option<FoundMask<'_>>, &'static str> {
    let Some(start) = text.find(MASK) else { return Ok(None) };
    let named = text[start + MASK.len()..].strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (name, (id, secret)) =
        named.and_then(|(name, _)| Some((name, name.split_once('/')?))).ok_or(NO_SECRET)?;
    let id = TaskId::new(id).map_err(|_| NO_SECRET)?;
    Ok(Some((start..start + MASK.len() + name.len() + 2, id, secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Cases {
        secret_names: Vec<String>,
        harmless_names: Vec<String>,
        /// Text, and what is shown of it with `***` for each mask.
        texts: Vec<(String, String)>,
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
        for (text, shown) in cases().texts {
            assert_eq!(masked_text(&text), shown.replace("***", MASK), "{text}");
            assert_eq!(masked_text(&masked_text(&text)), masked_text(&text), "twice: {text}");
        }
    }

    fn spec() -> TaskSpec {
        let spec = json!({
            "slot": "s",
            "kind": {"subprocess": {
                "mode": {"command": {"command": "deploy", "args": [
                    "--password=hush", "--token", "hush2", "postgres://u:hush3@db/x", "--key=2", "MY_TOKEN=hush4",
                ]}},
                "env": [
                    {"key": "API_KEY", "value": "hush5"},
                    {"key": "DATABASE_URL", "value": "postgres://u:hush6@db/x?password=hush7"},
                    {"key": "LANG", "value": "C"},
                    {"key": "USE_TOKEN", "value": "true"},
                    {"key": "DB_PASSWORD", "value": "{{ password }}"},
                ],
            }},
        });
        serde_json::from_value(spec).expect("legal")
    }

    #[test]
    fn a_spec_can_be_shown_and_submitted_again() {
        let (spec, id) = (spec(), TaskId::new("t1").expect("legal"));
        let mut shown = spec.clone();
        mask(&mut shown.kind, &id);
        let text = serde_json::to_string(&shown).expect("writes");
        assert!(!text.contains("hush"), "{text}");
        for kept in [
            "deploy",
            "--password=",
            "postgres://u:",
            "@db/x",
            "--key=2",
            "\"C\"",
            "\"true\"",
            "{{ password }}",
        ] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        assert_eq!(masks_of(&shown), Ok(Some(id.clone())));
        let mut again = shown.clone();
        restore(&mut again, &id, &spec).expect("all are there");
        assert_eq!(again, spec);

        // What is around a mask may change, and a mask may be moved.
        let TaskKind::Subprocess(task) = &mut shown.kind else { panic!("a command") };
        task.env.swap(0, 1);
        task.env[0].value = task.env[0].value.replace("@db/", "@other/");
        restore(&mut shown, &id, &spec).expect("all are there");
        let TaskKind::Subprocess(task) = &shown.kind else { panic!("a command") };
        assert_eq!(task.env[0].value, "postgres://u:hush6@other/x?password=hush7");
        assert_eq!(task.env[1].value, "hush5");
        assert_eq!(masks_of(&spec), Ok(None));
    }

    #[test]
    fn a_mask_is_never_taken_for_a_secret() {
        let source = spec();
        let id = TaskId::new("t1").expect("legal");
        for value in [MASK.to_owned(), format!("a{MASK}b"), format!("{MASK}(t1)"), format!("{MASK}(?/e0.0)")]
        {
            let mut spec = spec();
            let TaskKind::Subprocess(task) = &mut spec.kind else { panic!("a command") };
            task.env[2].value = value;
            assert_eq!(masks_of(&spec).expect_err("refused").field, "kind.subprocess.env[2].value");
        }
        for unknown in ["e9.0", "e0.1", "e2.0", "e0", "", "é"] {
            let mut spec = spec();
            let TaskKind::Subprocess(task) = &mut spec.kind else { panic!("a command") };
            task.env[0].value = format!("{MASK}(t1/{unknown})");
            let error = restore(&mut spec, &id, &source).expect_err(unknown);
            assert_eq!(error.field, "kind.subprocess.env[0].value");
        }
    }
}
