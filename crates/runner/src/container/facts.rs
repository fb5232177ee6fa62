//! What an engine says of itself when it is asked for its `info`.

use std::path::PathBuf;

use serde_json::Value;
use solti_model::{ContainerEngine, ResourceLimits};

use super::EngineKind;

/// What an engine has said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub program: PathBuf,
    pub version: String,
    pub rootless: bool,
    pub runtime: Option<String>,
    pub cgroups: Option<String>,
    pub keeps: Keeps,
}

/// The limits that the engine can keep here. It is told one that it cannot, it may well start the container without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keeps {
    pub memory: bool,
    pub cpu: bool,
    pub processes: bool,
}

impl Facts {
    /// `None` for what is no answer of a usable engine.
    pub(super) fn of(kind: EngineKind, program: PathBuf, info: &Value) -> Option<Self> {
        match kind {
            EngineKind::Podman => Self::of_podman(program, info),
            EngineKind::Docker => Self::of_docker(program, info),
        }
    }

    fn of_podman(program: PathBuf, info: &Value) -> Option<Self> {
        let rootless = info.pointer("/host/security/rootless").and_then(Value::as_bool).unwrap_or(false);
        let controllers = info.pointer("/host/cgroupControllers").and_then(Value::as_array);
        // Without systemd such a user's containers get no control group of their own.
        let grouped = !rootless || text(info, "/host/cgroupManager").as_deref() == Some("systemd");
        let has = |controller: &str| {
            grouped && controllers.is_none_or(|all| all.iter().any(|one| one == controller))
        };
        Some(Self {
            program,
            version: text(info, "/version/Version")?,
            rootless,
            runtime: text(info, "/host/ociRuntime/name"),
            cgroups: text(info, "/host/cgroupVersion"),
            keeps: Keeps { memory: has("memory"), cpu: has("cpu"), processes: has("pids") },
        })
    }

    fn of_docker(program: PathBuf, info: &Value) -> Option<Self> {
        let can = |name: &str| info.get(name).and_then(Value::as_bool).unwrap_or(true);
        let options = info.pointer("/SecurityOptions").and_then(Value::as_array);
        Some(Self {
            program,
            // Only the daemon has one.
            version: text(info, "/ServerVersion")?,
            rootless: options.is_some_and(|all| all.iter().any(|one| one == "name=rootless")),
            runtime: text(info, "/DefaultRuntime"),
            cgroups: text(info, "/CgroupVersion").map(|version| format!("v{version}")),
            keeps: Keeps { memory: can("MemoryLimit"), cpu: can("CpuCfsQuota"), processes: can("PidsLimit") },
        })
    }

    /// What is asked for and cannot be limited, in a word.
    pub(super) fn cannot_keep(&self, limits: &ResourceLimits) -> Option<&'static str> {
        let Keeps { memory, cpu, processes } = self.keeps;
        [
            (limits.memory_bytes.is_some() && !memory, "memory"),
            (limits.cpu_percent.is_some() && !cpu, "processor time"),
            (limits.processes.is_some() && !processes, "the number of processes"),
        ]
        .into_iter()
        .find_map(|(asked, what)| asked.then_some(what))
    }
}

fn text(info: &Value, pointer: &str) -> Option<String> {
    info.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

impl From<Facts> for ContainerEngine {
    fn from(Facts { program, version, rootless, runtime, cgroups, keeps: _ }: Facts) -> Self {
        Self { program: program.display().to_string(), version, rootless, runtime, cgroups }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn podman(rootless: bool, manager: &str, controllers: &[&str]) -> Facts {
        let info = json!({
            "host": {"security": {"rootless": rootless}, "cgroupManager": manager, "cgroupVersion": "v2",
                     "cgroupControllers": controllers, "ociRuntime": {"name": "crun"}},
            "version": {"Version": "4.3.1"},
        });
        Facts::of(EngineKind::Podman, "/usr/bin/podman".into(), &info).expect("an answer")
    }

    #[test]
    fn a_limit_that_would_be_passed_over_is_known_beforehand() {
        let memory = ResourceLimits { memory_bytes: Some(1), ..ResourceLimits::default() };
        let all = ResourceLimits { cpu_percent: Some(1), processes: Some(1), ..memory };
        assert_eq!(podman(false, "cgroupfs", &["memory", "cpu", "pids"]).cannot_keep(&all), None);
        assert_eq!(podman(true, "systemd", &["memory", "cpu", "pids"]).cannot_keep(&all), None);
        assert_eq!(podman(true, "systemd", &["memory", "pids"]).cannot_keep(&all), Some("processor time"));
        assert_eq!(podman(true, "cgroupfs", &["memory", "cpu", "pids"]).cannot_keep(&memory), Some("memory"));
        assert_eq!(podman(true, "cgroupfs", &[]).cannot_keep(&ResourceLimits::default()), None);

        let info = json!({"ServerVersion": "28.2.2", "MemoryLimit": true, "CpuCfsQuota": true, "PidsLimit": false,
                          "SecurityOptions": ["name=seccomp,profile=default", "name=rootless"], "CgroupVersion": "2"});
        let docker = Facts::of(EngineKind::Docker, "/usr/bin/docker".into(), &info).expect("an answer");
        assert!(docker.rootless && docker.cgroups.as_deref() == Some("v2"));
        assert_eq!(docker.cannot_keep(&all), Some("the number of processes"));
    }
}
