//! The documents name what is there: every path in backticks, every link, and each crate in the picture of ARCHITECTURE.md.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every document of the repository, with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let in_folder = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = in_folder(root()).chain(in_folder(root().join("docs")));
    let documents = files.filter(|file| file.extension().is_some_and(|extension| extension == "md"));
    documents
        // What was true of an earlier version stays as it was.
        .filter(|file| !file.ends_with("CHANGELOG.md"))
        .map(|file| (file.clone(), std::fs::read_to_string(&file).unwrap()))
        .collect()
}

/// `a/{b,c}/d` as `a/b/d` and `a/c/d`.
fn expanded(path: &str) -> Vec<String> {
    let Some((before, (choices, after))) =
        path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return vec![path.to_owned()];
    };
    choices.split(',').flat_map(|choice| expanded(&format!("{before}{choice}{after}"))).collect()
}

/// What begins with one of these is a path here; documents leave `crates` out before the name of a crate.
const TOPS: [&str; 11] = [
    "benches",
    "crates",
    "docs",
    "fuzz",
    "gen",
    "packaging",
    "permissions",
    "scripts",
    "src-tauri",
    "tests",
    "ui",
];

/// The path that a word in backticks is, from the root; none of a word that is something else.
fn paths(word: &str) -> Vec<String> {
    let word = word.trim_end_matches('/').split("::").next().unwrap_or_default();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-{},*".contains(letter);
    let Some((top, _)) = word.split_once('/').filter(|(top, _)| !top.is_empty() && word.chars().all(plain))
    else {
        return vec![];
    };
    if TOPS.contains(&top) {
        expanded(word)
    } else if root().join("crates").join(top).is_dir() {
        expanded(&format!("crates/{word}"))
    } else {
        vec![]
    }
}

/// Whether there is such a file; a star stands for any letters of a name.
fn is_there(path: &str) -> bool {
    let path = root().join(path);
    let name = path.file_name().unwrap_or_default().to_str().unwrap_or_default();
    let Some((begins, ends)) = name.split_once('*') else { return path.exists() };
    let Ok(mut folder) = std::fs::read_dir(path.parent().unwrap_or(&path)) else { return false };
    folder.any(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap_or_default();
        name.starts_with(begins) && name.ends_with(ends)
    })
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let mut looked_at = 0;
    let mut missing = Vec::new();
    for (file, text) in documents() {
        // Not the lines of commands.
        let prose = text.split("\n```").step_by(2);
        for word in prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)) {
            // What a task or a run makes is no file of the repository.
            let is_one = |path: &&String| !path.ends_with(".sock") && !path.contains("/*/");
            for path in paths(word).iter().filter(is_one) {
                looked_at += 1;
                if !is_there(path) {
                    missing.push(format!("{}: {path}", file.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "named, and not there:\n{}", missing.join("\n"));
    assert!(looked_at > 300, "only {looked_at} paths were found");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for (file, text) in documents() {
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (target, _) in targets.filter(|(target, _)| !target.contains("://") && !target.contains(' ')) {
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !file.parent().unwrap().join(path).exists() {
                broken.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_crate_is_in_the_picture() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let picture = text.split("\n```").nth(1).expect("the picture comes first");
    let drawn: Vec<&str> = picture.split_whitespace().collect();
    let crates = std::fs::read_dir(root().join("crates")).unwrap();
    let names = crates.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let missing: Vec<String> = names.filter(|name| !drawn.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
