//! The page's TypeScript of what the shell's own commands answer and push is these Rust types. `make bindings` writes it anew after
//! a change.

use crate::{
    app_info::{AppInfo, OtherEngine},
    closing::{CloseAnswer, CloseQuestion, Leads},
    commands::form::LineReading,
    events::Message,
    frames::output::OutputFrame,
};
use solti_machines::{ConnectionTest, ListedMachine, MachineList, Reach};
use solti_model::{DoorState, DoorStates, Recovered};
use solti_service::{ServiceKind, ServiceStatus};
use solti_testing::{imports_from_model, keep_generated};
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
    keep_generated("ui/src/lib/api/shell.ts", &format!("{HEAD}{}{types}", imports_from_model(&types)));
}
