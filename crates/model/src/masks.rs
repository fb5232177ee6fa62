//! Secrets of tasks and jobs as they are shown: in the place of each stands a mask that says whose it is, `••••••(<task>/<mark>)`, so
//! that what was read can be changed and submitted again. [`restore`] puts the secrets back. The mark is made of the secret itself and
//! of a key that nobody reads: a mask stands for the secret that was read, or for none.

use crate::secret::{MASK, replaced, secrets_in, secrets_of_label, secrets_of_variable, secrets_of_words};
use crate::{
    CommandMode, EnvVar, FieldError, Job, ParameterType, Stdin, SubprocessMode, TaskId, TaskKind, TaskSpec,
};
use std::collections::BTreeMap;
use std::ops::Range;

/// A text that may hold secrets.
pub struct Held<'a> {
    /// Its name in errors.
    field: String,
    /// What masks of earlier versions called it: they could hide a part of it only.
    place: Option<String>,
    text: &'a mut String,
    secrets: Vec<Range<usize>>,
}

impl<'a> Held<'a> {
    fn new(field: impl Into<String>, text: &'a mut String, secrets: Vec<Range<usize>>) -> Self {
        Self { field: field.into(), place: None, text, secrets }
    }

    fn plain(field: impl Into<String>, text: &'a mut String) -> Self {
        let secrets = secrets_in(text);
        Self::new(field, text, secrets)
    }

    fn within(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), ..self }
    }
}

/// What is shown with masks.
pub trait HoldsSecrets {
    /// Its texts, always in the same order. Scripts are not among them.
    fn held(&mut self) -> Vec<Held<'_>>;
}

impl HoldsSecrets for TaskSpec {
    fn held(&mut self) -> Vec<Held<'_>> {
        let mut all = of_kind(&mut self.kind);
        for (key, value) in &mut self.labels {
            let secrets = secrets_of_label(key, value);
            all.push(Held::new(format!("labels.{key}"), value, secrets));
        }
        if let Stdin::Text(text) = &mut self.stdin {
            all.push(Held::plain("stdin.text", text));
        }
        all
    }
}

impl HoldsSecrets for Job {
    fn held(&mut self) -> Vec<Held<'_>> {
        let mut all: Vec<_> = self.spec.held().into_iter().map(|held| held.within("spec")).collect();
        if let Some(notes) = &mut self.notes {
            all.push(Held::plain("notes", notes));
        }
        // Other values are numbers, days and the like, which have forms of their own.
        let is_text = |name: &str| {
            let of = self.parameters.iter().find(|parameter| parameter.name == name);
            of.is_some_and(|parameter| parameter.kind == ParameterType::Text)
        };
        for (n, schedule) in self.schedules.iter_mut().enumerate() {
            let texts = schedule.parameters.iter_mut().filter(|(name, _)| is_text(name));
            all.extend(texts.map(|(name, value)| {
                let secrets = secrets_of_label(name, value);
                Held::new(format!("schedules[{n}].parameters.{name}"), value, secrets)
            }));
        }
        for (n, parameter) in self.parameters.iter_mut().enumerate() {
            if let (ParameterType::Text, Some(default)) = (parameter.kind, &mut parameter.default) {
                let secrets = secrets_of_label(&parameter.name, default);
                all.push(Held::new(format!("parameters[{n}].default"), default, secrets));
            }
        }
        all
    }
}

/// Values of a job's parameters by their names.
impl HoldsSecrets for BTreeMap<String, String> {
    fn held(&mut self) -> Vec<Held<'_>> {
        let mut all = Vec::new();
        for (name, value) in self {
            let secrets = secrets_of_label(name, value);
            all.push(Held::new(format!("parameters.{name}"), value, secrets));
        }
        all
    }
}

/// One line of words: the name in errors of each, and the letter of its list in earlier masks.
type Words<'a> = Vec<(String, Option<String>, &'a mut String)>;

fn list<'a>(letter: char, field: &str, words: &'a mut [String]) -> Words<'a> {
    let word = |(n, word)| (format!("{field}[{n}]"), Some(format!("{letter}{n}")), word);
    words.iter_mut().enumerate().map(word).collect()
}

fn of_kind(kind: &mut TaskKind) -> Vec<Held<'_>> {
    let (head, env, line, texts): (_, &mut Vec<EnvVar>, Words<'_>, Vec<(&str, &mut String)>) = match kind {
        TaskKind::Subprocess(task) => {
            let line = match &mut task.mode {
                SubprocessMode::Command(CommandMode { command, args }) => {
                    let mut line = vec![("kind.subprocess.mode.command.command".to_owned(), None, command)];
                    line.extend(list('a', "kind.subprocess.mode.command.args", args));
                    line
                }
                SubprocessMode::Script(script) => {
                    list('a', "kind.subprocess.mode.script.args", &mut script.args)
                }
            };
            let cwd = task.cwd.as_mut().map(|cwd| ("kind.subprocess.cwd", cwd));
            ("kind.subprocess", &mut task.env, line, cwd.into_iter().collect())
        }
        TaskKind::Container(task) => {
            let mut line = list('c', "kind.container.command", &mut task.command);
            line.extend(list('a', "kind.container.args", &mut task.args));
            let workdir = task.workdir.as_mut().map(|workdir| ("kind.container.workdir", workdir));
            let texts = [Some(("kind.container.image", &mut task.image)), workdir];
            ("kind.container", &mut task.env, line, texts.into_iter().flatten().collect())
        }
        TaskKind::Wasm(task) => {
            let texts = vec![("kind.wasm.module", &mut task.module)];
            ("kind.wasm", &mut task.env, list('a', "kind.wasm.args", &mut task.args), texts)
        }
    };
    let mut all = Vec::new();
    for (n, EnvVar { key, value }) in env.iter_mut().enumerate() {
        let secrets = secrets_of_variable(key, value);
        let held = Held::new(format!("{head}.env[{n}].value"), value, secrets);
        all.push(Held { place: Some(format!("e{n}")), ..held });
    }
    let words: Vec<&str> = line.iter().map(|(_, _, word)| word.as_str()).collect();
    let secrets = secrets_of_words(&words);
    let words = line.into_iter().zip(secrets);
    all.extend(words.map(|((field, place, text), secrets)| Held { field, place, text, secrets }));
    all.extend(texts.into_iter().map(|(field, text)| Held::plain(field, text)));
    all
}

/// Masks what is secret of the task `id`, or of what else is called so. `mark` makes of a secret what its mask is told by.
pub fn mask(of: &mut impl HoldsSecrets, id: &TaskId, mark: impl Fn(&str) -> String) {
    for held in of.held().into_iter().filter(|held| !held.secrets.is_empty()) {
        let masks: Vec<String> = held
            .secrets
            .iter()
            .map(|secret| format!("{MASK}({id}/{})", mark(&held.text[secret.clone()])))
            .collect();
        *held.text = replaced(held.text, &held.secrets, |n| masks[n].clone());
    }
}

/// The first task whose secrets are asked for here, and the field that asks, if there are masks at all.
///
/// # Errors
/// For a mask that does not say whose it is, with the field: it is never taken for the secret itself.
pub fn masks_of(of: &(impl HoldsSecrets + Clone)) -> Result<Option<(TaskId, String)>, FieldError> {
    for held in of.clone().held() {
        if let Some(found) = next_mask(held.text).map_err(|problem| FieldError::new(&held.field, problem))? {
            return Ok(Some((found.id, held.field)));
        }
    }
    Ok(None)
}

/// What masks stand for.
pub struct Source<'a> {
    /// What their masks call it.
    pub id: &'a TaskId,
    /// As it is stored.
    pub of: &'a mut dyn HoldsSecrets,
    /// Whether it is known to have been the same ever since it was made. Masks of earlier versions say only where a secret was.
    pub unchanged: bool,
}

/// Puts the secrets of a source in the place of its masks. `mark` is that of [`mask`].
///
/// # Errors
/// For a mask whose secret the source does not hold (any more), and for one that would be shown where it stands now, with the field.
pub fn restore(
    of: &mut impl HoldsSecrets,
    source: Source<'_>,
    mark: impl Fn(&str) -> String,
) -> Result<(), FieldError> {
    let Source { id, of: source, unchanged } = source;
    let source = source.held();
    let marked: BTreeMap<String, &str> = source
        .iter()
        .flat_map(|held| held.secrets.iter().map(|secret| &held.text[secret.clone()]))
        .map(|secret| (mark(secret), secret))
        .collect();
    let mut put_in = Vec::new();
    for held in of.held() {
        let wrong = |problem| FieldError::new(&held.field, problem);
        let parts = parts(held.text, id).map_err(wrong)?;
        let secrets = match earlier_place(&parts) {
            Some(place) => {
                let stored = source.iter().find(|source| source.place.as_deref() == Some(place));
                let stored = stored.filter(|_| unchanged).ok_or_else(|| wrong(NO_SECRET))?;
                between(stored.text, &parts).ok_or_else(|| wrong(NO_SECRET))?
            }
            None => {
                let secret =
                    |part: &Part<'_>| part.mark.map(|mark| marked.get(mark).copied().ok_or(NO_SECRET));
                parts.iter().filter_map(secret).collect::<Result<_, _>>().map_err(wrong)?
            }
        };
        let mut secrets = secrets.into_iter();
        let (mut whole, mut ranges) = (String::new(), Vec::new());
        for part in &parts {
            whole.push_str(part.before);
            if part.mark.is_some() {
                let secret = secrets.next().unwrap_or_default();
                ranges.push(whole.len()..whole.len() + secret.len());
                whole.push_str(secret);
            }
        }
        *held.text = whole;
        put_in.push(ranges);
    }
    for (held, ranges) in of.held().iter().zip(put_in) {
        let is_hidden = |range: &Range<usize>| {
            held.secrets.iter().any(|secret| secret.start <= range.start && range.end <= secret.end)
        };
        if !ranges.iter().all(is_hidden) {
            return Err(FieldError::new(&held.field, WOULD_BE_SHOWN));
        }
    }
    Ok(())
}

const NO_SECRET: &str = "stands for a hidden value that is not known here, or was changed since it was read; write the value itself";
const WOULD_BE_SHOWN: &str =
    "holds a hidden value that would be shown here; leave it where it was, or write the value itself";

/// Some text, and the mark of the mask behind it, but for the last one.
struct Part<'a> {
    before: &'a str,
    mark: Option<&'a str>,
}

/// The text at the masks of `id`; those of others are text here.
fn parts<'a>(text: &'a str, id: &TaskId) -> Result<Vec<Part<'a>>, &'static str> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = next_mask(&text[at..])? {
        let mask = at + found.range.start..at + found.range.end;
        if found.id == *id {
            parts.push(Part { before: &text[start..mask.start], mark: Some(found.mark) });
            start = mask.end;
        }
        at = mask.end;
    }
    parts.push(Part { before: &text[start..], mark: None });
    Ok(parts)
}

/// The place of which all masks of a text are, where earlier versions made them, as in `e0.1`: the second part of the first variable.
fn earlier_place<'a>(parts: &[Part<'a>]) -> Option<&'a str> {
    let mut marks = parts.iter().filter_map(|part| part.mark);
    let (place, _) = marks.next()?.split_once('.')?;
    marks.all(|mark| mark.split_once('.').is_some_and(|(other, _)| other == place)).then_some(place)
}

/// What the masks of an unchanged text hide of the stored one. Whatever rule hid it, all of it comes to the stored text again.
fn between<'a>(stored: &'a str, parts: &[Part<'_>]) -> Option<Vec<&'a str>> {
    let (last, parts) = parts.split_last()?;
    let (first, others) = parts.split_first()?;
    let mut rest = stored.strip_prefix(first.before)?.strip_suffix(last.before)?;
    let mut hidden = Vec::new();
    for part in others {
        let (secret, behind) = rest.split_once(part.before)?;
        hidden.push(secret);
        rest = behind;
    }
    hidden.push(rest);
    hidden.iter().all(|secret| !secret.is_empty()).then_some(hidden)
}

/// A mask: where it is, the task whose secret it stands for, and what tells which one.
struct FoundMask<'a> {
    range: Range<usize>,
    id: TaskId,
    mark: &'a str,
}

fn next_mask(text: &str) -> Result<Option<FoundMask<'_>>, &'static str> {
    let Some(start) = text.find(MASK) else { return Ok(None) };
    let named = text[start + MASK.len()..].strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (name, (id, mark)) =
        named.and_then(|(name, _)| Some((name, name.split_once('/')?))).ok_or(NO_SECRET)?;
    let id = TaskId::new(id).map_err(|_| NO_SECRET)?;
    Ok(Some(FoundMask { range: start..start + MASK.len() + name.len() + 2, id, mark }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn mark(secret: &str) -> String {
        secret.bytes().rev().map(|byte| format!("{byte:02x}")).collect()
    }

    fn id() -> TaskId {
        TaskId::new("t1").expect("legal")
    }

    fn shown<T: HoldsSecrets + Clone>(of: &T) -> T {
        let mut shown = of.clone();
        mask(&mut shown, &id(), mark);
        shown
    }

    fn put_back<T: HoldsSecrets>(of: &mut T, source: &(impl HoldsSecrets + Clone)) -> Result<(), FieldError> {
        restore(of, Source { id: &id(), of: &mut source.clone(), unchanged: false }, mark)
    }

    fn spec() -> TaskSpec {
        let spec = json!({
            "slot": "s",
            "labels": {"team": "a", "api_token": "hush8", "url": "https://u:hush9@h"},
            "stdin": {"text": "user: me\npassword: hush10\n"},
            "kind": {"subprocess": {
                "mode": {"command": {"command": "deploy", "args": [
                    "--password=hush", "--token", "hush2", "postgres://u:hush3@db/x", "--key=2", "MY_TOKEN=hush4",
                    "-u", "me:hush11", "{\"password\":\"hush12\"}",
                ]}},
                "env": [
                    {"key": "API_KEY", "value": "hush5"},
                    {"key": "DATABASE_URL", "value": "postgres://u:hush6@db/x?password=hush7"},
                    {"key": "LANG", "value": "C"},
                    {"key": "USE_TOKEN", "value": "true"},
                    {"key": "DB_PASSWORD", "value": "{{ password }}"},
                    {"key": "CONFIG", "value": "{\"token\":\"hush13\",\"n\":1}"},
                ],
                "cwd": "/srv/token=hush14",
            }},
        });
        serde_json::from_value(spec).expect("legal")
    }

    fn env(spec: &mut TaskSpec) -> &mut Vec<EnvVar> {
        let TaskKind::Subprocess(task) = &mut spec.kind else { panic!("a command") };
        &mut task.env
    }

    fn job() -> Job {
        let job = json!({
            "name": "j", "notes": "log in with token=hushnotes", "spec": spec(),
            "parameters": [
                {"name": "api_token", "type": "text", "default": "hushdefault"},
                {"name": "url", "type": "text", "default": "postgres://u:hushurl@h"},
                {"name": "pin", "type": "number", "default": "1234"},
            ],
            "schedules": [{"cron": "@daily", "parameters": {"api_token": "hushschedule", "pin": "4711"}}],
        });
        serde_json::from_value(job).expect("a job")
    }

    #[test]
    fn what_is_shown_can_be_submitted_again() {
        let (spec, job) = (spec(), job());
        let text = serde_json::to_string(&shown(&spec)).expect("writes")
            + &serde_json::to_string(&shown(&job)).expect("writes");
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
            "me:",
            "user: me",
            "4711",
        ] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        assert_eq!(
            (masks_of(&shown(&spec)), masks_of(&spec)),
            (Ok(Some((id(), "kind.subprocess.env[0].value".to_owned()))), Ok(None))
        );
        let (mut spec_again, mut job_again) = (shown(&spec), shown(&job));
        put_back(&mut spec_again, &spec).expect("all are there");
        put_back(&mut job_again, &job).expect("all are there");
        assert_eq!((spec_again, job_again), (spec, job));
    }

    #[test]
    fn a_mask_stands_for_what_was_read_wherever_that_is_now() {
        let read = shown(&spec());
        // What is around a mask may change, as may the order.
        let mut changed = read.clone();
        env(&mut changed).swap(0, 1);
        env(&mut changed)[0].value = env(&mut changed)[0].value.replace("@db/", "@other/");
        put_back(&mut changed, &spec()).expect("all are there");
        assert_eq!(env(&mut changed)[0].value, "postgres://u:hush6@other/x?password=hush7");
        assert_eq!(env(&mut changed)[1].value, "hush5");

        // So may that of the stored task.
        let mut stored = spec();
        env(&mut stored).reverse();
        let mut again = read.clone();
        put_back(&mut again, &stored).expect("all are there");
        assert_eq!(again, spec());

        // One that is not there any more is no other.
        env(&mut stored)[5].value = "other".into();
        let error = put_back(&mut read.clone(), &stored).expect_err("it was changed");
        assert_eq!(error, FieldError::new("kind.subprocess.env[0].value", NO_SECRET));
    }

    #[test]
    fn a_mask_is_not_moved_to_where_its_secret_would_be_shown() {
        let read = shown(&spec());
        let mask = env(&mut read.clone())[0].value.clone();
        let moved = |pointer: &str, text: String| {
            let mut json = serde_json::to_value(&read).expect("writes");
            *json.pointer_mut(pointer).expect("is there") = Value::String(text);
            let mut moved: TaskSpec = serde_json::from_value(json).expect("a spec");
            put_back(&mut moved, &spec()).map_err(|error| (error.field, error.message))
        };
        for (pointer, field) in [
            ("/kind/subprocess/env/2/value", "kind.subprocess.env[2].value"),
            ("/kind/subprocess/mode/command/args/4", "kind.subprocess.mode.command.args[4]"),
            ("/kind/subprocess/mode/command/command", "kind.subprocess.mode.command.command"),
            ("/kind/subprocess/cwd", "kind.subprocess.cwd"),
            ("/labels/team", "labels.team"),
            ("/stdin/text", "stdin.text"),
        ] {
            assert_eq!(moved(pointer, mask.clone()), Err((field.to_owned(), WOULD_BE_SHOWN.to_owned())));
        }
        assert_eq!(moved("/kind/subprocess/mode/command/args/4", format!("--secret={mask}")), Ok(()));
        let mut values = BTreeMap::from([("day".to_owned(), mask)]);
        assert_eq!(put_back(&mut values, &spec()).expect_err("refused").field, "parameters.day");
    }

    #[test]
    fn a_mask_is_never_taken_for_a_secret() {
        for value in [MASK.to_owned(), format!("a{MASK}b"), format!("{MASK}(t1)"), format!("{MASK}(?/e0.0)")]
        {
            let mut spec = spec();
            env(&mut spec)[2].value = value;
            assert_eq!(masks_of(&spec).expect_err("refused").field, "kind.subprocess.env[2].value");
        }
        for unknown in ["e9.0", "e0.1", "e2.0", "e0", "", "é", "00"] {
            let mut spec = spec();
            env(&mut spec)[0].value = format!("{MASK}(t1/{unknown})");
            let error = put_back(&mut spec, &self::spec()).expect_err(unknown);
            assert_eq!(error.field, "kind.subprocess.env[0].value");
        }
    }

    #[test]
    fn masks_of_earlier_versions_stand_for_a_text_that_is_as_it_was() {
        let earlier = |values: [&str; 3], unchanged| {
            let mut spec = spec();
            env(&mut spec)[5].key = "AUTHORIZATION".into();
            env(&mut spec)[5].value = "Basic hush13".into();
            let source = spec.clone();
            for (n, value) in [0, 1, 5].into_iter().zip(values) {
                env(&mut spec)[n].value = value.replace("***", &format!("{MASK}(t1/e{n}.0)"));
            }
            env(&mut spec)[1].value = env(&mut spec)[1].value.replacen("e1.0", "e1.1", 1);
            let restored = restore(&mut spec, Source { id: &id(), of: &mut source.clone(), unchanged }, mark);
            restored.map(|()| assert_eq!(spec, source)).map_err(|error| error.field)
        };
        // Of the last one less was hidden than is now.
        let all = ["***", "postgres://u:***@db/x?password=***", "Basic ***"];
        assert_eq!(earlier(all, true), Ok(()));
        assert_eq!(
            earlier(all, false).expect_err("it may have been another"),
            "kind.subprocess.env[0].value"
        );
        let changed = ["***", "postgres://u:***@other/x?password=***", "Basic ***"];
        assert_eq!(earlier(changed, true).expect_err("not as it was"), "kind.subprocess.env[1].value");
    }
}
