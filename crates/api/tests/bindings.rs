//! The page's TypeScript of the operations is this table. `make bindings` writes it anew after a change.

use solti_api::ApiError;
use solti_api::operations::{Ask, Download, Operation, SearchEvent, Topic, Visitor, visit};
use solti_testing::{imports_from_model, keep_generated};
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
    let current = format!("{HEAD}{}{body}", imports_from_model(&body));
    keep_generated("ui/src/lib/api/operations.ts", &current);
}
