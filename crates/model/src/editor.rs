//! The editor in which a file that a log names is opened: a command with places for the file, the line and the column.

use crate::FieldError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// In bytes.
const MAX_COMMAND: usize = 1_000;
const FIELD: &str = "editor.command";

/// The editor for files that logs name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EditorSettings {
    /// A program and its arguments, quoted as for a shell, which does not see it: `code -g {file}:{line}:{column}`. Empty where
    /// none is chosen.
    pub command: String,
}

impl EditorSettings {
    /// What to execute so that this place in a file is shown; `None` where no editor is chosen. A name is one argument or a part
    /// of one, whatever is in it.
    #[must_use]
    pub fn argv(&self, file: &str, line: u32, column: u32) -> Option<Vec<String>> {
        let words = shlex::split(&self.command).filter(|words| !words.is_empty())?;
        let (line, column) = (line.to_string(), column.to_string());
        let values = [("file", file), ("line", &line), ("column", &column)];
        let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        Some(words.iter().map(|word| parts(word).map(|part| part.filled(&value)).collect()).collect())
    }

    pub(crate) fn validate(&self) -> Result<(), FieldError> {
        let refused = |why: &str| Err(FieldError::new(FIELD, why));
        if self.command.is_empty() {
            return Ok(());
        }
        if self.command.len() > MAX_COMMAND || self.command.contains('\0') {
            return refused("is too long, or no text");
        }
        let Some(words) = shlex::split(&self.command) else {
            return refused("has a quote that is not closed");
        };
        let [program, arguments @ ..] = &words[..] else { return refused("names no program") };
        if parts(program).any(|part| matches!(part, Part::Place(_))) || program.is_empty() {
            return refused("must begin with the name of a program");
        }
        let names = arguments.iter().flat_map(|word| parts(word)).filter_map(|part| match part {
            Part::Place(name) => Some(name),
            Part::Text(_) => None,
        });
        let names: Vec<&str> = names.collect();
        match names.iter().find(|name| !["file", "line", "column"].contains(name)) {
            Some(name) => {
                refused(&format!("has {{{name}}}; only {{file}}, {{line}} and {{column}} are known"))
            }
            None if !names.contains(&"file") => refused("must say where the file's name goes: {file}"),
            None => Ok(()),
        }
    }
}

enum Part<'a> {
    Text(&'a str),
    /// `{name}`.
    Place(&'a str),
}

impl<'a> Part<'a> {
    fn filled<'b>(self, value: &impl Fn(&str) -> Option<&'b str>) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::Place(name) => value(name).map_or_else(|| format!("{{{name}}}"), str::to_owned),
        }
    }
}

/// A word cut at its places; braces around anything but small letters are text.
fn parts(word: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = word;
    let mut place = None;
    std::iter::from_fn(move || {
        if let Some(name) = place.take() {
            return Some(Part::Place(name));
        }
        if rest.is_empty() {
            return None;
        }
        let found = rest.match_indices('{').find_map(|(at, _)| {
            let name = rest[at + 1..].split_once('}')?.0;
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
            is_name.then_some((at, name))
        });
        let Some((at, name)) = found else { return Some(Part::Text(std::mem::take(&mut rest))) };
        let text = &rest[..at];
        rest = &rest[at + name.len() + 2..];
        place = Some(name);
        Some(Part::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(command: &str, file: &str) -> Vec<String> {
        let editor = EditorSettings { command: command.into() };
        editor.validate().expect("legal");
        editor.argv(file, 3, 18).expect("chosen")
    }

    fn refused(command: &str) -> String {
        EditorSettings { command: command.into() }.validate().expect_err(command).to_string()
    }

    #[test]
    fn a_file_is_one_argument_whatever_it_is_called() {
        assert_eq!(argv("code -g {file}:{line}:{column}", "/a b/c"), ["code", "-g", "/a b/c:3:18"]);
        let name = r#"/x/$(touch y) '"{line}`;"#;
        let expected = ["xterm", "-e", "nvim", "+call cursor(3,18)", name];
        assert_eq!(argv("xterm -e nvim '+call cursor({line},{column})' {file}", name), expected);
        assert_eq!(argv("'my editor' {file}", "f"), ["my editor", "f"]);
        assert_eq!(argv("ed {file} '{}' {A} {", "f"), ["ed", "f", "{}", "{A}", "{"]);
    }

    #[derive(Deserialize)]
    struct Known {
        file: String,
        line: u32,
        column: u32,
        editors: Vec<KnownEditor>,
    }

    #[derive(Deserialize)]
    struct KnownEditor {
        name: String,
        command: String,
        argv: Vec<String>,
    }

    #[test]
    fn the_editors_that_are_offered_are_told_the_place_in_their_own_way() {
        let Known { file, line, column, editors } =
            serde_json::from_str(include_str!("../../../tests/corpus/editors.json")).expect("cases");
        for KnownEditor { name, command, argv } in editors {
            let editor = EditorSettings { command };
            editor.validate().expect(&name);
            assert_eq!(editor.argv(&file, line, column), Some(argv), "{name}");
        }
    }

    #[test]
    fn without_a_command_there_is_none_and_a_bad_one_is_refused_in_words() {
        assert_eq!(EditorSettings::default().argv("f", 1, 1), None);
        EditorSettings::default().validate().expect("legal");
        for (command, why) in [
            ("code", "{file}"),
            ("  ", "no program"),
            ("'' {file}", "begin"),
            ("{file}", "begin"),
            ("code {file} {row}", "{row}"),
            ("code 'a {file}", "quote"),
        ] {
            assert!(refused(command).contains(why), "{command}: {}", refused(command));
        }
    }
}
