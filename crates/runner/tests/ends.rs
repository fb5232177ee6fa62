//! What users, the exit codes of `solti` and the page read of an end: tests/corpus/ends.json has the sentence of every one.
//!
//! Exit codes and the page's help are found by the sentence alone, as nothing else of a cause is stored or sent. `solti_model` and the
//! page hold each sentence to what it is meant to be for them.

use std::collections::BTreeSet;

use solti_runner::{
    ClusterEnd, ContainerFailure, ContainerTrouble, LostReason, RunEnd, Stage, StartCause, StartFailure,
    WasmNotStarted,
};

/// One of each variant: one that is added and has no sample does not compile.
macro_rules! one_of_each {
    ($of:ident: $($variant:ident { $($fields:tt)* })*) => {{
        let _ = |value: &$of| match value { $($of::$variant { .. } => ()),* };
        [$($of::$variant { $($fields)* }),*]
    }};
}

fn containers() -> impl Iterator<Item = StartCause> {
    one_of_each! { ContainerTrouble:
        EngineUnusable {} ImageAbsent {} ImageUnknown {} ImageName {} ImageMalformed {} ImageDenied {}
        ImageOfOtherMachine {} RegistryUnreachable {} RegistryBusy {} RegistryFailed {} ImageNotPulled {}
        ProgramMissing {} ProgramNotExecutable {} VolumeMissing {} VolumeUnfit {} UserUnknown {}
        WorkdirMissing {} NetworkUnknown {} NetworkUnusable {} LimitRefused {} NoProcess {} Refused {}
    }
    .into_iter()
    .map(|trouble| StartCause::Container(ContainerFailure { trouble, said: "why".into() }))
}

fn modules() -> impl Iterator<Item = StartCause> {
    let (module, said) = (|| "/srv/tool.wasm".to_owned(), || "why".to_owned());
    let of_kinds = one_of_each! { WasmNotStarted:
        Missing { module: module() }
        Unreadable { module: module(), said: said() }
        TooLarge { module: module() }
        NotWebAssembly { module: module() }
        Text { module: module() }
        Invalid { module: module(), said: said() }
        Imports { names: vec!["env::f".into()] }
        NoStart { component: false }
        Folder { host: "/srv/in".into(), guest: "/in".into(), said: said() }
        Memory { needed: 2 << 20, limit: 1 << 20 }
        Other { said: said() }
    };
    let component = WasmNotStarted::NoStart { component: true };
    of_kinds.into_iter().chain([component]).map(StartCause::Wasm)
}

fn failed_starts() -> impl Iterator<Item = StartFailure> {
    let problem = || "why".to_owned();
    let failure = |stage, cause| {
        let path = match stage {
            Stage::Chdir => "/srv/work",
            Stage::RunDir => "/runs/a/1",
            Stage::Stdin => "/srv/input",
            _ => "/srv/tool",
        };
        StartFailure { stage, errno: libc::EACCES, path: path.into(), cause }
    };
    let causes = one_of_each! { StartCause:
        Refused { problem: "why it is refused".into() }
        Container { 0: ContainerFailure { trouble: ContainerTrouble::EngineUnusable, said: "why".into() } }
        Wasm { 0: WasmNotStarted::Other { said: "why".into() } }
        NotInPath { entries: 2 }
        NoSuchProgram {}
        IsDirectory {}
        NotExecutable {}
        BadInterpreter { interpreter: "/srv/interpreter".into() }
        BadFirstLine { problem: "has a byte order mark (BOM) before its #! line" }
        BadLoader {}
        ExecFormat {}
        ArgumentsTooLong {}
        BadScript { problem: problem() }
        CwdMissing {}
        CwdNotDirectory {}
        CwdDenied {}
        RunExists {}
        RunDirForeign {}
        OwnFolderAway {}
        ShimDied {}
        ShimSilent {}
        SharedFolder { problem: problem() }
        ClusterTrouble { problem: "why the cluster does not take it".into() }
        System {}
    };
    let causes = causes.into_iter().map(move |cause| {
        let stage = match cause {
            StartCause::CwdMissing | StartCause::CwdNotDirectory | StartCause::CwdDenied => Stage::Chdir,
            StartCause::RunExists | StartCause::RunDirForeign | StartCause::OwnFolderAway => Stage::RunDir,
            _ => Stage::Resolve,
        };
        failure(stage, cause)
    });
    let stages = one_of_each! { Stage: Resolve {} RunDir {} Spawn {} Log {} Stdin {} Chdir {} Exec {} };
    let system = stages.into_iter().map(move |stage| failure(stage, StartCause::System));
    causes.chain(system).chain(containers().chain(modules()).map(move |cause| failure(Stage::Exec, cause)))
}

/// Exit code and sentence of one of each; of an end that went well there is none.
fn ends() -> BTreeSet<(Option<i64>, String)> {
    let lost = one_of_each! { LostReason:
        ShimGone {} Rebooted {} NeverStarted {} RecordLost {} FolderGone {} Copied {} ClusterForgot {} Elsewhere {}
        MachineRemoved {}
    };
    let kinds = one_of_each! { RunEnd:
        Exited { code: 3 }
        ExitedBecause { code: 134, why: "trapped: it divided a whole number by zero".into() }
        Signaled { signal: libc::SIGSEGV }
        TimedOut { code: None, signal: Some(libc::SIGTERM) }
        Stopped { code: None, signal: Some(libc::SIGTERM) }
        StartFailed { 0: StartFailure {
            stage: Stage::Resolve, errno: 0, path: "tool".into(), cause: StartCause::NotInPath { entries: 0 },
        } }
        NotTaken { why: "nas has not taken it: why".into(), refused: false }
        OverOutputLimit {}
        Cluster { counts_as: ClusterEnd::Failed, why: "the container engine lost sight of it".into() }
        Lost { reason: LostReason::ShimGone }
    };
    let more = [
        RunEnd::ExitedBecause {
            code: 5,
            why: "exit 5; it had asked for more memory than its limit of 32 MiB".into(),
        },
        RunEnd::Signaled { signal: 64 },
    ];
    let lost = lost.into_iter().map(|reason| RunEnd::Lost { reason });
    let all = kinds.into_iter().chain(more).chain(lost).chain(failed_starts().map(RunEnd::StartFailed));
    let limit = Some(std::time::Duration::from_secs(30));
    all.filter_map(|end| Some((end.code().map(i64::from), end.describe(limit)?))).collect()
}

#[test]
fn the_sentence_of_each_end_is_a_case_of_the_corpus() {
    let cases: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/corpus/ends.json")).expect("cases");
    let cases: BTreeSet<_> = cases["runner"]
        .as_array()
        .expect("what a runner says")
        .iter()
        .map(|case| (case["exitCode"].as_i64(), case["error"].as_str().expect("a sentence").to_owned()))
        .collect();
    let ends = ends();
    let (missing, stale): (Vec<_>, Vec<_>) =
        (ends.difference(&cases).collect(), cases.difference(&ends).collect());
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not in the corpus: {missing:#?}\nsaid by no end: {stale:#?}"
    );
}
