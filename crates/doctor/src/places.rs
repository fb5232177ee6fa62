//! What runs containers and WebAssembly, if anything does.

use solti_model::Finding;
use solti_runner::{EngineKind, container_engine, wasm_engine};
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

const CONTAINERS: &str = "Containers";
const WASM: &str = "WebAssembly";

/// Asks each program that is installed, which may take a second.
pub(crate) fn look(wasi: &Path) -> [Finding; 2] {
    let ask = || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok::<_, std::io::Error>([containers(&runtime), wasm(&runtime, wasi)])
    };
    // Whoever calls may have a runtime of its own, in which no other one can wait.
    match std::thread::scope(|scope| scope.spawn(ask).join()) {
        Ok(Ok(findings)) => findings,
        _ => [CONTAINERS, WASM].map(|what| Finding::ok(what, "not looked at")),
    }
}

fn wasm(runtime: &Runtime, program: &Path) -> Finding {
    match runtime.block_on(wasm_engine(program)) {
        Ok(engine) => Finding::ok(WASM, engine.describe()),
        Err(why) => Finding::warning(WASM, why, "Tasks in WebAssembly cannot start; all others can."),
    }
}

/// What the engines say that work, and why others do not.
fn containers(runtime: &Runtime) -> Finding {
    let (mut there, mut unusable) = (vec![], vec![]);
    for kind in [EngineKind::Podman, EngineKind::Docker] {
        match runtime.block_on(container_engine(kind, std::env::vars_os().collect())) {
            Ok(engine) => there.push(engine.describe()),
            Err(Some(why)) => unusable.push(why),
            Err(None) => {}
        }
    }
    finding(&there, unusable)
}

fn finding(there: &[String], unusable: Vec<String>) -> Finding {
    match (there, unusable.into_iter().next()) {
        ([], None) => Finding::ok(CONTAINERS, "no podman and no docker here; tasks run without"),
        ([], Some(why)) => Finding::warning(
            CONTAINERS,
            why,
            "Tasks in containers cannot start. Run `podman info` or `docker info` in a terminal: it says more.",
        ),
        (there, _) => Finding::ok(CONTAINERS, there.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::FindingState;

    #[test]
    fn an_engine_that_is_there_and_does_not_work_is_a_warning_and_none_at_all_is_fine() {
        assert_eq!(finding(&[], vec![]).state, FindingState::Ok);
        let broken = finding(&[], vec!["docker cannot be used: no daemon".into()]);
        assert_eq!(
            (broken.state, &*broken.said),
            (FindingState::Warning, "docker cannot be used: no daemon")
        );
        assert_eq!(finding(&["podman 4".into()], vec!["no daemon".into()]).said, "podman 4");
    }

    #[test]
    fn what_is_missing_for_webassembly_is_named() {
        let [_, found] = look(Path::new("/nowhere/solti-wasi"));
        assert_eq!(found.state, FindingState::Warning);
        assert!(found.said.starts_with("/nowhere/solti-wasi is missing"), "{}", found.said);
    }
}
