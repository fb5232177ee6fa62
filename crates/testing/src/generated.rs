//! The part of the page that is generated from Rust. A test compares it, so that it is never stale; `make bindings` writes it.

use std::path::{Path, PathBuf};

const MODEL: &str = "ui/src/lib/api/bindings.ts";

fn at_root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

/// `file`, a path from the root of the repository, holds `current`. Where `UPDATE_BINDINGS` is set it is written first.
pub fn keep_generated(file: &str, current: &str) {
    let path = at_root(file);
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(&path, current).expect("the bindings can be written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "{file} is stale: run `make bindings`");
}

/// Imports those of the model's types that `text` names.
pub fn imports_from_model(text: &str) -> String {
    let model = std::fs::read_to_string(at_root(MODEL)).expect("the model's types");
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let declared =
        model.lines().filter_map(|line| line.strip_prefix("export type ")?.split([' ', '<']).next());
    let mut used: Vec<&str> = declared.filter(|name| words.contains(name)).collect();
    used.sort_unstable();
    format!("import type {{ {} }} from \"./bindings\";\n", used.join(", "))
}
