//! What a task runs, in one text that a person can read: the words of a command as they would be typed, of a script the first
//! line that says something. It is what lists show and what a search for a text looks at.
//!
//! The page quotes words by the same rule (`shared/quoting.ts`); `tests/corpus/command-lines.json` holds cases for both.

use crate::{ScriptMode, ScriptRuntime, SubprocessMode, SubprocessTask, TaskKind, secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Of a script only so much base64 is read: its first lines. A multiple of four.
const LOOKED_AT: usize = 16 * 1024;

impl TaskKind {
    /// The whole text, with its secrets; [`crate::SpecHead`] has what lists show of it.
    ///
    /// ```
    /// let kind = serde_json::json!({"subprocess": {"mode": {"command": {"command": "grep", "args": ["-r", "two words"]}}}});
    /// let kind: solti_model::TaskKind = serde_json::from_value(kind).unwrap();
    /// assert_eq!(kind.command_text(), "grep -r 'two words'");
    /// ```
    #[must_use]
    pub fn command_text(&self) -> String {
        text(self, usize::MAX, |words| words.iter().copied().map(Cow::from).collect(), |line| line.into())
    }

    /// [`TaskKind::command_text`] without its secrets.
    #[must_use]
    pub fn masked_command_text(&self) -> String {
        text(self, usize::MAX, secret::masked_words, secret::masked_text)
    }

    /// At least so many bytes of [`TaskKind::masked_command_text`], if there are as many, at a price that does not grow with the
    /// arguments.
    pub(crate) fn masked_beginning(&self, bytes: usize) -> String {
        // Masks are shorter than most of what they stand for.
        text(self, 16 * bytes, secret::masked_words, secret::masked_text)
    }
}

/// A word that stands for itself in a shell, quoted where it has to be.
///
/// ```
/// assert_eq!(solti_model::quoted("plain-1.0/x"), "plain-1.0/x");
/// assert_eq!(solti_model::quoted("it's"), r"'it'\''s'");
/// ```
#[must_use]
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-•".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

fn joined<'a>(words: impl IntoIterator<Item = Cow<'a, str>>) -> String {
    words.into_iter().map(|word| quoted(&word).into_owned()).collect::<Vec<_>>().join(" ")
}

/// The first words, as far as there is room for them.
fn taken<'a>(list: &'a [String], room: &mut usize) -> Vec<&'a str> {
    let fitting = list.iter().map_while(|word| {
        let word = &word[..word.floor_char_boundary(*room)];
        let left = room.checked_sub(word.len() + 1);
        *room = left.unwrap_or(0);
        (left.is_some() || !word.is_empty()).then_some(word)
    });
    fitting.collect()
}

/// `words` and `line` take the secrets out of a command line and of a line of a script.
fn text<'a>(
    kind: &'a TaskKind,
    mut room: usize,
    words: impl Fn(&[&'a str]) -> Vec<Cow<'a, str>>,
    line: impl Fn(&str) -> Cow<'_, str>,
) -> String {
    let mut command = |program: &'a str, lists: &[&'a [String]]| {
        let mut line = vec![program];
        line.extend(lists.iter().flat_map(|list| taken(list, &mut room)));
        joined(words(&line))
    };
    match kind {
        TaskKind::Subprocess(SubprocessTask { mode: SubprocessMode::Command(c), .. }) => {
            command(&c.command, &[&c.args])
        }
        TaskKind::Subprocess(SubprocessTask { mode: SubprocessMode::Script(script), .. }) => {
            let first = first_line(script);
            let first = line(&first);
            match script.args.is_empty() {
                true => first.into_owned(),
                false => format!("{first} ({})", joined(words(&taken(&script.args, &mut room)))),
            }
        }
        TaskKind::Container(c) => command(&c.image, &[&c.command, &c.args]),
        TaskKind::Wasm(w) => command(&w.module, &[&w.args]),
    }
}

/// The first line that says what a script does, with a mark where more follow; `bash script` where none does.
fn first_line(script: &ScriptMode) -> String {
    let body = script.body.as_bytes();
    let start = &body[..body.len().min(LOOKED_AT)];
    let decoded = String::from_utf8_lossy(&STANDARD.decode(start).unwrap_or_default()).into_owned();
    let mut telling = decoded
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.trim().trim_end_matches('\\').trim_end())
        .filter(|line| says_something(line, &script.runtime));
    match telling.next() {
        Some(line) if telling.next().is_some() || body.len() > LOOKED_AT => format!("{line} …"),
        Some(line) => line.to_owned(),
        None => format!("{} script", script.runtime.program()),
    }
}

/// Comments, options of the interpreter and what is only brought in say nothing of what a script is for.
fn says_something(line: &str, runtime: &ScriptRuntime) -> bool {
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    let alone = !line.trim_end_matches(';').contains(';') && !line.contains("&&");
    let aside = match runtime {
        ScriptRuntime::Bash => begins(&["#"]) || alone && begins(&["set -", "set +", "shopt "]),
        ScriptRuntime::Python => begins(&["#"]) || alone && begins(&["import ", "from "]),
        ScriptRuntime::Node => {
            begins(&["#!", "//", "/*", "*", "\"use strict\"", "'use strict'"])
                || alone && (begins(&["import "]) || line.contains("= require("))
        }
        ScriptRuntime::Custom(_) => begins(&["#", "//"]),
    };
    !line.is_empty() && !aside
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    fn kind(kind: Value) -> TaskKind {
        serde_json::from_value(kind).expect("a kind")
    }

    fn script(runtime: &str, body: &str, args: &[&str]) -> String {
        let script = json!({"runtime": runtime, "body": STANDARD.encode(body), "args": args});
        kind(json!({"subprocess": {"mode": {"script": script}}})).masked_command_text()
    }

    #[test]
    fn words_are_quoted_as_the_page_does() {
        #[derive(Deserialize)]
        struct Cases {
            quoted: Vec<(String, String)>,
            joined: Vec<(Vec<String>, String)>,
        }
        let Cases { quoted: words, joined: lines } =
            serde_json::from_str(include_str!("../../../tests/corpus/command-lines.json")).expect("cases");
        for (word, expected) in words {
            assert_eq!(quoted(&word), expected, "{word}");
        }
        for (words, line) in lines {
            assert_eq!(joined(words.iter().map(|word| word.as_str().into())), line);
        }
    }

    #[test]
    fn every_kind_says_what_it_runs() {
        let container = json!({"container": {"image": "a:b", "command": ["sh", "-c"], "args": ["echo hi"]}});
        assert_eq!(kind(container).command_text(), "a:b sh -c 'echo hi'");
        let wasm = json!({"wasm": {"module": "/m.wasm", "args": ["x"]}});
        assert_eq!(kind(wasm).command_text(), "/m.wasm x");
    }

    #[test]
    fn a_script_is_told_by_its_first_line_that_says_something() {
        for (runtime, body, text) in [
            ("bash", "make all && ./deploy", "make all && ./deploy"),
            (
                "bash",
                "#!/bin/bash -eu\n# Nightly.\n\nset -euo pipefail\n\n  pg_dump shop\nrm x\n",
                "pg_dump shop …",
            ),
            ("bash", "set -e; make", "set -e; make"),
            ("bash", "curl \\\n  https://x", "curl …"),
            ("bash", "# nothing\n", "bash script"),
            ("python", "import os, sys\nfrom a import b\n\nmain(sys.argv)\n", "main(sys.argv)"),
            ("node", "'use strict';\nconst fs = require('fs');\n// x\nrun();\n", "run();"),
            ("bash", "\u{feff}echo ä", "echo ä"),
        ] {
            assert_eq!(script(runtime, body, &[]), text, "{body:?}");
        }
        assert_eq!(script("bash", "deploy $1\n", &["two words"]), "deploy $1 ('two words')");
    }

    #[test]
    fn a_long_script_is_not_read_to_its_end() {
        let body = format!("# ä\n./run\n{}", "x".repeat(1_000_000));
        assert_eq!(script("bash", &body, &[]), "./run …");
        assert_eq!(script("bash", &"é".repeat(1_000_000), &[]).chars().last(), Some('…'));
    }

    #[test]
    fn a_beginning_is_one_of_the_whole_text() {
        let args: Vec<String> = (0..1_000).map(|n| format!("ä{n} '")).chain(["x".repeat(9_000)]).collect();
        let args = json!({"command": "echo", "args": args});
        let long = kind(json!({"subprocess": {"mode": {"command": args}}}));
        let (whole, beginning) = (long.masked_command_text(), long.masked_beginning(100));
        assert!(beginning.len() >= 100 && beginning.len() < 5_000, "{}", beginning.len());
        assert_eq!(whole.as_bytes()[..100], beginning.as_bytes()[..100]);
        assert_eq!(long.masked_beginning(1_000_000), whole);
    }

    #[test]
    fn nothing_secret_is_told() {
        let reported = script("bash", "curl https://u:hush@h/x", &["--password=hush", "--token", "hush"]);
        assert_eq!(reported, "curl https://u:••••••@h/x (--password=•••••• --token ••••••)");
        let command = json!({"command": "curl", "args": ["-H", "Authorization: Bearer hushhushhush"]});
        let command = kind(json!({"subprocess": {"mode": {"command": command}}}));
        assert_eq!(command.masked_command_text(), "curl -H 'Authorization: Bearer ••••••'");
    }
}
