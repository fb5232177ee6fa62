//! Reading what people write as JSON: what does not have the shape of its type is told by its path, in words that a person reads,
//! and all of it together. What is stored is read more leniently, see `stored.rs`.

use crate::{FieldError, grouped};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

/// All that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{first}")]
pub struct SpecErrors {
    /// Of the field that comes first.
    pub first: FieldError,
    /// The rest: first what does not fit its field, then the rules that are broken, each in the order of the fields.
    pub others: Vec<FieldError>,
}

impl SpecErrors {
    /// All of these; `None` when nothing is wrong.
    #[must_use]
    pub fn of(problems: Vec<FieldError>) -> Option<Self> {
        let mut problems = problems.into_iter();
        Some(Self { first: problems.next()?, others: problems.collect() })
    }
}

impl From<FieldError> for SpecErrors {
    fn from(first: FieldError) -> Self {
        Self { first, others: vec![] }
    }
}

/// The greatest whole number that every reader of JSON holds exactly, and that a request may hold.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;
/// Of one document so many misfits are told: each is found by reading it again.
const MOST: usize = 32;

type Misread = serde_path_to_error::Error<serde_json::Error>;

/// Reads a document. Every value that does not fit its field is told, up to 32; `whole` is what an error of the document itself names.
///
/// # Errors
/// What does not fit, in the order in which it is found.
pub fn read_whole<T: DeserializeOwned>(document: Value, whole: &str) -> Result<T, SpecErrors> {
    let mut reading = Reading::of(document, whole);
    match (reading.read(), reading.into_errors()) {
        (Some(value), None) => Ok(value),
        (_, Some(errors)) => Err(errors),
        // It was read, or there is an error.
        (None, None) => Err(FieldError::new(whole, "cannot be read").into()),
    }
}

/// What an error of a reader says, with its path; for documents that are no JSON, whose values cannot be looked at. `None` stands for
/// the document itself.
pub fn misfit(path: &serde_path_to_error::Path, message: &str) -> (Option<String>, String) {
    let at: Vec<Segment> = path.iter().cloned().collect();
    let field =
        named_field(message).filter(|name| !matches!(at.last(), Some(Segment::Map { key }) if key == name));
    let at: Vec<Segment> = at.into_iter().chain(field.map(|key| Segment::Map { key })).collect();
    let path = written(&at);
    (Some(path).filter(|path| !path.is_empty()), in_words(message))
}

/// The first number of a document that is greater than [`MAX_NUMBER`].
pub fn too_large(document: &Value) -> Option<FieldError> {
    fn find(value: &Value, at: &mut Vec<Segment>) -> bool {
        let mut look = |segment: Segment, value: &Value| {
            at.push(segment);
            let found = find(value, at);
            if !found {
                at.pop();
            }
            found
        };
        match value {
            Value::Number(number) => number.as_u64().is_some_and(|number| number > MAX_NUMBER),
            Value::Array(items) => {
                items.iter().enumerate().any(|(index, item)| look(Segment::Seq { index }, item))
            }
            Value::Object(members) => {
                members.iter().any(|(key, member)| look(Segment::Map { key: key.clone() }, member))
            }
            Value::Null | Value::Bool(_) | Value::String(_) => false,
        }
    }
    let mut at = vec![];
    let found = find(document, &mut at);
    found.then(|| FieldError::new(written(&at), format!("must be at most {}", grouped(MAX_NUMBER))))
}

/// A document on its way to be read. What is found to be wrong is put right in it, so that the rest can be looked at.
pub(crate) struct Reading<'a> {
    document: Value,
    whole: &'a str,
    found: Vec<Misfit>,
}

struct Misfit {
    error: FieldError,
    /// The value was put in reach, and a rule about its range says more than its type does.
    out_of_range: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(document: Value, whole: &'a str) -> Self {
        Self { document, whole, found: vec![] }
    }

    /// The document, with stand-ins for what does not fit; `None` where no stand-in does either.
    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            let error = match try_read::<T>(&self.document) {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let at = place_of::<T>(&self.document, &error);
            let field = if at.is_empty() { self.whole.to_owned() } else { written(&at) };
            // What has a stand-in already, or is around one.
            if self.found.len() == MOST
                || self.found.iter().any(|known| is_within(&known.error.field, &field))
            {
                return None;
            }
            let message = error.inner().to_string();
            let out_of_range = is_out_of_range(&message);
            self.found.push(Misfit { error: FieldError::new(field, in_words(&message)), out_of_range });
            if !self.put_right::<T>(&at, &error) {
                return None;
            }
        }
    }

    /// Adds the rules that are broken by what could be read. Of what has a stand-in they say nothing.
    pub(crate) fn add(&mut self, broken: Vec<FieldError>) {
        for rule in broken {
            match self.found.iter_mut().find(|known| is_within(&rule.field, &known.error.field)) {
                Some(known) if known.out_of_range => *known = Misfit { error: rule, out_of_range: false },
                Some(_) => {}
                None => self.found.push(Misfit { error: rule, out_of_range: false }),
            }
        }
    }

    pub(crate) fn into_errors(self) -> Option<SpecErrors> {
        let mut errors = self.found.into_iter().map(|known| known.error);
        let first = errors.next()?;
        Some(SpecErrors { first, others: errors.collect() })
    }

    /// Puts something in the place that reads as what is expected there, or takes it out.
    fn put_right<T: DeserializeOwned>(&mut self, at: &[Segment], error: &Misread) -> bool {
        let Some((last, outer)) = at.split_last() else { return false };
        let before = (written(&error.path().iter().cloned().collect::<Vec<_>>()), error.inner().to_string());
        let fits = |document: &Value| match try_read::<T>(document) {
            Ok(_) => true,
            Err(next) => {
                let at = place_of::<T>(document, &next);
                let now = written(&next.path().iter().cloned().collect::<Vec<_>>());
                (now, next.inner().to_string()) != before
                    && !is_within(&written(&at), &written_with(outer, last))
            }
        };
        if !before.1.starts_with("unknown field") {
            for stand_in in stand_ins(&before.1) {
                let mut changed = self.document.clone();
                if place(&mut changed, outer).is_some_and(|outer| put(outer, last, stand_in))
                    && fits(&changed)
                {
                    self.document = changed;
                    return true;
                }
            }
        }
        let mut changed = self.document.clone();
        let is_out = place(&mut changed, outer).is_some_and(|outer| take_out(outer, last));
        let is_right = is_out && fits(&changed);
        if is_right {
            self.document = changed;
        }
        is_right
    }
}

fn try_read<T: DeserializeOwned>(document: &Value) -> Result<T, Misread> {
    serde_path_to_error::deserialize(document)
}

/// What may stand where something else was, the nearest first.
fn stand_ins(message: &str) -> Vec<Value> {
    let numbers = match () {
        // Too small, or too large: the rule of the field says how far it may go.
        () if is_out_of_range(message) && message.contains("integer `-") => vec![json!(0)],
        () if is_out_of_range(message) => vec![json!(i32::MAX), json!(u16::MAX), json!(u8::MAX)],
        // One of the words that there are.
        () if message.starts_with("unknown variant") => {
            expected(message).split('`').nth(1).map(|word| json!(word)).into_iter().collect()
        }
        () => vec![json!(1)],
    };
    let others = [
        json!("x"),
        json!(true),
        json!([]),
        json!({}),
        json!({"subprocess": {"mode": {"command": {"command": "x"}}}}),
        json!({"command": {"command": "x"}}),
    ];
    numbers.into_iter().chain(others).collect()
}

/// Whether it is a whole number, as it should be, of a size that its field does not hold.
fn is_out_of_range(message: &str) -> bool {
    message.starts_with("invalid value: integer `") && is_whole(expected(message))
}

fn expected(message: &str) -> &str {
    without_place(message).split_once(", expected ").map_or("", |(_, expected)| expected)
}

fn is_whole(expected: &str) -> bool {
    ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize"].contains(&expected)
}

/// The place of the value that is at fault. A reader that has to look at a whole object before it knows its type tells no place within it:
/// there it is the member without which it fails in another way.
fn place_of<T: DeserializeOwned>(document: &Value, error: &Misread) -> Vec<Segment> {
    let message = error.inner().to_string();
    let mut at: Vec<Segment> = error.path().iter().cloned().collect();
    if let Some(name) = named_field(&message) {
        return with_field(document, at, name);
    }
    while let Some(Value::Object(members)) = look(document, &at) {
        if message.starts_with("unknown variant") {
            // The word of an object's kind.
            let word = message.split('`').nth(1);
            let mut holders = members.iter().filter(|(_, value)| value.as_str() == word);
            if let (Some((name, _)), None) = (holders.next(), holders.next()) {
                at.push(Segment::Map { key: name.clone() });
            }
            break;
        }
        let is_at_fault = |name: &&String| {
            let mut changed = document.clone();
            let outer = place(&mut changed, &at);
            let nulled =
                outer.is_some_and(|outer| put(outer, &Segment::Map { key: (*name).clone() }, Value::Null));
            nulled && is_another_failure::<T>(&changed, &message)
        };
        let Some(name) = members.keys().find(is_at_fault).cloned() else { break };
        at.push(Segment::Map { key: name });
    }
    at
}

/// Whether the document fails for the same expectation with a null in the place of what failed before, or not at all.
fn is_another_failure<T: DeserializeOwned>(document: &Value, before: &str) -> bool {
    let Err(error) = try_read::<T>(document) else { return true };
    let now = error.inner().to_string();
    if now == before || expected(&now).contains("variant identifier") {
        return false;
    }
    // Of another member than the one that failed before, null is told with what that one is to be.
    let is_of_null = now.starts_with("invalid type: null");
    !is_of_null || expected(before).is_empty() || expected(&now) == expected(before)
}

/// The field that a message about a field, and not about a value, names between backquotes.
pub(crate) fn named_field(message: &str) -> Option<String> {
    let is_about_a_field = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .any(|start| message.starts_with(start));
    is_about_a_field.then(|| message.split('`').nth(1).map(str::to_owned))?
}

/// The way to the field `name` of what is at `at`, or at the end of `at`: not every reader tells which of both it is.
pub(crate) fn with_field(document: &Value, at: Vec<Segment>, name: String) -> Vec<Segment> {
    for (n, segment) in at.iter().enumerate() {
        let is_it = matches!(segment, Segment::Map { key } if *key == name);
        if is_it && look(document, &at[..n]).is_some_and(|outer| outer.get(&name).is_some()) {
            return at[..=n].to_vec();
        }
    }
    at.into_iter().chain([Segment::Map { key: name }]).collect()
}

fn look<'a>(document: &'a Value, at: &[Segment]) -> Option<&'a Value> {
    at.iter().try_fold(document, |outer, segment| match segment {
        Segment::Map { key } | Segment::Enum { variant: key } => outer.get(key),
        Segment::Seq { index } => outer.get(index),
        Segment::Unknown => None,
    })
}

/// What stands at the end of a way.
pub(crate) fn place<'a>(document: &'a mut Value, at: &[Segment]) -> Option<&'a mut Value> {
    at.iter().try_fold(document, |outer, segment| match segment {
        Segment::Map { key } | Segment::Enum { variant: key } => outer.get_mut(key),
        Segment::Seq { index } => outer.get_mut(index),
        Segment::Unknown => None,
    })
}

fn put(outer: &mut Value, at: &Segment, value: Value) -> bool {
    match (outer, at) {
        (Value::Object(members), Segment::Map { key } | Segment::Enum { variant: key }) => {
            members.insert(key.clone(), value);
            true
        }
        (Value::Array(items), Segment::Seq { index }) => {
            items.get_mut(*index).map(|item| *item = value).is_some()
        }
        _ => false,
    }
}

pub(crate) fn take_out(outer: &mut Value, at: &Segment) -> bool {
    match (outer, at) {
        (Value::Object(members), Segment::Map { key } | Segment::Enum { variant: key }) => {
            members.remove(key).is_some()
        }
        _ => false,
    }
}

/// As a reader of the JSON would write it: `kind.subprocess.env[2].key`.
fn written(at: &[Segment]) -> String {
    let mut path = String::new();
    for segment in at {
        match segment {
            Segment::Seq { index } => path.push_str(&format!("[{index}]")),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(name);
            }
            Segment::Unknown => {}
        }
    }
    path
}

fn written_with(outer: &[Segment], last: &Segment) -> String {
    written(&[outer, std::slice::from_ref(last)].concat())
}

/// Whether `field` is `outer` or in it.
fn is_within(field: &str, outer: &str) -> bool {
    field.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Without the place in a text, which the path says better.
fn without_place(message: &str) -> &str {
    match message.rsplit_once(" at line ") {
        Some((said, place)) if place.contains(" column ") => said,
        _ => message,
    }
}

/// What a reader says, for who has written the document and knows nothing of how this program keeps it.
fn in_words(message: &str) -> String {
    let message = without_place(message);
    let between = || message.split('`').nth(1).unwrap_or_default();
    let known = || expected(message).replace('`', "");
    if message.starts_with("unknown field") {
        return match known().trim_start_matches("one of ").replace(" or ", ", ").as_str() {
            "" => "is not a field here".to_owned(),
            known => format!("is not a field here; known are: {known}"),
        };
    }
    if message.starts_with("missing field") {
        return "is required".into();
    }
    if message.starts_with("duplicate field") {
        return "is given twice".into();
    }
    if message.starts_with("unknown variant") {
        return format!("must be {}, not {}", known(), between());
    }
    if !["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .any(|start| message.starts_with(start))
    {
        return message.to_owned();
    }
    if is_out_of_range(message) {
        return if between().starts_with('-') { "must not be negative" } else { "is too large" }.into();
    }
    let wanted = match expected(message) {
        number if is_whole(number) => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "string or map" => "a string or an object",
        "map with a single key" => "an object with one member",
        "a map" => "an object",
        other if other.starts_with("struct ") || other.contains(" enum ") || other.starts_with("enum ") => {
            "an object"
        }
        other if other.contains("variant identifier") => "a string",
        other if other.starts_with("a tuple") || other.starts_with("tuple") => "a list",
        other => other,
    };
    format!("must be {wanted}")
}
