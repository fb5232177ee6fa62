//! What in a line only a shell would do, found in the tree of its grammar.

use crate::patterns::{self, TAKEN};
use tree_sitter::{Node, Tree};

/// Words that a shell does by itself: systems have no programs of these names, or none that could do the same.
const WORDS: &str = "! . : (( [[ { alias bg bind break builtin caller case cd compgen complete compopt continue coproc \
    declare dirs disown do done elif else enable esac eval exec exit export fc fg fi for function getopts hash help \
    history if jobs let local logout mapfile popd pushd read readarray readonly return select set shift shopt source \
    suspend then times trap type typeset ulimit umask unalias unset until wait while";
/// What stands between words, and is none.
const OPERATORS: &str = "& && &> &>> ( ) ; ;; < <& <( << <<- <<< > >& >( >> >| | |& ||";

fn is_in(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

/// What a line begins with, where that is no program.
enum Beginning {
    Variable(String),
    Word(String),
    Function(String),
}

#[derive(Default)]
struct Found<'l> {
    line: &'l str,
    beginning: Option<Beginning>,
    /// The first word was seen.
    begun: bool,
    /// In the order of the line, each once.
    signs: Vec<&'l str>,
    /// Up to here the characters of words were looked at.
    looked_to: usize,
}

/// Why a word by itself is for a shell, in a sentence.
pub(crate) fn word_advice(word: &str) -> Option<String> {
    is_in(WORDS, word).then(|| format!("{word} is a word of the shell, and no program."))
}

/// Why the line is for a shell, in a sentence.
pub(crate) fn advice(tree: &Tree, line: &str) -> Option<String> {
    let mut found = Found { line, ..Found::default() };
    let mut cursor = tree.walk();
    // Not by recursion: whoever typed the line says how deep it is.
    'all: loop {
        if found.see(cursor.node()) && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'all;
            }
        }
    }
    found.said(has_lines(tree, line))
}

/// Whether commands are parted by line breaks, which are no nodes.
fn has_lines(tree: &Tree, line: &str) -> bool {
    let root = tree.root_node();
    let commands: Vec<_> =
        root.named_children(&mut root.walk()).filter(|node| node.kind() != "comment").collect();
    commands.windows(2).any(|pair| line[pair[0].end_byte()..pair[1].start_byte()].contains('\n'))
}

impl<'l> Found<'l> {
    /// Takes note of a node; whether what is in it matters too.
    fn see(&mut self, node: Node<'_>) -> bool {
        let kind = node.kind();
        let text = &self.line[node.byte_range()];
        match kind {
            _ if node.is_missing() => return false,
            "comment" => self.notice("#"),
            "simple_expansion" | "expansion" | "arithmetic_expansion" | "translated_string" => {
                self.begin("");
                self.notice("$");
            }
            "command_substitution" => {
                self.begin("");
                self.notice(if text.starts_with('`') { "`" } else { "$" });
            }
            "process_substitution" => self.notice(text.get(..2).unwrap_or(text)),
            "ansi_c_string" => {
                self.begin("");
                self.notice("$'");
            }
            "brace_expression" => self.notice("{}"),
            "variable_assignment" => {
                if !self.begun {
                    let name = text.split_inclusive('=').next().unwrap_or(text);
                    self.beginning = Some(Beginning::Variable(name.to_owned()));
                    self.begun = true;
                }
            }
            "function_definition" => {
                if !self.begun {
                    let name =
                        node.child_by_field_name("name").map_or(text, |name| &self.line[name.byte_range()]);
                    self.beginning = Some(Beginning::Function(name.to_owned()));
                    self.begun = true;
                }
            }
            // Where it leads, and what is handed over, is not the beginning of anything.
            "file_redirect" | "herestring_redirect" => {
                let sign = text.trim_start_matches(|c: char| c.is_ascii_digit());
                let end = sign.find(|c| !"<>&|".contains(c)).unwrap_or(sign.len());
                self.notice(&sign[..end]);
            }
            "heredoc_body" | "heredoc_start" | "heredoc_end" | "file_descriptor" => {}
            "raw_string" => self.begin(""),
            "word" | "number" | "concatenation" | "extglob_pattern" | "regex" => {
                self.begin(text);
                if node.end_byte() > self.looked_to {
                    self.looked_to = node.end_byte();
                    let word = unquoted(node, self.line);
                    patterns::signs(&word).for_each(|sign| self.notice(sign));
                }
                return kind == "concatenation";
            }
            "string" => {
                self.begin("");
                return true;
            }
            _ if node.is_named() => return true,
            _ => {
                self.begin(text);
                // What opens and has no end is only itself.
                match text {
                    "`" => self.notice("`"),
                    "$(" | "$((" | "${" | "$[" | "$`" => self.notice("$"),
                    _ if is_in(OPERATORS, text) => self.notice(text),
                    _ => {}
                }
            }
        }
        false
    }

    /// The first word, or none that a shell knows.
    fn begin(&mut self, word: &str) {
        if !self.begun && !is_in(OPERATORS, word) {
            self.begun = true;
            self.beginning = is_in(WORDS, word).then(|| Beginning::Word(word.to_owned()));
        }
    }

    fn notice(&mut self, sign: &'l str) {
        if !self.signs.contains(&sign) {
            self.signs.push(sign);
        }
    }

    fn said(self, has_lines: bool) -> Option<String> {
        Some(match (self.beginning, self.signs.as_slice()) {
            (Some(Beginning::Variable(name)), _) => {
                format!("{name} sets a variable only in a shell; here it would be the program.")
            }
            (Some(Beginning::Word(word)), _) => return word_advice(&word),
            (Some(Beginning::Function(name)), _) => format!("{name}() is a function only in a shell."),
            (None, []) if has_lines => {
                "A line is a command of its own only in a shell; here its words are further arguments.".into()
            }
            (None, []) => return None,
            (None, signs) => {
                let verb = if signs.len() == 1 { "is" } else { "are" };
                format!("{} {verb} passed on as text: no shell is involved.", signs.join(" "))
            }
        })
    }
}

/// The characters of a word that no quote keeps from a shell, with one in the place of each part that has another meaning.
fn unquoted(node: Node<'_>, line: &str) -> String {
    if node.kind() != "concatenation" {
        return unescaped(&line[node.byte_range()]);
    }
    let mut word = String::new();
    for part in node.children(&mut node.walk()) {
        match part.kind() {
            "word" | "number" => word.push_str(&unescaped(&line[part.byte_range()])),
            _ if part.is_named() => word.push(TAKEN),
            _ => word.push_str(&line[part.byte_range()]),
        }
    }
    word
}

/// Without what a backslash keeps from a shell.
fn unescaped(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let is_kept = c == '\\' && chars.next().is_some();
        word.push(if is_kept { TAKEN } else { c });
    }
    word
}
