//! The page's TypeScript of what the shell's own commands take, answer and push is that of the Rust functions. `make bindings`
//! writes it anew after a change.

use crate::{
    app_info::{AppInfo, OtherEngine},
    closing::{CloseAnswer, CloseQuestion, Leads},
    commands::form::LineReading,
    events::Message,
    frames::output::OutputFrame,
    renderer::Drawing,
};
use solti_machines::{ConnectionTest, ListedMachine, MachineList, Reach};
use solti_model::{DoorState, DoorStates, Recovered};
use solti_service::{ServiceKind, ServiceStatus};
use solti_testing::{imports_from_model, keep_generated};
use std::path::Path;
use ts_rs::{Config, TS};

const HEAD: &str = "// Generated from the shell's own shapes by `make bindings`. Do not edit.\n";

fn declaration<T: TS>(config: &Config) -> String {
    format!("\nexport {}\n", T::decl(config))
}

macro_rules! declarations {
    ($($type:ty),* $(,)?) => {{
        let config = Config::default();
        [$(declaration::<$type>(&config)),*].concat()
    }};
}

#[test]
fn the_shapes_of_the_page_are_those_of_the_shell() {
    let types = declarations!(
        Message<()>,
        OutputFrame,
        AppInfo,
        Drawing,
        Recovered,
        OtherEngine,
        CloseQuestion,
        Leads,
        CloseAnswer,
        DoorStates,
        DoorState,
        MachineList,
        ListedMachine,
        Reach,
        ConnectionTest,
        ServiceStatus,
        ServiceKind,
        LineReading,
    );
    let types = types + &commands();
    keep_generated("ui/src/lib/api/shell.ts", &format!("{HEAD}{}{types}", imports_from_model(&types)));
}

/// What each command takes and answers, as its function says it: a page that names an argument otherwise does not compile. What asks
/// an engine takes the machine whose it is meant to be.
fn commands() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/src/commands");
    let files = std::fs::read_dir(folder).expect("the commands").map(|entry| entry.expect("a file").path());
    let sources: String =
        files.map(|path| std::fs::read_to_string(path).expect("a command's source")).collect();
    let command = |name: &str| {
        let (_, function) = sources.split_once(&format!("pub async fn {name}")).expect(name);
        let (parameters, rest) = function.split_once(") -> Answer<").expect(name);
        let answer = rest.split_once("> {").expect(name).0;
        let arguments = parameters.split([',', '(']).filter_map(|parameter| {
            let (name, given) = parameter.trim().split_once(": ")?;
            match given.strip_prefix("Arg<").map(|given| given.strip_suffix('>').expect(name)) {
                Some(given) => Some(argument(name, given)),
                None if given == "Spec" => Some(argument(name, "TaskSpec")),
                None => (given == "Api").then(|| "machine?: string | null".to_owned()),
            }
        });
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        format!("  {name}: {{ arguments: {{ {arguments} }}, answer: {} }},\n", typescript(answer))
    };
    let commands: String = crate::commands::own_names().into_iter().map(command).collect();
    format!("\n/** The commands that are no operations. */\nexport type ShellCommands = {{\n{commands}}};\n")
}

/// As Tauri asks for it.
fn argument(name: &str, given: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let name = words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..]);
    let may_lack = if given.starts_with("Option<") { "?" } else { "" };
    format!("{name}{may_lack}: {}", typescript(given))
}

fn typescript(rust: &str) -> String {
    let within = |outer: &str| rust.strip_prefix(outer)?.strip_suffix('>');
    if let Some(inner) = within("Option<") {
        return format!("{} | null", typescript(inner));
    }
    if let Some(inner) = within("Vec<") {
        return format!("Array<{}>", typescript(inner));
    }
    let known = match rust {
        "String" | "TaskId" => "string",
        "u32" | "u64" => "number",
        "bool" => "boolean",
        "()" => "void",
        // Its name, or nothing for this one.
        "Machine" => "string | null",
        // A patch of the settings.
        "Value" => "unknown",
        named => named,
    };
    known.to_owned()
}
