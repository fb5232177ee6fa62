//! Secrets of tasks and jobs as they are shown: in the place of each stands a mask that says whose it is, `••••••(<task>/<mark>)`, so
//! that what was read can be changed and submitted again. [`restore`] puts the secrets back. The mark is made of the secret itself and
//! of a key that nobody reads: a mask stands for the secret that was read, or for none. One that does not say whose it is, as lists and
//! messages have it, is refused where a secret would be, and is text anywhere else.

use crate::secret::{MASK, replaced, secrets_in, secrets_of_label, secrets_of_variable, secrets_of_words};
use crate::{
    CommandMode, EnvVar, FieldError, Hook, HookCall, Job, ParameterType, Stdin, SubprocessMode, TaskId,
    TaskKind, TaskSpec,
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

/// Its address is not among them: that is given back whole, or not at all.
impl HoldsSecrets for Hook {
    fn held(&mut self) -> Vec<Held<'_>> {
        let mut all = match &mut self.call {
            HookCall::Command(command) => of_line(of_command("call.command", command)),
            HookCall::Webhook(_) => vec![],
        };
        for (key, value) in &mut self.labels {
            let secrets = secrets_of_label(key, value);
            all.push(Held::new(format!("labels.{key}"), value, secrets));
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

fn of_command<'a>(field: &str, CommandMode { command, args }: &'a mut CommandMode) -> Words<'a> {
    let mut line = vec![(format!("{field}.command"), None, command)];
    line.extend(list('a', &format!("{field}.args"), args));
    line
}

fn of_line(line: Words<'_>) -> Vec<Held<'_>> {
    let words: Vec<&str> = line.iter().map(|(_, _, word)| word.as_str()).collect();
    let secrets = secrets_of_words(&words);
    let held = |((field, place, text), secrets)| Held { field, place, text, secrets };
    line.into_iter().zip(secrets).map(held).collect()
}

fn of_kind(kind: &mut TaskKind) -> Vec<Held<'_>> {
    let (head, env, line, texts): (_, &mut Vec<EnvVar>, Words<'_>, Vec<(&str, &mut String)>) = match kind {
        TaskKind::Subprocess(task) => {
            let line = match &mut task.mode {
                SubprocessMode::Command(command) => of_command("kind.subprocess.mode.command", command),
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
    all.extend(of_line(line));
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

/// The first task whose secrets are asked for here, and the field that asks, if there are such masks at all.
///
/// # Errors
/// For a mask in the place of a secret that does not say whose it is, with the field: it is never taken for the secret itself.
pub fn masks_of(of: &(impl HoldsSecrets + Clone)) -> Result<Option<(TaskId, String)>, FieldError> {
    let mut of = of.clone();
    let (mut first, mut bare) = (None, Vec::new());
    for held in of.held() {
        let (mut tried, mut stand_ins, mut at) = (String::new(), Vec::new(), 0);
        for mask in masks_in(held.text) {
            tried.push_str(&held.text[at..mask.range.start]);
            at = mask.range.end;
            let start = tried.len();
            tried.push_str(STAND_IN);
            match mask.of {
                Some((id, _)) => first = first.or_else(|| Some((id, held.field.clone()))),
                None => stand_ins.push(start..tried.len()),
            }
        }
        if at > 0 {
            tried.push_str(&held.text[at..]);
            *held.text = tried;
        }
        bare.push(stand_ins);
    }
    if bare.iter().any(|stand_ins| !stand_ins.is_empty()) {
        for (held, stand_ins) in of.held().iter().zip(bare) {
            let is_hidden = |place: &Range<usize>| {
                held.secrets.iter().any(|secret| secret.start < place.end && place.start < secret.end)
            };
            if stand_ins.iter().any(is_hidden) {
                return Err(FieldError::new(&held.field, NO_SECRET));
            }
        }
    }
    Ok(first)
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
        let parts = parts(held.text, id);
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
fn parts<'a>(text: &'a str, id: &TaskId) -> Vec<Part<'a>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for mask in masks_in(text) {
        if let Some((_, mark)) = mask.of.filter(|(of, _)| of == id) {
            parts.push(Part { before: &text[start..mask.range.start], mark: Some(mark) });
            start = mask.range.end;
        }
    }
    parts.push(Part { before: &text[start..], mark: None });
    parts
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

/// Takes the place of a mask where it is tried whether a secret would be there. By its form it is none.
const STAND_IN: &str = "standsinforwhatishidden";

/// A mask: where it is, and the task whose secret it stands for with what tells which one, if it says so.
struct FoundMask<'a> {
    range: Range<usize>,
    of: Option<(TaskId, &'a str)>,
}

fn masks_in(text: &str) -> impl Iterator<Item = FoundMask<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(MASK)?;
        let end = start + MASK.len();
        let name = text[end..].strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(name, _)| name);
        let of = name.and_then(|name| name.split_once('/'));
        let of = of.and_then(|(id, mark)| Some((TaskId::new(id).ok()?, mark)));
        at = end + name.filter(|_| of.is_some()).map_or(0, |name| name.len() + 2);
        Some(FoundMask { range: start..at, of })
    })
}

#[cfg(test)]
mod tests;
