//! The runners that another machine has, as its own engine lists them: asked for beside the looks whether it answers, and less often.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use solti_model::RunnerInfo;

use super::{MACHINE_LABEL, MachineRunner, Machines};

/// For the list to come. That machine asks its container engines and its cluster.
const LIST_WITHIN: Duration = Duration::from_secs(20);
/// A lane goes by what was said since then, and a machine that is looked at is asked again afterwards.
pub(super) const LISTED_FOR: Duration = Duration::from_secs(60);
/// One that does not answer to it is not believed for ever.
const BELIEVED_FOR: Duration = Duration::from_secs(180);

/// What a machine has said, and when it was asked.
pub(super) struct Listed {
    at: Instant,
    /// `None` where it has not answered.
    runners: Option<Vec<RunnerInfo>>,
}

impl Machines {
    /// The runners of a machine, where it has said them lately.
    pub(crate) fn runners_of(&self, machine: &str) -> Option<Vec<RunnerInfo>> {
        // Nothing panics while holding it.
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.get(machine).filter(|listed| listed.at.elapsed() < BELIEVED_FOR)?.runners.clone()
    }

    fn asked_since(&self, machine: &str, lately: Duration) -> bool {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.get(machine).is_some_and(|listed| listed.at.elapsed() < lately)
    }
}

impl MachineRunner {
    /// Has what is known of its runners be no older than that, if it answers.
    pub(super) async fn list_runners(&self, lately: Duration) {
        // No connection has such a name.
        let turn = self.machines.turn(&format!("\n{}", self.machine));
        // Who comes meanwhile hears what the first is answered.
        let _turn = turn.lock().await;
        if self.machines.asked_since(&self.machine, lately) {
            return;
        }
        let folder = self.machines.data_dir.display().to_string();
        let said = self.ask(LIST_WITHIN, &["--look", &self.machine, "--runners", &folder]).await;
        let runners = said.ok().and_then(|said| serde_json::from_str::<Vec<RunnerInfo>>(&said).ok());
        // What it hands on to others is theirs.
        let own = runners.map(|all| {
            all.into_iter().filter(|one| !one.labels.contains_key(MACHINE_LABEL)).collect::<Vec<_>>()
        });
        let known = self.machines.names();
        let mut listed = self.machines.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.retain(|name, _| known.contains(name));
        listed.insert(self.machine.clone(), Listed { at: Instant::now(), runners: own });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Runners, ShimRunner};
    use serde_json::json;
    use solti_model::{Connection, TaskSpec};
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;
    use tokio::sync::watch;

    #[tokio::test]
    async fn what_a_machine_lacks_is_known_once_it_has_said_what_it_has() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (program, said) = (dir.path().join("client"), dir.path().join("said"));
        let script =
            format!("#!/bin/sh\ncase \" $* \" in *' --runners '*) cat '{}' ;; esac\n", said.display());
        fs::write(&program, script).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("made a program");
        let nas = Connection { name: "nas".into(), url: "ssh://nas".into(), fingerprint: None };
        let (_settings, connections) = watch::channel(vec![nas]);
        let env = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]);
        let shim = ShimRunner::new("/no/shim");
        let machines = Machines::new(program, shim.clone(), env, dir.path(), connections);
        let (nas, all) =
            (machines.runner("nas"), Runners::from(Arc::new(shim)).with_machines(machines.clone()));
        let spec = |kind: serde_json::Value| -> TaskSpec {
            serde_json::from_value(json!({"slot": "s", "kind": kind})).expect("a task")
        };
        let container = spec(json!({"container": {"image": "a:b"}}));
        let command = spec(json!({"subprocess": {"mode": {"command": {"command": "true"}}}}));

        nas.list_runners(LISTED_FOR).await;
        assert_eq!(
            (machines.runners_of("nas"), all.lacks(&container, "nas")),
            (None, None),
            "it said nothing"
        );
        let runners = json!([
            {"name": "local", "labels": {"runner": "local"}, "kinds": ["subprocess"]},
            {"name": "machine:lab", "labels": {"machine": "lab"}, "kinds": ["container"]},
        ]);
        fs::write(&said, runners.to_string()).expect("written");
        nas.list_runners(LISTED_FOR).await;
        assert_eq!(machines.runners_of("nas"), None, "it was asked a moment ago");
        nas.list_runners(Duration::ZERO).await;
        let names: Vec<_> =
            machines.runners_of("nas").expect("said").into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["local"]);
        let why = all.lacks(&container, "nas").expect("it has none");
        assert_eq!(why, "no runner there takes containers as it asks for");
        assert_eq!((all.lacks(&command, "nas"), all.lacks(&container, "here")), (None, None));
    }
}
