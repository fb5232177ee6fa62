//! No module uses one that uses it, whichever way round. Held where it is so; the text is read, and a module is a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const HELD: [&str; 8] = [
    "src-tauri/src",
    "crates/doctor/src",
    "crates/doors/src",
    "crates/holding/src",
    "crates/machines/src",
    "crates/notices/src",
    "crates/service/src",
    "crates/shell-line/src",
];

/// Here a module and those within it count as one: what a type's rules are split into may use each other.
const HELD_AT_THE_TOP: [&str; 13] = [
    "crates/api/src",
    "crates/cli/src",
    "crates/engine/src",
    "crates/grpc/src",
    "crates/http/src",
    "crates/logstore/src",
    "crates/model/src",
    "crates/rows/src",
    "crates/runner/src",
    "crates/store/src",
    "crates/schedule/src",
    "crates/shim/src",
    "crates/supervisor/src",
];

/// The segments of its path; the crate's root has none.
type Module = Vec<String>;

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Every module of a crate, and what is written in it but for its tests and comments.
fn modules(src: &Path) -> BTreeMap<Module, String> {
    let sources = files(src).into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs"));
    let named = sources.filter_map(|file| {
        let path = file.strip_prefix(src).unwrap().with_extension("");
        let mut module: Module = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        match module.last()?.as_str() {
            // A program's root is a crate of its own beside the library; tests may use what they like.
            "main" | "tests" => return None,
            "lib" | "mod" => drop(module.pop()),
            _ => {}
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        Some((module, code.collect::<Vec<_>>().join("\n")))
    });
    named.collect()
}

/// The paths that begin at `text`, one or those of a group in braces, and where they end.
fn paths(text: &str, before: &[String]) -> (Vec<Module>, usize) {
    let start = text.len() - text.trim_start().len();
    if text[start..].starts_with('{') {
        let (mut found, mut at) = (vec![], start + 1);
        loop {
            let (more, taken) = paths(&text[at..], before);
            found.extend(more);
            at += taken;
            // Behind `as Other` too.
            let Some(next) = text[at..].find([',', '}']) else { return (found, text.len()) };
            let is_end = text[at + next..].starts_with('}');
            at += next + 1;
            if is_end {
                return (found, at);
            }
        }
    }
    let word = text[start..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len() - start);
    let end = start + word;
    if word == 0 {
        // All of it, or the end of a group.
        return (if text[start..].starts_with('*') { vec![before.to_vec()] } else { vec![] }, end);
    }
    let path = [before, &[text[start..end].to_owned()]].concat();
    match text[end..].strip_prefix("::") {
        Some(rest) => {
            let (found, taken) = paths(rest, &path);
            (if found.is_empty() { vec![path] } else { found }, end + 2 + taken)
        }
        None => (vec![path], end),
    }
}

/// What a module names: `mod x;`, and all that begins with `crate::` or `super::`.
fn named(module: &Module, code: &str) -> Vec<Module> {
    let declared = code.lines().filter_map(|line| {
        let name = line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')?;
        Some([module.as_slice(), &[name.to_owned()]].concat())
    });
    let mut found: Vec<Module> = declared.collect();
    for word in ["crate", "super"] {
        let beginnings = code.match_indices(&format!("{word}::")).map(|(at, _)| at).collect::<Vec<_>>();
        let whole = |at: &usize| {
            !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$')
        };
        for at in beginnings.into_iter().filter(whole) {
            let mut base = if word == "crate" { vec![] } else { module[..module.len() - 1].to_vec() };
            let mut rest = &code[at + word.len() + 2..];
            while let Some(further) = rest.strip_prefix("super::") {
                (base, rest) = (base[..base.len() - 1].to_vec(), further);
            }
            found.extend(paths(rest, &base).0);
        }
    }
    found
}

type Uses<'a> = BTreeMap<&'a Module, BTreeSet<&'a Module>>;

/// What the root hands on under its own name, and where it is.
fn handed_on(root: &str) -> BTreeMap<String, Module> {
    let statements = root.match_indices("use ").map(|(at, word)| at + word.len());
    let paths = statements.flat_map(|at| paths(&root[at..], &[]).0);
    paths.filter(|path| path.len() > 1).filter_map(|path| Some((path.last()?.clone(), path))).collect()
}

fn uses(modules: &BTreeMap<Module, String>) -> Uses<'_> {
    let handed_on = modules.get(&vec![]).map(|root| handed_on(root)).unwrap_or_default();
    let longest = |path: &Module| {
        let mut lengths = (0..=path.len()).rev();
        lengths.find_map(|length| modules.get_key_value(&path[..length])).map(|(module, _)| module)
    };
    let known = |path: &Module| match longest(path) {
        Some(root) if root.is_empty() => {
            longest(path.first().and_then(|name| handed_on.get(name)).unwrap_or(path))
        }
        module => module,
    };
    let mut uses = Uses::new();
    for (module, code) in modules {
        let used = named(module, code);
        uses.insert(module, used.iter().filter_map(known).filter(|used| *used != module).collect());
    }
    uses
}

/// The same of the modules that the root declares; the root itself only hands on.
fn at_the_top<'a>(uses: &Uses<'a>) -> Uses<'a> {
    let top = |module: &&'a Module| {
        let first = module.first()?;
        uses.keys().copied().find(|other| other.as_slice() == std::slice::from_ref(first))
    };
    let mut tops = Uses::new();
    for (module, used) in uses {
        if let Some(from) = top(module) {
            let others = used.iter().filter_map(top).filter(|used| *used != from);
            tops.entry(from).or_default().extend(others);
        }
    }
    tops
}

/// From a module back to itself, if there is a way.
fn circle<'a>(uses: &Uses<'a>) -> Option<Vec<&'a Module>> {
    let mut done = BTreeSet::new();
    uses.keys().find_map(|start| follow(uses, vec![start], &mut done))
}

fn follow<'a>(
    uses: &Uses<'a>,
    way: Vec<&'a Module>,
    done: &mut BTreeSet<&'a Module>,
) -> Option<Vec<&'a Module>> {
    let at = *way.last()?;
    if let Some(first) = way.iter().position(|before| *before == at).filter(|first| first + 1 < way.len()) {
        return Some(way[first..].to_vec());
    }
    if done.contains(&at) {
        return None;
    }
    let found = uses[&at].iter().find_map(|used| follow(uses, [way.as_slice(), &[*used]].concat(), done));
    done.insert(at);
    found
}

fn shown(way: Vec<&Module>) -> String {
    let name = |module: &Module| if module.is_empty() { "the root".to_owned() } else { module.join("::") };
    way.into_iter().map(name).collect::<Vec<_>>().join(" → ")
}

#[test]
fn no_module_uses_one_that_uses_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let whole = HELD.iter().map(|src| (src, false));
    let crates = whole.chain(HELD_AT_THE_TOP.iter().map(|src| (src, true)));
    let circles = crates.filter_map(|(src, top)| {
        let modules = modules(&root.join(src));
        let uses = uses(&modules);
        let uses = if top { at_the_top(&uses) } else { uses };
        assert!(uses.len() > 1, "{src} has no modules");
        circle(&uses).map(|way| format!("{src}: {}", shown(way)))
    });
    let circles: Vec<String> = circles.collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// What is read out of the text, so that the test above cannot pass because it sees nothing.
#[test]
fn a_circle_is_seen_however_it_is_written() {
    let circle_of = |sources: &[(&str, &str)]| {
        let module =
            |name: &str| name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let modules: BTreeMap<Module, String> =
            sources.iter().map(|(name, code)| (module(name), (*code).to_owned())).collect();
        circle(&uses(&modules)).map(shown)
    };
    let root = ("", "mod a;\nmod b;\nmod c;\npub use b::Thing;");
    let none = "use std::{fmt, io};\nuse crate::{\n    c::Other,\n};";
    assert_eq!(circle_of(&[root, ("a", "use crate::b::Thing;"), ("b", none), ("c", "")]), None);
    for b in [
        "use crate::a;",
        "use crate::{std, a::{self, Other}};",
        "use crate::{\n    x::{y, z},\n    a::Other,\n};",
        "use crate::a::*;",
        "fn f() { crate::a::g::<u8>() }",
        "fn f() { crate::a::g() }",
        "use super::a::Other;",
    ] {
        let found = circle_of(&[root, ("a", "use crate::b::Thing;"), ("b", b)]);
        assert!(found.as_deref().is_some_and(|way| way.contains("a → b")), "{b}: {found:?}");
    }
    // A child that takes what its parent has, and a parent that knows its child.
    let found = circle_of(&[("", "mod a;"), ("a", "mod c;"), ("a::c", "use super::Other;")]);
    assert_eq!(found.as_deref(), Some("a → a::c → a"));
    // By way of what the root hands on.
    let found = circle_of(&[root, ("a", "use crate::Thing;"), ("b", "use crate::a::Other;")]);
    assert_eq!(found.as_deref(), Some("a → b → a"));
}
