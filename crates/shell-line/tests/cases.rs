//! The cases that the page reads too, with bash itself as the judge of them; and lines that nobody would type.

use proptest::prelude::*;
use serde::Deserialize;
use solti_shell_line::{MAX_LINE_BYTES, ShellReading, read_first_word, read_line};
use std::process::{Command, Output};

#[derive(Deserialize)]
struct Cases {
    /// Lines that need no shell, with their words.
    plain: Vec<(String, Vec<String>)>,
    /// Lines that are for one, with why.
    offered: Vec<(String, String)>,
    /// Lines that no shell can read, with why not.
    flawed: Vec<(String, String)>,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../../../tests/corpus/command-lines.json")).expect("cases")
}

fn bash(args: &[&str]) -> Output {
    Command::new("bash").args(["--norc", "--noprofile"]).args(args).output().expect("bash is there")
}

#[test]
fn a_line_that_needs_no_shell_is_left_alone() {
    for (line, words) in cases().plain {
        assert_eq!(read_line(&line), ShellReading::default(), "{line}");
        // `time` and `[` are words of bash; behind a program's name they are none.
        let told = bash(&["-c", &format!("printf '%s\\0' {line}")]);
        let told = String::from_utf8(told.stdout).expect("text");
        assert_eq!(told.split_terminator('\0').collect::<Vec<_>>(), words, "{line}");
    }
}

#[test]
fn a_line_that_is_for_a_shell_says_why() {
    for (line, why) in cases().offered {
        assert_eq!(read_line(&line), ShellReading { advice: Some(why), flaw: None }, "{line}");
        assert!(bash(&["-n", "-c", &line]).status.success(), "{line}");
    }
}

#[test]
fn what_a_shell_does_by_itself_and_no_program_does_is_known() {
    let told = bash(&["-c", "compgen -b"]);
    // There are programs of these names everywhere.
    let programs = "[ command echo false kill printf pwd test true";
    for word in String::from_utf8(told.stdout).expect("text").lines() {
        let is_program = programs.split(' ').any(|program| program == word);
        assert_eq!(read_line(word).advice.is_none(), is_program, "{word}");
        assert_eq!(read_first_word(word).is_none(), is_program, "{word}");
    }
    for word in ["[[", "((", "{", "!", "if"] {
        assert_eq!(read_first_word(word), Some(format!("{word} is a word of the shell, and no program.")));
    }
}

#[test]
fn a_line_that_no_shell_can_read_says_why_not() {
    for (line, why) in cases().flawed {
        assert_eq!(read_line(&line).flaw, Some(why), "{line}");
        assert!(!bash(&["-n", "-c", &line]).status.success(), "{line}");
    }
}

#[test]
fn a_line_of_any_depth_is_read() {
    for opener in ["(", "$(", "\"$(", "{ ", "if ", "[[ ", "((", "`", "case x in a) ", "<(", "${a:-"] {
        let line: String = opener.repeat(MAX_LINE_BYTES / opener.len());
        assert!(read_line(&line).advice.is_some(), "{opener}");
    }
    assert_eq!(read_line(&"|".repeat(MAX_LINE_BYTES + 1)), ShellReading::default(), "too long to be read");
}

proptest! {
    #[test]
    fn any_text_is_read(line in r#"[ a$(){}\[\]'"`|&;<>#~*?=\\\n!0é-]{0,60}"#) {
        let flaw = read_line(&line).flaw;
        prop_assert!(flaw.is_none_or(|flaw| flaw.contains(" at character ")));
    }
}
