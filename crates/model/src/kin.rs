//! Tasks of one kin: how long they took says how long the next one of them will take.

use crate::{JobName, SubprocessMode, TaskKind, TaskSpec};

/// Of a text so many bytes count, and its length. A script may be long, and this is reckoned for each task that waits, each time
/// somebody asks for a forecast.
const COMPARED_BYTES: usize = 4 * 1024;

/// What tasks of one kin have in common, as a number that stays the same over versions: it is stored. A task of a saved job is of
/// the kin of that job, whatever its parameters; another is of the kin of all that run the same in the same directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kin(i64);

impl Kin {
    /// Of a task.
    pub fn of(spec: &TaskSpec) -> Self {
        spec.job.as_ref().map_or_else(|| Self::of_command(&spec.kind), Self::of_job)
    }

    /// Of all tasks of a saved job.
    pub fn of_job(job: &JobName) -> Self {
        Mixed::new("job").part(job.as_str()).kin()
    }

    /// Of all tasks that run this without belonging to a job. Variables, limits and what a failure is make no difference.
    pub fn of_command(kind: &TaskKind) -> Self {
        let mixed = Mixed::new(kind.word());
        match kind {
            TaskKind::Subprocess(task) => {
                let mixed = mixed.part(task.cwd.as_deref().unwrap_or_default());
                match &task.mode {
                    SubprocessMode::Command(mode) => {
                        mixed.part("command").part(&mode.command).parts(&mode.args)
                    }
                    SubprocessMode::Script(mode) => {
                        let mixed =
                            mixed.part("script").part(mode.runtime.program()).part(mode.runtime.flag());
                        mixed.part(&mode.body).parts(&mode.args)
                    }
                }
            }
            TaskKind::Container(task) => mixed
                .part(&task.image)
                .part(task.workdir.as_deref().unwrap_or_default())
                .parts(&task.command)
                .parts(&task.args),
            TaskKind::Wasm(task) => mixed.part(&task.module).parts(&task.args),
        }
        .kin()
    }

    /// As it is stored.
    pub fn number(self) -> i64 {
        self.0
    }
}

/// FNV-1a, 64 bits. Two kins of one number would tell of each other's durations, and no more.
struct Mixed(u64);

impl Mixed {
    fn new(word: &str) -> Self {
        Self(0xcbf2_9ce4_8422_2325).part(word)
    }

    fn part(self, text: &str) -> Self {
        let bytes = &text.as_bytes()[..text.len().min(COMPARED_BYTES)];
        // The length first, so that no two parts can be taken for one.
        self.bytes(&(text.len() as u64).to_le_bytes()).bytes(bytes)
    }

    fn parts(self, texts: &[String]) -> Self {
        let counted = self.bytes(&(texts.len() as u64).to_le_bytes());
        texts.iter().fold(counted, |mixed, text| mixed.part(text))
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, mix))
    }

    fn kin(self) -> Kin {
        Kin(i64::from_le_bytes(self.0.to_le_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_spec;
    use serde_json::{Value, json};

    fn kin(more: Value) -> Kin {
        let mut spec = json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "make", "args": ["all"]}}}}});
        spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        Kin::of(&parse_spec(spec).expect("legal"))
    }

    fn running(kind: Value) -> Kin {
        kin(json!({"kind": kind}))
    }

    fn command(args: Value) -> Value {
        json!({"subprocess": {"mode": {"command": {"command": "make", "args": args}}}})
    }

    #[test]
    fn the_same_command_is_of_one_kin_wherever_it_waits_and_whatever_it_may_use() {
        let made = kin(json!({}));
        let env = json!({"subprocess": {"mode": {"command": {"command": "make", "args": ["all"]}},
            "env": [{"key": "A", "value": "1"}], "failOnNonZero": false}});
        for same in [
            kin(json!({"slot": "other", "timeout": 5, "priority": 3, "labels": {"name": "x"}})),
            running(env),
        ] {
            assert_eq!(same, made);
        }
        let elsewhere =
            json!({"subprocess": {"mode": {"command": {"command": "make", "args": ["all"]}}, "cwd": "/x"}});
        let others = [
            running(elsewhere),
            running(command(json!(["all", ""]))),
            running(command(json!(["a", "ll"]))),
            running(command(json!([]))),
            running(json!({"wasm": {"module": "/make", "args": ["all"]}})),
            kin(json!({"job": "make"})),
        ];
        for (n, other) in others.iter().enumerate() {
            assert_ne!(*other, made, "{n}");
            assert!(!others[..n].contains(other), "{n}");
        }
    }

    #[test]
    fn tasks_of_a_job_are_of_its_kin_whatever_they_run() {
        let (date, other) = (command(json!(["2026-11-01"])), command(json!(["2026-11-02"])));
        let nightly = kin(json!({"job": "nightly", "kind": date}));
        assert_eq!(kin(json!({"job": "nightly", "kind": other, "jobRevision": 7})), nightly);
        assert_ne!(kin(json!({"job": "weekly", "kind": date})), nightly);
    }

    #[test]
    fn the_number_is_the_same_in_each_version() {
        // It is stored: a change of this figure needs a step of the database's format.
        assert_eq!(Kin::of_job(&JobName::new("nightly").expect("legal")).number(), NIGHTLY);
    }

    /// FNV-1a of 3, "job", 7, "nightly", the lengths as 8 bytes, the lowest first; reckoned by hand in Python.
    const NIGHTLY: i64 = 3_978_642_063_768_400_471;
}
