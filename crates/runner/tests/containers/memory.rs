//! Out of memory is said where the kernel has killed for it, and nowhere else.

use solti_model::ResourceLimits;
use solti_runner::{ContainerTrouble, RunEnd, RunRequest, Runner, StartCause, StartError};
use solti_testing::{TestEngine, on_each_engine};

use crate::common::wait;
use crate::support::{Containers, run, sh};

on_each_engine! { run: out_of_memory_is_said_on_evidence }

/// Takes memory until there is none.
const GREEDY: &str = "x=abcdefgh; while :; do x=$x$x; done";

async fn out_of_memory_is_said_on_evidence(it: Containers) {
    let limits = ResourceLimits { memory_bytes: Some(24 << 20), ..ResourceLimits::default() };
    let inner = format!("sh -c '{GREEDY}'; echo killed $?; exit 5");
    for (task, script, code, expected) in [
        ("itself", GREEDY, 137, true),
        // Another process of it, which the program tells in its own way.
        ("inner", &inner, 5, true),
        ("well", "exit 137", 137, false),
        ("fails", "exit 5", 5, false),
    ] {
        let request = RunRequest { limits, ..it.request(task, sh(script)) };
        match it.runner.start(request).await {
            Ok(mut handle) => {
                let outcome = wait(&mut handle).await;
                assert_eq!(
                    (outcome.end, outcome.flags.oom_killed),
                    (RunEnd::Exited { code }, expected),
                    "{task}"
                );
            }
            // Better than without the limit.
            Err(StartError::Failed(failure)) => {
                assert_eq!(it.engine, TestEngine::Rootless, "{failure}");
                let StartCause::Container(why) = &failure.cause else { panic!("{failure:?}") };
                assert_eq!(why.trouble, ContainerTrouble::LimitRefused);
                println!("skipped: {failure}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    it.nothing_is_left().await;
}
