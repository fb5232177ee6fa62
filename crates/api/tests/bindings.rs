//! The page's TypeScript of the operations is this table. `make bindings` writes it anew after a change.

use solti_api::ApiError;
use solti_api::operations::{Ask, Download, Operation, SearchEvent, Topic, Visitor, visit};
use std::path::Path;
use ts_rs::{Config, TS};

const HEAD: &str =
    "// Generated from the table of operations in crates/api by `make bindings`. Do not edit.\n";

struct Bindings {
    config: Config,
    types: String,
    asks: String,
    topics: String,
    downloads: String,
    asked: Vec<String>,
}

impl Bindings {
    /// Declares the operation's type; answers its documentation and the name of its method.
    fn declare<O: Operation>(&mut self) -> (String, String) {
        self.types.push_str(&format!("{}\n", O::decl(&self.config)));
        let mut name = O::name(&self.config);
        name[..1].make_ascii_lowercase();
        (format!("  /** {} */\n", O::ABOUT.trim_start()), name)
    }
}

impl Visitor for Bindings {
    fn ask<A: Ask>(&mut self) {
        let (about, name) = self.declare::<A>();
        let (request, answer) = (A::name(&self.config), A::Answer::name(&self.config));
        self.asks.push_str(&format!("{about}  {name}: {{ request: {request}; answer: {answer} }};\n"));
        self.asked.push(format!("  \"{name}\",\n"));
    }

    fn topic<T: Topic>(&mut self) {
        let (about, name) = self.declare::<T>();
        let (request, item) = (T::name(&self.config), T::Item::name(&self.config));
        self.topics.push_str(&format!("{about}  {name}: {{ request: {request}; item: {item} }};\n"));
    }

    fn download<D: Download>(&mut self) {
        let (about, name) = self.declare::<D>();
        let request = D::name(&self.config);
        self.downloads.push_str(&format!("{about}  {name}: {{ request: {request} }};\n"));
    }
}

/// Those of the model's types that `text` names.
fn imports(text: &str, model: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let declared =
        model.lines().filter_map(|line| line.strip_prefix("export type ")?.split([' ', '<']).next());
    let mut used: Vec<&str> = declared.filter(|name| words.contains(name)).collect();
    used.sort_unstable();
    format!("import type {{ {} }} from \"./bindings\";\n", used.join(", "))
}

#[test]
fn the_operations_of_the_page_are_those_of_the_table() {
    let mut bindings = Bindings {
        config: Config::default().with_large_int("number"),
        types: String::new(),
        asks: String::new(),
        topics: String::new(),
        downloads: String::new(),
        asked: vec![],
    };
    visit(&mut bindings);
    let event = SearchEvent::decl(&bindings.config);
    let error = ApiError::decl(&bindings.config);
    let Bindings { types, asks, topics, downloads, asked, .. } = bindings;
    let asked = asked.concat();
    let body = format!(
        "\n{types}{event}\n\n/** What an error holds beside its message. */\nexport {error}\n\n\
         /** What is answered once, by the name of the method that asks it. */\nexport interface Asks {{\n{asks}}}\n\n\
         /** What is subscribed to. */\nexport interface Topics {{\n{topics}}}\n\n\
         /** What is saved as a file. */\nexport interface Downloads {{\n{downloads}}}\n\n\
         export const ASKS = [\n{asked}] as const satisfies (keyof Asks)[];\n"
    );
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/api");
    let model = std::fs::read_to_string(page.join("bindings.ts")).expect("the model's types");
    let current = format!("{HEAD}{}{body}", imports(&body, &model));
    let path = page.join("operations.ts");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(&path, &current).expect("the bindings can be written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "{} is stale: run `make bindings`", path.display());
}
