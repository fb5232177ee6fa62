//! Orders for tasks: `CreateSpec` and everything in it.
//!
//! Structs of the model are taken apart field by field, so that a new field does not compile until it has its place here.

use super::container::{container_from_wire, container_to_wire};
use super::env::{env_from_wire, env_to_wire};
use super::{given, not_a_value};
use crate::proto;
use proto::{script_mode, stdin, subprocess_task, task_kind};
use solti_model::{
    AdmissionStrategy, AfterMain, AfterReboot, AfterTask, AfterWhen, BackoffStrategy, ClusterRequest,
    CommandMode, CustomRuntime, FieldError, JitterStrategy, JobName, KeepAwake, MatchExpression, NotifyRules,
    Operator, ResourceLimits, RestartStrategy, RunnerSelector, ScriptMode, ScriptRuntime, Slot, Stall,
    StallThen, Stdin, SubprocessMode, SubprocessTask, TaskId, TaskKind, TaskSpec, WasmDir, WasmTask,
};

/// # Errors
/// Names the field that is missing, unspecified, or at odds with another.
pub(crate) fn spec_from_wire(wire: proto::CreateSpec) -> Result<TaskSpec, FieldError> {
    Ok(TaskSpec {
        slot: Slot::new(wire.slot)?,
        own_lane: wire.own_lane,
        kind: kind_from_wire(given("kind", wire.kind)?)?,
        timeout: (wire.timeout_ms > 0).then_some(wire.timeout_ms),
        restart: restart_from_wire(wire.restart, wire.restart_interval_ms)?,
        backoff: wire.backoff.map(backoff_from_wire).transpose()?.unwrap_or_default(),
        admission: admission_from_wire(wire.admission)?,
        max_retries: wire.max_retries,
        runner_selector: wire.runner_selector.map(selector_from_wire).transpose()?,
        labels: wire.labels,
        limits: wire.limits.map(limits_from_wire),
        cluster: wire.cluster.map(cluster_from_wire),
        stdin: stdin_from_wire(wire.stdin)?,
        job: wire.job.map(JobName::new).transpose().map_err(|error| FieldError::new("job", error.message))?,
        job_revision: wire.job_revision,
        not_before: wire.not_before,
        priority: wire.priority,
        after: wire.after.into_iter().map(after_from_wire).collect::<Result<_, _>>()?,
        after_reboot: after_reboot_from_wire(wire.after_reboot)?,
        stall: wire.stall.map(stall_from_wire).transpose()?,
        notify: wire.notify.map(|proto::NotifyRules { on_failure, on_success, hooks }| NotifyRules {
            on_failure,
            on_success,
            hooks,
        }),
        keep_awake: keep_awake_from_wire(wire.keep_awake)?,
        secrets: wire.secrets,
    })
}

pub(crate) fn spec_to_wire(spec: TaskSpec) -> proto::CreateSpec {
    let TaskSpec {
        slot,
        own_lane,
        kind,
        timeout,
        restart,
        backoff,
        admission,
        max_retries,
        runner_selector,
        labels,
        limits,
        cluster,
        stdin,
        job,
        job_revision,
        not_before,
        priority,
        after,
        after_reboot,
        stall,
        notify,
        keep_awake,
        secrets,
    } = spec;
    let (restart, restart_interval_ms) = restart_to_wire(restart);
    proto::CreateSpec {
        slot: slot.into(),
        own_lane,
        kind: Some(kind_to_wire(kind)),
        timeout_ms: timeout.unwrap_or(0),
        restart: restart.into(),
        restart_interval_ms,
        backoff: Some(backoff_to_wire(backoff)),
        admission: admission_to_wire(admission).into(),
        labels,
        max_retries,
        runner_selector: runner_selector.map(selector_to_wire),
        limits: limits.map(limits_to_wire),
        cluster: cluster.map(cluster_to_wire),
        stdin: stdin_to_wire(stdin),
        job: job.map(Into::into),
        job_revision,
        not_before,
        priority,
        after: after.into_iter().map(after_to_wire).collect(),
        after_reboot: after_reboot_to_wire(after_reboot).into(),
        stall: stall.map(stall_to_wire),
        notify: notify.map(|NotifyRules { on_failure, on_success, hooks }| proto::NotifyRules {
            on_failure,
            on_success,
            hooks,
        }),
        keep_awake: keep_awake_to_wire(keep_awake).into(),
        secrets,
    }
}

fn keep_awake_from_wire(wire: i32) -> Result<KeepAwake, FieldError> {
    match proto::KeepAwake::try_from(wire) {
        Ok(proto::KeepAwake::Unspecified | proto::KeepAwake::Never) => Ok(KeepAwake::Never),
        Ok(proto::KeepAwake::OnMains) => Ok(KeepAwake::OnMains),
        Ok(proto::KeepAwake::Always) => Ok(KeepAwake::Always),
        Err(_) => Err(not_a_value("keepAwake", wire)),
    }
}

fn keep_awake_to_wire(keep_awake: KeepAwake) -> proto::KeepAwake {
    match keep_awake {
        KeepAwake::Never => proto::KeepAwake::Never,
        KeepAwake::OnMains => proto::KeepAwake::OnMains,
        KeepAwake::Always => proto::KeepAwake::Always,
    }
}

fn stall_from_wire(wire: proto::Stall) -> Result<Stall, FieldError> {
    let then = match proto::StallThen::try_from(wire.then) {
        Ok(proto::StallThen::Unspecified | proto::StallThen::Notify) => StallThen::Notify,
        Ok(proto::StallThen::Stop) => StallThen::Stop,
        Ok(proto::StallThen::Restart) => StallThen::Restart,
        Err(_) => return Err(not_a_value("stall.then", wire.then)),
    };
    Ok(Stall { silent_ms: wire.silent_ms, then })
}

fn stall_to_wire(Stall { silent_ms, then }: Stall) -> proto::Stall {
    let then = match then {
        StallThen::Notify => proto::StallThen::Notify,
        StallThen::Stop => proto::StallThen::Stop,
        StallThen::Restart => proto::StallThen::Restart,
    };
    proto::Stall { silent_ms, then: then.into() }
}

fn after_from_wire(wire: proto::After) -> Result<AfterTask, FieldError> {
    let when = match proto::AfterWhen::try_from(wire.when) {
        Ok(proto::AfterWhen::Unspecified | proto::AfterWhen::Succeeded) => AfterWhen::Succeeded,
        Ok(proto::AfterWhen::Ended) => AfterWhen::Ended,
        Ok(proto::AfterWhen::Failed) => AfterWhen::Failed,
        Ok(proto::AfterWhen::Started) => AfterWhen::Started,
        Err(_) => return Err(not_a_value("after", wire.when)),
    };
    let task = TaskId::new(wire.task).map_err(|error| FieldError::new("after", error.message))?;
    Ok(AfterTask { task, when })
}

fn after_to_wire(AfterTask { task, when }: AfterTask) -> proto::After {
    let when = match when {
        AfterWhen::Succeeded => proto::AfterWhen::Succeeded,
        AfterWhen::Ended => proto::AfterWhen::Ended,
        AfterWhen::Failed => proto::AfterWhen::Failed,
        AfterWhen::Started => proto::AfterWhen::Started,
    };
    proto::After { task: task.into(), when: when.into() }
}

fn after_reboot_from_wire(number: i32) -> Result<Option<AfterReboot>, FieldError> {
    match proto::AfterReboot::try_from(number) {
        Ok(proto::AfterReboot::Unspecified) => Ok(None),
        Ok(proto::AfterReboot::Start) => Ok(Some(AfterReboot::Start)),
        Ok(proto::AfterReboot::Hold) => Ok(Some(AfterReboot::Hold)),
        Ok(proto::AfterReboot::End) => Ok(Some(AfterReboot::End)),
        Err(_) => Err(not_a_value("afterReboot", number)),
    }
}

fn after_reboot_to_wire(after_reboot: Option<AfterReboot>) -> proto::AfterReboot {
    match after_reboot {
        None => proto::AfterReboot::Unspecified,
        Some(AfterReboot::Start) => proto::AfterReboot::Start,
        Some(AfterReboot::Hold) => proto::AfterReboot::Hold,
        Some(AfterReboot::End) => proto::AfterReboot::End,
    }
}

fn stdin_from_wire(wire: Option<proto::Stdin>) -> Result<Stdin, FieldError> {
    let Some(stdin) = wire else { return Ok(Stdin::None) };
    Ok(match given("stdin", stdin.source)? {
        stdin::Source::Text(text) => Stdin::Text(text),
        stdin::Source::File(path) => Stdin::File(path),
        stdin::Source::Open(true) => Stdin::Open,
        stdin::Source::Open(false) => Stdin::None,
    })
}

fn stdin_to_wire(stdin: Stdin) -> Option<proto::Stdin> {
    let source = match stdin {
        Stdin::None => return None,
        Stdin::Text(text) => stdin::Source::Text(text),
        Stdin::File(path) => stdin::Source::File(path),
        Stdin::Open => stdin::Source::Open(true),
    };
    Some(proto::Stdin { source: Some(source) })
}

fn limits_from_wire(wire: proto::ResourceLimits) -> ResourceLimits {
    let proto::ResourceLimits { memory_bytes, cpu_percent, open_files, processes, output_bytes } = wire;
    ResourceLimits { memory_bytes, cpu_percent, open_files, processes, output_bytes }
}

fn cluster_from_wire(wire: proto::ClusterRequest) -> ClusterRequest {
    let proto::ClusterRequest { partition, account, qos, cpus, gpus, time_minutes, constraint } = wire;
    ClusterRequest { partition, account, qos, cpus, gpus, time_minutes, constraint }
}

fn cluster_to_wire(cluster: ClusterRequest) -> proto::ClusterRequest {
    let ClusterRequest { partition, account, qos, cpus, gpus, time_minutes, constraint } = cluster;
    proto::ClusterRequest { partition, account, qos, cpus, gpus, time_minutes, constraint }
}

fn limits_to_wire(limits: ResourceLimits) -> proto::ResourceLimits {
    let ResourceLimits { memory_bytes, cpu_percent, open_files, processes, output_bytes } = limits;
    proto::ResourceLimits { memory_bytes, cpu_percent, open_files, processes, output_bytes }
}

fn kind_from_wire(wire: proto::TaskKind) -> Result<TaskKind, FieldError> {
    Ok(match given("kind", wire.kind)? {
        task_kind::Kind::Subprocess(task) => TaskKind::Subprocess(SubprocessTask {
            mode: match given("kind.subprocess.mode", task.mode)? {
                subprocess_task::Mode::Command(proto::CommandMode { command, args }) => {
                    SubprocessMode::Command(CommandMode { command, args })
                }
                subprocess_task::Mode::Script(script) => SubprocessMode::Script(script_from_wire(script)?),
            },
            env: env_from_wire(task.env),
            cwd: task.cwd,
            fail_on_non_zero: task.fail_on_non_zero,
            after_main: after_main_from_wire(task.after_main)?,
        }),
        task_kind::Kind::Wasm(proto::WasmTask { module, args, env, dirs }) => {
            let dir = |proto::WasmDir { host, guest, read_only }| WasmDir { host, guest, read_only };
            let dirs = dirs.into_iter().map(dir).collect();
            TaskKind::Wasm(WasmTask { module, args, env: env_from_wire(env), dirs })
        }
        task_kind::Kind::Container(task) => TaskKind::Container(container_from_wire(task)?),
    })
}

fn kind_to_wire(kind: TaskKind) -> proto::TaskKind {
    let kind = match kind {
        TaskKind::Subprocess(SubprocessTask { mode, env, cwd, fail_on_non_zero, after_main }) => {
            let mode = match mode {
                SubprocessMode::Command(CommandMode { command, args }) => {
                    subprocess_task::Mode::Command(proto::CommandMode { command, args })
                }
                SubprocessMode::Script(script) => subprocess_task::Mode::Script(script_to_wire(script)),
            };
            let (mode, env, after_main) =
                (Some(mode), env_to_wire(env), after_main_to_wire(after_main).into());
            task_kind::Kind::Subprocess(proto::SubprocessTask {
                mode,
                env,
                cwd,
                fail_on_non_zero,
                after_main,
            })
        }
        TaskKind::Wasm(WasmTask { module, args, env, dirs }) => {
            let dir = |WasmDir { host, guest, read_only }| proto::WasmDir { host, guest, read_only };
            let dirs = dirs.into_iter().map(dir).collect();
            task_kind::Kind::Wasm(proto::WasmTask { module, args, env: env_to_wire(env), dirs })
        }
        TaskKind::Container(task) => task_kind::Kind::Container(container_to_wire(task)),
    };
    proto::TaskKind { kind: Some(kind) }
}

fn after_main_from_wire(number: i32) -> Result<AfterMain, FieldError> {
    match proto::AfterMain::try_from(number) {
        Ok(proto::AfterMain::Unspecified | proto::AfterMain::Wait) => Ok(AfterMain::Wait),
        Ok(proto::AfterMain::End) => Ok(AfterMain::End),
        Err(_) => Err(not_a_value("kind.subprocess.afterMain", number)),
    }
}

fn after_main_to_wire(after_main: AfterMain) -> proto::AfterMain {
    match after_main {
        AfterMain::Wait => proto::AfterMain::Wait,
        AfterMain::End => proto::AfterMain::End,
    }
}

fn script_from_wire(wire: proto::ScriptMode) -> Result<ScriptMode, FieldError> {
    const FIELD: &str = "kind.subprocess.mode.script.runtime";
    let runtime = match given(FIELD, wire.runtime)? {
        script_mode::Runtime::WellKnown(number) => match proto::ScriptRuntime::try_from(number) {
            Ok(proto::ScriptRuntime::Bash) => ScriptRuntime::Bash,
            Ok(proto::ScriptRuntime::Python) => ScriptRuntime::Python,
            Ok(proto::ScriptRuntime::Node) => ScriptRuntime::Node,
            Ok(proto::ScriptRuntime::Unspecified) | Err(_) => return Err(not_a_value(FIELD, number)),
        },
        script_mode::Runtime::Custom(proto::CustomRuntime { command, flag }) => {
            ScriptRuntime::Custom(CustomRuntime { command, flag })
        }
    };
    Ok(ScriptMode { runtime, body: wire.body, args: wire.args })
}

fn script_to_wire(script: ScriptMode) -> proto::ScriptMode {
    let ScriptMode { runtime, body, args } = script;
    let runtime = match runtime {
        ScriptRuntime::Bash => script_mode::Runtime::WellKnown(proto::ScriptRuntime::Bash.into()),
        ScriptRuntime::Python => script_mode::Runtime::WellKnown(proto::ScriptRuntime::Python.into()),
        ScriptRuntime::Node => script_mode::Runtime::WellKnown(proto::ScriptRuntime::Node.into()),
        ScriptRuntime::Custom(CustomRuntime { command, flag }) => {
            script_mode::Runtime::Custom(proto::CustomRuntime { command, flag })
        }
    };
    proto::ScriptMode { runtime: Some(runtime), body, args }
}

fn restart_from_wire(number: i32, interval_ms: Option<u64>) -> Result<RestartStrategy, FieldError> {
    let restart = match proto::RestartStrategy::try_from(number) {
        Ok(proto::RestartStrategy::Never) => RestartStrategy::Never,
        Ok(proto::RestartStrategy::OnFailure) => RestartStrategy::OnFailure,
        Ok(proto::RestartStrategy::Always) => return Ok(RestartStrategy::Always { interval_ms }),
        Ok(proto::RestartStrategy::Unspecified) | Err(_) => return Err(not_a_value("restart", number)),
    };
    match interval_ms {
        Some(_) => Err(FieldError::new("restart.intervalMs", "is given with the strategy ALWAYS only")),
        None => Ok(restart),
    }
}

fn restart_to_wire(restart: RestartStrategy) -> (proto::RestartStrategy, Option<u64>) {
    match restart {
        RestartStrategy::Never => (proto::RestartStrategy::Never, None),
        RestartStrategy::OnFailure => (proto::RestartStrategy::OnFailure, None),
        RestartStrategy::Always { interval_ms } => (proto::RestartStrategy::Always, interval_ms),
    }
}

fn backoff_from_wire(wire: proto::BackoffStrategy) -> Result<BackoffStrategy, FieldError> {
    let jitter = match proto::JitterStrategy::try_from(wire.jitter) {
        Ok(proto::JitterStrategy::None) => JitterStrategy::None,
        Ok(proto::JitterStrategy::Full) => JitterStrategy::Full,
        Ok(proto::JitterStrategy::Equal) => JitterStrategy::Equal,
        Ok(proto::JitterStrategy::Decorrelated) => JitterStrategy::Decorrelated,
        Ok(proto::JitterStrategy::Unspecified) | Err(_) => {
            return Err(not_a_value("backoff.jitter", wire.jitter));
        }
    };
    Ok(BackoffStrategy { jitter, first_ms: wire.first_ms, max_ms: wire.max_ms, factor: wire.factor })
}

fn backoff_to_wire(backoff: BackoffStrategy) -> proto::BackoffStrategy {
    let BackoffStrategy { jitter, first_ms, max_ms, factor } = backoff;
    let jitter = match jitter {
        JitterStrategy::None => proto::JitterStrategy::None,
        JitterStrategy::Full => proto::JitterStrategy::Full,
        JitterStrategy::Equal => proto::JitterStrategy::Equal,
        JitterStrategy::Decorrelated => proto::JitterStrategy::Decorrelated,
    };
    proto::BackoffStrategy { jitter: jitter.into(), first_ms, max_ms, factor }
}

fn admission_from_wire(number: i32) -> Result<AdmissionStrategy, FieldError> {
    match proto::AdmissionStrategy::try_from(number) {
        Ok(proto::AdmissionStrategy::DropIfRunning) => Ok(AdmissionStrategy::DropIfRunning),
        Ok(proto::AdmissionStrategy::Replace) => Ok(AdmissionStrategy::Replace),
        Ok(proto::AdmissionStrategy::Queue) => Ok(AdmissionStrategy::Queue),
        Ok(proto::AdmissionStrategy::Unspecified) | Err(_) => Err(not_a_value("admission", number)),
    }
}

fn admission_to_wire(admission: AdmissionStrategy) -> proto::AdmissionStrategy {
    match admission {
        AdmissionStrategy::DropIfRunning => proto::AdmissionStrategy::DropIfRunning,
        AdmissionStrategy::Replace => proto::AdmissionStrategy::Replace,
        AdmissionStrategy::Queue => proto::AdmissionStrategy::Queue,
    }
}

fn selector_from_wire(wire: proto::RunnerSelector) -> Result<RunnerSelector, FieldError> {
    let expression = |(i, wire): (usize, proto::MatchExpression)| {
        let operator = match proto::MatchOperator::try_from(wire.operator) {
            Ok(proto::MatchOperator::In) => Operator::In,
            Ok(proto::MatchOperator::NotIn) => Operator::NotIn,
            Ok(proto::MatchOperator::Exists) => Operator::Exists,
            Ok(proto::MatchOperator::DoesNotExist) => Operator::DoesNotExist,
            Ok(proto::MatchOperator::Unspecified) | Err(_) => {
                return Err(not_a_value(
                    &format!("runnerSelector.matchExpressions[{i}].operator"),
                    wire.operator,
                ));
            }
        };
        Ok(MatchExpression { key: wire.key, operator, values: wire.values })
    };
    Ok(RunnerSelector {
        match_labels: wire.match_labels,
        match_expressions: wire
            .match_expressions
            .into_iter()
            .enumerate()
            .map(expression)
            .collect::<Result<_, _>>()?,
    })
}

fn selector_to_wire(selector: RunnerSelector) -> proto::RunnerSelector {
    let RunnerSelector { match_labels, match_expressions } = selector;
    let expression = |MatchExpression { key, operator, values }| {
        let operator = match operator {
            Operator::In => proto::MatchOperator::In,
            Operator::NotIn => proto::MatchOperator::NotIn,
            Operator::Exists => proto::MatchOperator::Exists,
            Operator::DoesNotExist => proto::MatchOperator::DoesNotExist,
        };
        proto::MatchExpression { key, operator: operator.into(), values }
    };
    proto::RunnerSelector {
        match_labels,
        match_expressions: match_expressions.into_iter().map(expression).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use solti_model::parse_spec;

    fn through_the_wire(spec: TaskSpec) -> Result<TaskSpec, FieldError> {
        use prost::Message as _;
        let bytes = spec_to_wire(spec).encode_to_vec();
        spec_from_wire(proto::CreateSpec::decode(bytes.as_slice()).expect("own message"))
    }

    #[test]
    fn every_spec_arrives_as_it_left() {
        let script = |runtime| {
            json!({"subprocess": {"mode": {"script": {"runtime": runtime, "body": "ZWNobw==", "args": ["a"]}},
                                  "env": [{"key": "K", "value": "V"}], "cwd": "/tmp", "failOnNonZero": false}})
        };
        let kinds = [
            json!({"subprocess": {"mode": {"command": {"command": "echo", "args": ["a", ""]}}}}),
            script(json!("bash")),
            script(json!("python")),
            script(json!("node")),
            script(json!({"custom": {"command": "ruby", "flag": "-e"}})),
            json!({"container": {"image": "a:b", "command": ["sh"], "args": ["x"], "env": [{"key": "K", "value": ""}],
                                 "volumes": [{"source": "/a", "target": "/b", "readOnly": true}, {"source": "v", "target": "/v"}],
                                 "network": "none", "user": "1:1", "workdir": "/b", "pull": "never"}}),
            json!({"wasm": {"module": "/m.wasm", "args": ["x"], "env": []}}),
            json!({"wasm": {"module": "/m.wasm", "dirs": [{"host": "/a", "guest": ".", "readOnly": true},
                                                          {"host": "/b", "guest": "/b"}]}}),
        ];
        let rests = [
            json!({}),
            json!({"timeout": 30_000, "restart": {"type": "always", "intervalMs": 0}, "admission": "queue", "maxRetries": 3,
                   "backoff": {"jitter": "decorrelated", "firstMs": 7, "maxMs": 8, "factor": 1.1},
                   "runnerSelector": {"matchLabels": {"zone": "eu"},
                                      "matchExpressions": [{"key": "gpu", "operator": "NotIn", "values": ["a"]},
                                                           {"key": "ssd", "operator": "Exists"}]},
                   "labels": {"name": "nightly", "team": "red"},
                   "limits": {"memoryBytes": 2_097_152, "cpuPercent": 150, "openFiles": 64, "processes": 9, "outputBytes": 1}}),
            json!({"restart": {"type": "onFailure"}, "admission": "replace",
                   "backoff": {"jitter": "equal", "firstMs": 1, "maxMs": 1, "factor": 1.0},
                   "runnerSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]},
                                                           {"key": "c", "operator": "DoesNotExist"}]}}),
            json!({"restart": {"type": "always"}, "backoff": {"jitter": "none"}, "stdin": {"text": "a\0b"}}),
            json!({"stdin": {"file": "/tmp/words"}, "ownLane": true}),
            json!({"notBefore": 1_764_336_000_000_u64, "priority": -7, "afterReboot": "hold",
                "after": [{"task": "a", "when": "succeeded"}, {"task": "b", "when": "started"}]}),
            json!({"stall": {"silentMs": 60_000, "then": "restart"},
                "notify": {"onFailure": false, "onSuccess": true, "hooks": ["chat"]}}),
            json!({"stall": {"silentMs": 1_000, "then": "notify"}, "notify": {}}),
            json!({"keepAwake": "onMains", "job": "nightly", "secrets": ["password"]}),
            json!({"keepAwake": "always"}),
            json!({"afterReboot": "end", "after": [{"task": "a", "when": "ended"}, {"task": "b", "when": "failed"}]}),
        ];
        for kind in kinds {
            for rest in &rests {
                let mut json = json!({"slot": "s", "kind": kind});
                json.as_object_mut().expect("object").extend(rest.as_object().expect("object").clone());
                let spec = parse_spec(json).expect("legal");
                assert_eq!(through_the_wire(spec.clone()), Ok(spec));
            }
        }
    }

    fn least() -> proto::CreateSpec {
        let kind = proto::task_kind::Kind::Subprocess(proto::SubprocessTask {
            mode: Some(subprocess_task::Mode::Command(proto::CommandMode {
                command: "x".into(),
                args: vec![],
            })),
            ..Default::default()
        });
        proto::CreateSpec {
            slot: "s".into(),
            kind: Some(proto::TaskKind { kind: Some(kind) }),
            restart: proto::RestartStrategy::Never.into(),
            admission: proto::AdmissionStrategy::DropIfRunning.into(),
            ..Default::default()
        }
    }

    #[test]
    fn what_is_absent_has_the_meaning_of_this_wire() {
        let spec = spec_from_wire(least()).expect("legal");
        assert_eq!((spec.backoff, spec.timeout, spec.max_retries), (BackoffStrategy::default(), None, None));
        let TaskKind::Subprocess(task) = spec.kind else { panic!("a subprocess went in") };
        assert!(!task.fail_on_non_zero, "a plain bool: absent is false");
    }

    #[test]
    fn what_is_missing_or_unspecified_is_refused_by_name() {
        let script = |runtime| {
            let script = proto::ScriptMode { runtime, ..Default::default() };
            let mode = Some(subprocess_task::Mode::Script(script));
            let task = proto::SubprocessTask { mode, ..Default::default() };
            Some(proto::TaskKind { kind: Some(task_kind::Kind::Subprocess(task)) })
        };
        let expressions = vec![proto::MatchExpression { key: "k".into(), ..Default::default() }];
        let selector = proto::RunnerSelector { match_expressions: expressions, ..Default::default() };
        let no_mode = task_kind::Kind::Subprocess(proto::SubprocessTask::default());
        let bad = [
            ("slot", proto::CreateSpec { slot: "a/b".into(), ..least() }),
            ("kind", proto::CreateSpec { kind: None, ..least() }),
            ("kind", proto::CreateSpec { kind: Some(proto::TaskKind { kind: None }), ..least() }),
            (
                "kind.subprocess.mode",
                proto::CreateSpec { kind: Some(proto::TaskKind { kind: Some(no_mode) }), ..least() },
            ),
            ("kind.subprocess.mode.script.runtime", proto::CreateSpec { kind: script(None), ..least() }),
            (
                "kind.subprocess.mode.script.runtime",
                proto::CreateSpec { kind: script(Some(script_mode::Runtime::WellKnown(0))), ..least() },
            ),
            ("restart", proto::CreateSpec { restart: 0, ..least() }),
            ("restart", proto::CreateSpec { restart: 77, ..least() }),
            ("restart.intervalMs", proto::CreateSpec { restart_interval_ms: Some(1), ..least() }),
            ("admission", proto::CreateSpec { admission: 0, ..least() }),
            (
                "backoff.jitter",
                proto::CreateSpec { backoff: Some(proto::BackoffStrategy::default()), ..least() },
            ),
            (
                "runnerSelector.matchExpressions[0].operator",
                proto::CreateSpec { runner_selector: Some(selector), ..least() },
            ),
        ];
        for (field, wire) in bad {
            assert_eq!(spec_from_wire(wire).expect_err(field).field, field);
        }
    }
}
