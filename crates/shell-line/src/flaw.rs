//! Why a shell would not read a line, in a few words.

use tree_sitter::{Node, Tree};

/// What opens, and what would close it.
const PAIRS: [(&str, &str); 14] = [
    ("'", "'"),
    ("\"", "\""),
    ("`", "`"),
    ("(", ")"),
    ("((", "))"),
    ("$(", ")"),
    ("$((", "))"),
    ("${", "}"),
    ("{", "}"),
    ("[", "]"),
    ("[[", "]]"),
    ("if", "fi"),
    ("do", "done"),
    ("case", "esac"),
];
/// Of what is out of place no more is quoted.
const SHOWN: usize = 20;

/// What keeps a shell from reading the line; its place is that of a character, from 1.
pub(crate) fn flaw(tree: &Tree, line: &str) -> Option<String> {
    let node = first_error(tree)?;
    if is_harmless(node, line) {
        return None;
    }
    let (what, at) = if node.is_missing() { missing(node, line) } else { unexpected(node, line) }?;
    Some(format!("{what} at character {}", line[..at].chars().count() + 1))
}

fn first_error(tree: &Tree) -> Option<Node<'_>> {
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            return Some(node);
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}

/// What the grammar does not know, and bash does not mind.
fn is_harmless(node: Node<'_>, line: &str) -> bool {
    let (text, rest) = (line[node.byte_range()].trim(), &line[node.end_byte()..]);
    let is_sign = |c: char| c.is_alphanumeric() || "_{([@*#?!$'\"-".contains(c);
    // The beginning of a text of which nothing follows; a `$` that is one; a backslash behind which nothing is.
    text.starts_with("<<") && !line.contains('\n')
        || text
            .strip_prefix('$')
            .is_some_and(|behind| !behind.starts_with(is_sign) && !rest.starts_with(is_sign))
        || text == "\\" && rest.is_empty()
}

/// Something is expected that is not there.
fn missing(node: Node<'_>, line: &str) -> Option<(String, usize)> {
    let closer = node.kind();
    // A shell takes the rest of the line for what is handed over.
    if matches!(closer, "\n" | "heredoc_end" | "heredoc_start") {
        return None;
    }
    let parent = node.parent()?;
    let opener = parent.child(0).filter(|first| !first.is_missing() && first.id() != node.id());
    let pair = opener.and_then(|opener| {
        let text = &line[opener.byte_range()];
        PAIRS
            .iter()
            .find(|pair| **pair == (text, closer))
            .map(|_| (unclosed(text, closer), opener.start_byte()))
    });
    Some(pair.unwrap_or_else(|| match node.is_named() {
        true => ("something is missing".to_owned(), node.start_byte()),
        false => (format!("{closer} is missing"), node.start_byte()),
    }))
}

fn unclosed(opener: &str, closer: &str) -> String {
    match opener.chars().all(char::is_alphabetic) {
        true => format!("{opener} without {closer}"),
        false => format!("unclosed {opener}"),
    }
}

/// Something is there that fits nowhere: what opened it, or itself.
fn unexpected(node: Node<'_>, line: &str) -> Option<(String, usize)> {
    let mut open: Vec<(&str, &str, usize)> = Vec::new();
    for part in node.children(&mut node.walk()) {
        let text = &line[part.byte_range()];
        if open.last().is_some_and(|(_, closer, _)| *closer == text) {
            open.pop();
        } else if let Some((opener, closer)) = PAIRS.iter().find(|(opener, _)| *opener == text) {
            open.push((opener, closer, part.start_byte()));
        }
    }
    if let Some((opener, closer, at)) = open.pop() {
        return Some((unclosed(opener, closer), at));
    }
    let at = node.start_byte();
    let text = line[node.byte_range()].trim_start();
    let at = at + line[node.byte_range()].len() - text.len();
    let quote = text.chars().next().filter(|c| "'\"`".contains(*c));
    if let Some(quote) = quote {
        return Some((format!("unclosed {quote}"), at));
    }
    let word: String = text.split_whitespace().next().unwrap_or_default().chars().take(SHOWN).collect();
    Some(match word.is_empty() {
        true => ("something is missing".to_owned(), line.trim_end().len()),
        false => (format!("unexpected {word}"), at),
    })
}
