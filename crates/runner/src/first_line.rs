//! What the first line `#!` of a script asks for. The interpreter is not started by that line, so it is read here, with the rules of
//! `env` where it names that.

use std::collections::VecDeque;

/// What a script is to be run by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FirstLine {
    /// `env` with its options and variables, where it has any but those that take words apart.
    pub env: Vec<String>,
    pub program: String,
    /// What stands behind the program.
    pub options: Vec<String>,
}

/// `None` without such a line.
///
/// # Errors
/// What cannot be read in it, in a clause that begins with "its first line".
pub(crate) fn read(text: &str) -> Result<Option<FirstLine>, String> {
    let Some(line) = text.strip_prefix("#!").and_then(|rest| rest.split(['\n', '\r']).next()) else {
        return Ok(None);
    };
    let line = line.trim_matches([' ', '\t']);
    let (program, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    if program.ends_with("/env") {
        return of_env(program, rest.trim_start_matches([' ', '\t'])).map(Some);
    }
    // Unlike the kernel, which hands on all of it as one word, this takes words apart.
    let options = rest.split_ascii_whitespace().map(String::from).collect();
    Ok((!program.is_empty()).then(|| FirstLine { env: Vec::new(), program: program.into(), options }))
}

/// As `env` of GNU reads its arguments.
fn of_env(env: &str, rest: &str) -> Result<FirstLine, String> {
    // The kernel hands on all of it as one word, in which the option S has to come first. Without it words are taken apart at blanks.
    let mut words: VecDeque<String> = match takes_apart(rest) {
        true => [rest.to_owned()].into(),
        false => rest.split_ascii_whitespace().map(String::from).collect(),
    };
    let mut kept = vec![env.to_owned()];
    while words.front().is_some_and(|word| word.starts_with('-') && word != "-") {
        let word = words.pop_front().unwrap_or_default();
        if word == "--" {
            break;
        }
        let unknown = || format!("its first line gives env the option {word}, which is not known here");
        let mut value =
            || words.pop_front().ok_or_else(|| format!("its first line has nothing behind {word}"));
        let mut split = None;
        if let Some(long) = word.strip_prefix("--") {
            match (long.split_once('=').unwrap_or((long, "")), long.contains('=')) {
                (("split-string", string), true) => split = Some(string.to_owned()),
                (("split-string", _), false) => split = Some(value()?),
                (("unset" | "chdir" | "argv0", _), false) => kept.extend([word.clone(), value()?]),
                (("unset" | "chdir" | "argv0", _), true)
                | (("ignore-environment" | "debug", _), false)
                | (("block-signal" | "default-signal" | "ignore-signal", _), _) => kept.push(word),
                _ => return Err(unknown()),
            }
        } else {
            for (at, letter) in word.char_indices().skip(1) {
                let behind = &word[at + letter.len_utf8()..];
                match letter {
                    'i' | 'v' => {
                        kept.push(format!("-{letter}"));
                        continue;
                    }
                    'S' if behind.is_empty() => split = Some(value()?),
                    'S' => split = Some(behind.to_owned()),
                    'u' | 'C' | 'a' if behind.is_empty() => kept.extend([format!("-{letter}"), value()?]),
                    'u' | 'C' | 'a' => kept.push(format!("-{letter}{behind}")),
                    _ => return Err(unknown()),
                }
                break;
            }
        }
        for word in split.map(|string| words_of(&string)).transpose()?.into_iter().flatten().rev() {
            words.push_front(word);
        }
    }
    if words.front().is_some_and(|word| word == "-") {
        words.pop_front();
        kept.push("-i".into());
    }
    while let Some(variable) = words.pop_front_if(|word| word.contains('=')) {
        kept.push(variable);
    }
    let program = words.pop_front().ok_or("its first line gives env no program")?;
    let env = if kept.len() > 1 { kept } else { Vec::new() };
    Ok(FirstLine { env, program, options: words.into() })
}

/// Whether the option S stands in the first word.
fn takes_apart(rest: &str) -> bool {
    let letters = rest.strip_prefix('-').unwrap_or_default();
    rest.starts_with("--split-string=") || letters.trim_start_matches(['i', 'v']).starts_with('S')
}

/// The words of a text that is given with the option S.
fn words_of(string: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quote, mut apart) = (None, true);
    let mut chars = string.chars().peekable();
    while let Some(c) = chars.next() {
        let taken = match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                None
            }
            (_, Some(open)) if c == open => {
                quote = None;
                None
            }
            (' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c', None) => {
                apart = true;
                continue;
            }
            ('#', None) if apart => break,
            ('\\', Some('\'')) => match chars.next_if(|next| ['\\', '\''].contains(next)) {
                Some(escaped) => Some(escaped),
                None => Some(c),
            },
            ('\\', _) => match (chars.next(), quote) {
                (Some('_'), None) => {
                    apart = true;
                    continue;
                }
                (Some('c'), None) => break,
                (Some('_'), _) => Some(' '),
                (Some('f'), _) => Some('\x0c'),
                (Some('n'), _) => Some('\n'),
                (Some('r'), _) => Some('\r'),
                (Some('t'), _) => Some('\t'),
                (Some('v'), _) => Some('\x0b'),
                (Some(escaped @ ('"' | '#' | '$' | '\'' | '\\')), _) => Some(escaped),
                (Some(other), _) => {
                    return Err(format!("its first line has \\{other}, which env cannot read"));
                }
                (None, _) => return Err("its first line ends in a backslash".into()),
            },
            ('$', None | Some('"')) => {
                return Err("its first line has a $, and no variable is read there".into());
            }
            _ => Some(c),
        };
        if std::mem::take(&mut apart) {
            words.push(String::new());
        }
        if let (Some(word), Some(taken)) = (words.last_mut(), taken) {
            word.push(taken);
        }
    }
    match quote {
        Some(quote) => Err(format!("its first line has a {quote} that is not closed")),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_env_reads_it() {
        for (line, env, rest) in [
            ("/bin/bash -eu", &[][..], &["/bin/bash", "-eu"][..]),
            (" \t/bin/sh -e -u ", &[], &["/bin/sh", "-e", "-u"]),
            ("/usr/bin/env bash", &[], &["bash"]),
            ("/usr/bin/env bash -e", &[], &["bash", "-e"]),
            ("/usr/bin/env -S bash -e", &[], &["bash", "-e"]),
            ("/usr/bin/env -Spython3 -u", &[], &["python3", "-u"]),
            ("/usr/bin/env --split-string=bash -e", &[], &["bash", "-e"]),
            ("/usr/bin/env --split-string bash -e", &[], &["bash", "-e"]),
            ("/usr/bin/env -S -S bash -e", &[], &["bash", "-e"]),
            ("/usr/bin/env -S -- bash -e", &[], &["bash", "-e"]),
            ("/usr/bin/env -S LC_ALL=C A=b=c bash -e", &["LC_ALL=C", "A=b=c"], &["bash", "-e"]),
            ("/usr/bin/env A=1 bash", &["A=1"], &["bash"]),
            ("/usr/bin/env -S -i bash -e", &["-i"], &["bash", "-e"]),
            ("/usr/bin/env -S - bash -e", &["-i"], &["bash", "-e"]),
            ("/usr/bin/env -iS bash -e", &["-i"], &["bash", "-e"]),
            ("/usr/bin/env -vS bash -e", &["-v"], &["bash", "-e"]),
            ("/usr/bin/env -S -u X -iC/tmp bash -e", &["-u", "X", "-i", "-C/tmp"], &["bash", "-e"]),
            ("/usr/bin/env -S --unset X --chdir=/ bash", &["--unset", "X", "--chdir=/"], &["bash"]),
            ("/usr/bin/env -S --ignore-signal=PIPE bash", &["--ignore-signal=PIPE"], &["bash"]),
            ("/usr/bin/env -S \"bash\" '-e'", &[], &["bash", "-e"]),
            (
                r#"/usr/bin/env -S A="a b"'c\_\'' x#y "" "\_\t\"" p\_q #z"#,
                &["A=a bc\\_'"],
                &["x#y", "", " \t\"", "p", "q"],
            ),
            (r"/usr/bin/env -S bash \#\$\\\cmore", &[], &["bash", r"#$\"]),
        ] {
            let read = read(&format!("#!{line}\ntrue")).unwrap().unwrap();
            assert_eq!(read.env.get(1..).unwrap_or_default(), env, "{line}");
            assert_eq!([&[read.program][..], &read.options].concat(), rest, "{line}");
        }
        for none in ["", "#!", "#! \nx", "# !/bin/sh", "set -e\n#!/bin/bash -e\n"] {
            assert_eq!(read(none), Ok(None), "{none:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (line, named) in [
            ("-S bash \"-e", "\" that is not closed"),
            ("-S bash -e\\", "backslash"),
            ("-S bash \\x", "\\x"),
            ("-S bash \"\\c\"", "\\c"),
            ("-S bash ${OPTIONS}", "no variable"),
            ("-S bash \"$X\"", "no variable"),
            ("-S -P /bin bash", "-P"),
            ("-S --verbose bash", "--verbose"),
            ("-i", "no program"),
            ("-S A=1", "no program"),
            ("-u", "nothing behind -u"),
        ] {
            let said = read(&format!("#!/usr/bin/env {line}\n")).unwrap_err();
            assert!(said.starts_with("its first line ") && said.contains(named), "{line}: {said}");
        }
    }
}
