//! What runs containers, if anything does.

use solti_model::Finding;
use solti_runner::{EngineKind, container_engine};

const WHAT: &str = "Containers";

/// Asks each engine that is installed, which may take a second.
pub(crate) fn engines() -> Finding {
    // Whoever calls may have a runtime of its own, in which no other one can wait.
    let looked = std::thread::spawn(look).join();
    let Ok(Ok((there, unusable))) = looked else { return Finding::ok(WHAT, "not looked at") };
    finding(&there, unusable)
}

/// What the engines say that work, and why others do not.
fn look() -> std::io::Result<(Vec<String>, Vec<String>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut there, mut unusable) = (vec![], vec![]);
    for kind in [EngineKind::Podman, EngineKind::Docker] {
        match runtime.block_on(container_engine(kind, std::env::vars_os().collect())) {
            Ok(engine) => there.push(engine.describe()),
            Err(Some(why)) => unusable.push(why),
            Err(None) => {}
        }
    }
    Ok((there, unusable))
}

fn finding(there: &[String], unusable: Vec<String>) -> Finding {
    match (there, unusable.into_iter().next()) {
        ([], None) => Finding::ok(WHAT, "no podman and no docker here; tasks run without"),
        ([], Some(why)) => Finding::warning(
            WHAT,
            why,
            "Tasks in containers cannot start. Run `podman info` or `docker info` in a terminal: it says more.",
        ),
        (there, _) => Finding::ok(WHAT, there.join("; ")),
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
}
