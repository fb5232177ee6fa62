//! The runners of a machine: each with a name and labels, and which of them a task is given to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use solti_model::{
    ClusterPreview, FieldError, FolderCheck, HERE, LocalImage, RunnerInfo, RunnerSelector, TaskSpec,
    machine_of_runner, runner_of_machine,
};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::machine::{MACHINE_LABEL, Machines};
use crate::{About, CheckFailure, NoPreview, Runner};

/// The label that every runner has: its name.
const NAME: &str = "runner";
/// For who waits for a look: one machine that hangs keeps no other from being used.
const IN_A_MOMENT: Duration = Duration::from_secs(1);
/// The runner of this machine's own processes.
const LOCAL: &str = "local";

/// The runners of a machine, in the order in which they are asked. Cheap to clone.
#[derive(Clone)]
pub struct Runners {
    /// Of those that know no runner: tasks of earlier versions, and what is done for all.
    first: Registered,
    others: Vec<Registered>,
    /// They come and go with the connections of the settings.
    machines: Option<Machines>,
}

#[derive(Clone)]
struct Registered {
    name: String,
    labels: BTreeMap<String, String>,
    runner: Arc<dyn Runner>,
}

impl Registered {
    fn new(name: &str, labels: &[(&str, &str)], runner: Arc<dyn Runner>) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let labels = labels.iter().map(owned).chain([owned(&(NAME, name))]).collect();
        Self { name: name.to_owned(), labels, runner }
    }

    /// That of another machine.
    fn elsewhere(machines: &Machines, machine: &str) -> Self {
        let runner = Arc::new(machines.runner(machine));
        Self::new(&runner_of_machine(machine), &[(MACHINE_LABEL, machine)], runner)
    }

    fn matches(&self, spec: &TaskSpec) -> bool {
        spec.runner_selector.as_ref().is_none_or(|selector| selector.matches(&self.labels))
    }

    fn takes_kind(&self, spec: &TaskSpec) -> bool {
        self.runner.kinds().contains(&spec.kind.word())
    }
}

/// What is known of machines that are looked at.
#[derive(Debug)]
pub struct Reach {
    /// Of each whether it answers, or why not, or not yet.
    pub so_far: BTreeMap<String, Result<(), String>>,
    rest: JoinSet<(String, Result<(), String>)>,
}

impl Reach {
    /// Waits for those that have not answered yet: some seconds where one never does. Whether there were any.
    pub async fn rest(mut self) -> bool {
        let any = !self.rest.is_empty();
        while self.rest.join_next().await.is_some() {}
        any
    }
}

impl Runners {
    /// One runner, `local`.
    pub fn new(runner: Arc<dyn Runner>) -> Self {
        Self { first: Registered::new(LOCAL, &[], runner), others: vec![], machines: None }
    }

    /// The same with another one, which is asked after those before it. Beside the labels it has one of its name, `runner`.
    #[must_use]
    pub fn with(mut self, name: &str, labels: &[(&str, &str)], runner: Arc<dyn Runner>) -> Self {
        self.others.push(Registered::new(name, labels, runner));
        self
    }

    /// The same with other machines, which take what names one by the label `machine`, and nothing else. What else a task asks of its
    /// runner is for that machine to look at.
    #[must_use]
    pub fn with_machines(mut self, machines: Machines) -> Self {
        self.machines = Some(machines);
        self
    }

    /// Those of this machine.
    fn all(&self) -> impl Iterator<Item = &Registered> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn elsewhere(&self) -> Vec<Registered> {
        let Some(machines) = &self.machines else { return vec![] };
        machines.names().iter().map(|name| Registered::elsewhere(machines, name)).collect()
    }

    /// The other machine that a task asks for: the first that fits.
    fn machine_for(&self, spec: &TaskSpec) -> Option<Registered> {
        let asked = spec.runner_selector.as_ref()?.about(MACHINE_LABEL);
        if !asks_for_machine(spec) {
            return None;
        }
        self.elsewhere().into_iter().find(|one| asked.matches(&one.labels))
    }

    /// The name of the runner that a task is given to: the first whose labels fit and that takes it.
    ///
    /// # Errors
    /// The field because of which there is none.
    pub fn choose(&self, spec: &TaskSpec) -> Result<String, FieldError> {
        match (self.choose_here(spec), self.machine_for(spec)) {
            (Err(_), Some(one)) => one.runner.accepts(spec).map(|()| one.name),
            (here, _) => here,
        }
    }

    fn choose_here(&self, spec: &TaskSpec) -> Result<String, FieldError> {
        if !self.all().any(|one| one.takes_kind(spec)) {
            let what = spec.kind.in_words();
            let sentence = format!("no runner of this machine takes {what}; use a command or a script");
            return Err(FieldError::new("kind", sentence));
        }
        // What is asked of a cluster is for nobody else.
        let fits = |one: &&Registered| spec.cluster.is_none() || one.runner.is_cluster();
        let asked = self.all().filter(|one| one.matches(spec) && one.takes_kind(spec)).filter(fits);
        let none = || {
            if let Some(error) = no_such_machine(spec) {
                return error;
            }
            let what = spec.kind.in_words();
            let (field, does) = match spec.cluster {
                Some(_) => ("cluster", "hands them to a cluster"),
                None => ("runnerSelector", "matches"),
            };
            FieldError::new(field, format!("no runner of this machine that takes {what} {does}"))
        };
        first_that_takes(asked.map(|one| one.runner.accepts(spec).map(|()| one.name.clone())), none)
    }

    /// As [`Self::choose_on`], on the first of these machines that takes it.
    ///
    /// # Errors
    /// What the first of them lacks.
    pub fn choose_on_any<'a>(
        &self,
        spec: &TaskSpec,
        machines: impl IntoIterator<Item = &'a str>,
    ) -> Result<String, FieldError> {
        let offers = machines.into_iter().map(|machine| self.choose_on(spec, machine));
        let none = || FieldError::new("slot", "no machine of its lane takes it");
        first_that_takes(offers, none)
    }

    /// As [`Self::choose`], on one machine of a lane: [`HERE`], or the name of a connection.
    ///
    /// # Errors
    /// The field because of which it cannot run there.
    pub fn choose_on(&self, spec: &TaskSpec, machine: &str) -> Result<String, FieldError> {
        let another = || FieldError::new("runnerSelector", "asks for another machine");
        let asked = spec.runner_selector.as_ref().map(|selector| selector.about(MACHINE_LABEL));
        if machine == HERE {
            // Runners of this machine do not have the label.
            let fits = asked.is_none_or(|asked| asked.matches(&BTreeMap::new()));
            return if fits { self.choose_here(spec) } else { Err(another()) };
        }
        let found = self.elsewhere().into_iter().find(|one| runner_of_machine(machine) == one.name);
        let gone = || FieldError::new("machines", format!("there is no connection {machine}"));
        let one = found.ok_or_else(gone)?;
        if asked.is_some_and(|asked| !asked.matches(&one.labels)) {
            return Err(another());
        }
        one.runner.accepts(spec).map(|()| one.name)
    }

    /// Why a task had better not go to a machine of its lane: by what that has said lately, none of its runners takes it. `None` also where
    /// it has said nothing.
    pub fn lacks(&self, spec: &TaskSpec, machine: &str) -> Option<String> {
        let there = self.machines.as_ref().filter(|_| machine != HERE)?.runners_of(machine)?;
        let asked = self.selector_there(spec);
        let takes = there.iter().any(|one| one.takes(spec, asked.as_ref()));
        (!takes).then(|| format!("no runner there takes {} as it asks for", spec.kind.in_words()))
    }

    /// Whether a lane can have it: [`HERE`], or the name of a connection.
    pub fn has_machine(&self, machine: &str) -> bool {
        machine == HERE
            || self.machines.as_ref().is_some_and(|all| all.names().iter().any(|name| name == machine))
    }

    /// Which machine of a lane a runner of this name is, or is of.
    pub fn machine_of(runner: Option<&str>) -> &str {
        runner.and_then(machine_of_runner).unwrap_or(HERE)
    }

    /// Whether these machines of lanes answer, or have done so lately, as far as that is known in a moment.
    pub async fn reach(&self, machines: BTreeSet<String>) -> Reach {
        let mut so_far = BTreeMap::new();
        let mut rest = JoinSet::new();
        for machine in machines {
            let connected = self.machines.as_ref().filter(|machines| machines.names().contains(&machine));
            match connected {
                _ if machine == HERE => drop(so_far.insert(machine, Ok(()))),
                Some(machines) => {
                    let runner = machines.runner(&machine);
                    so_far.insert(machine.clone(), runner.meanwhile());
                    rest.spawn(async move { (machine, runner.look().await) });
                }
                None => drop(so_far.insert(machine, Err("there is no connection of that name".to_owned()))),
            }
        }
        let all = async {
            while let Some(look) = rest.join_next().await {
                // Without an answer the runtime is shutting down.
                so_far.extend(look.ok());
            }
        };
        timeout(IN_A_MOMENT, all).await.ok();
        Reach { so_far, rest }
    }

    /// What a task asks of the runners of the machine that it is handed to.
    pub fn selector_there(&self, spec: &TaskSpec) -> Option<RunnerSelector> {
        spec.runner_selector.as_ref()?.without(MACHINE_LABEL)
    }

    /// The runner of this name. One that is not known, or not said, is the first.
    pub fn of(&self, name: Option<&str>) -> Arc<dyn Runner> {
        // Of a machine whose connection is gone too: what was started there is still its.
        if let (Some(machines), Some(machine)) = (&self.machines, name.and_then(machine_of_runner)) {
            return Arc::new(machines.runner(machine));
        }
        let known = name.and_then(|name| self.all().find(|one| one.name == name));
        Arc::clone(&known.unwrap_or(&self.first).runner)
    }

    /// When and where a cluster would start a task that is not handed over.
    ///
    /// # Errors
    /// The field because of which it would not be taken, or why nobody can say.
    pub async fn preview(&self, spec: &TaskSpec) -> Result<ClusterPreview, NoPreview> {
        let name = self.choose(spec).map_err(NoPreview::Refused)?;
        self.of(Some(&name)).preview(spec).await
    }

    /// Has the folder that this machine shares with a cluster checked.
    ///
    /// # Errors
    /// What is wrong, or why nobody can say.
    pub async fn check_folder(&self) -> Result<FolderCheck, CheckFailure> {
        let cluster = self.all().find(|one| one.runner.is_cluster());
        cluster.unwrap_or(&self.first).runner.check_folder().await
    }

    /// What each is and can do, in their order. Asks engines, which takes a moment.
    pub async fn describe(&self) -> Vec<RunnerInfo> {
        // Machines that are switched off take their time to be found so, all of them at once.
        let elsewhere: Vec<_> = self.elsewhere().into_iter().map(|one| tokio::spawn(describe(one))).collect();
        let mut described = Vec::new();
        for one in self.all() {
            described.push(describe(one.clone()).await);
        }
        for one in elsewhere {
            // Without an answer the runtime is shutting down.
            described.extend(one.await);
        }
        described
    }

    /// The images of all of them, in the order of their names. Those of a runner that cannot list its own are left out.
    pub async fn images(&self) -> Vec<LocalImage> {
        let mut images = Vec::new();
        for Registered { name, runner, .. } in self.all() {
            match runner.images(name).await {
                Ok(listed) => images.extend(listed),
                Err(error) => tracing::info!("the images of {name} cannot be listed: {error}"),
            }
        }
        images.sort_by(|one, other| one.name.cmp(&other.name));
        images
    }
}

fn asks_for_machine(spec: &TaskSpec) -> bool {
    let selector = spec.runner_selector.as_ref();
    selector.is_some_and(|selector| selector.about(MACHINE_LABEL) != RunnerSelector::default())
}

/// What is wrong with a task that asks for a machine, where none is as it asks for.
fn no_such_machine(spec: &TaskSpec) -> Option<FieldError> {
    let selector = spec.runner_selector.as_ref().filter(|_| asks_for_machine(spec))?;
    Some(match selector.match_labels.get(MACHINE_LABEL) {
        Some(name) => FieldError::new(
            format!("runnerSelector.matchLabels.{MACHINE_LABEL}"),
            format!("there is no connection {name}; the settings have those that there are"),
        ),
        None => FieldError::new("runnerSelector", "no connection in the settings matches what it asks for"),
    })
}

async fn describe(Registered { name, labels, runner }: Registered) -> RunnerInfo {
    let About { unavailable, engine, wasm, cluster, there } = runner.about().await;
    // Of another machine those that one of its own takes.
    let taken = |word: &str| {
        let usable =
            |one: &RunnerInfo| one.unavailable.is_none() && one.kinds.iter().any(|kind| kind == word);
        there.as_ref().is_none_or(|runners| runners.iter().any(usable))
    };
    let kinds = runner.kinds().iter().filter(|word| taken(word)).map(|word| (*word).to_owned()).collect();
    RunnerInfo { name, labels, kinds, unavailable, engine, wasm, cluster, there }
}

impl<R: Runner> From<Arc<R>> for Runners {
    fn from(runner: Arc<R>) -> Self {
        Self::new(runner)
    }
}

/// The name of the first that is one, else why the first was not: that is the one that a person would have expected. `none`: what is
/// wrong where there is not even one.
fn first_that_takes(
    offers: impl Iterator<Item = Result<String, FieldError>>,
    none: impl FnOnce() -> FieldError,
) -> Result<String, FieldError> {
    let mut refused = None;
    for offer in offers {
        match offer {
            Ok(name) => return Ok(name),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(none))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttachError, Attached, RunHandle, RunRequest, ShimRunner, StartError, StopMode};
    use serde_json::json;
    use solti_model::{Connection, RunId, TaskKind};
    use std::collections::HashMap;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use tokio::sync::watch;

    /// Takes its kinds, unless it says why not.
    struct Pretend(&'static [&'static str], Option<&'static str>);

    #[async_trait::async_trait]
    impl Runner for Pretend {
        fn accepts(&self, _: &TaskSpec) -> Result<(), FieldError> {
            self.1.map_or(Ok(()), |why| Err(FieldError::new("kind.container", why)))
        }

        fn kinds(&self) -> &'static [&'static str] {
            self.0
        }

        async fn start(&self, _: RunRequest) -> Result<RunHandle, StartError> {
            unreachable!("nothing is started")
        }

        async fn attach(&self, _: &Path, _: &RunId) -> Result<Attached, AttachError> {
            unreachable!("nothing is started")
        }

        async fn sweep(&self, _: &RunId) -> Result<usize, AttachError> {
            unreachable!("nothing is started")
        }

        async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
            unreachable!("nothing is started")
        }

        async fn end_unreachable(&self, _: &Path, _: &RunId, _: StopMode) -> Result<Attached, AttachError> {
            unreachable!("nothing is started")
        }
    }

    #[tokio::test]
    async fn a_machine_that_hangs_keeps_no_other_from_being_used() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (program, gate) = (dir.path().join("client"), dir.path().join("gate"));
        let script = format!("#!/bin/sh\n[ \"$3\" != slow ] || read x <{}\n", gate.display());
        std::fs::write(&program, script).expect("written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("made a program");
        let fifo = std::process::Command::new("mkfifo").arg(&gate).status().expect("mkfifo");
        assert!(fifo.success());
        let slow = Connection { name: "slow".into(), url: "ssh://slow".into(), fingerprint: None };
        let (_settings, connections) = watch::channel(vec![slow]);
        let env = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]);
        let machines = Machines::new(program, ShimRunner::new("/no/shim"), env, dir.path(), connections);
        let all = Runners::from(Arc::new(Pretend(&["subprocess"], None))).with_machines(machines);
        let asked = || BTreeSet::from([HERE.to_owned(), "slow".to_owned()]);
        let reach = all.reach(asked()).await;
        assert_eq!(reach.so_far[HERE], Ok(()));
        assert_eq!(reach.so_far["slow"], Err("has not answered yet".to_owned()));
        let open = tokio::task::spawn_blocking(move || std::fs::write(gate, "\n"));
        assert!(reach.rest().await, "its look goes on");
        open.await.expect("it ran").expect("opened");
        assert_eq!(all.reach(asked()).await.so_far["slow"], Ok(()));
    }

    #[tokio::test]
    async fn another_machine_takes_what_names_it_and_nothing_else() {
        let dir = tempfile::tempdir().expect("temp dir");
        let nas = Connection { name: "nas".into(), url: "ssh://nas".into(), fingerprint: None };
        let (settings, connections) = watch::channel(vec![nas]);
        let shim = ShimRunner::new("/no/shim");
        // What is there and may be executed; nothing is started.
        let machines = Machines::new("/bin/sh", shim, BTreeMap::new(), dir.path(), connections);
        let all = Runners::from(Arc::new(Pretend(&["subprocess"], None))).with_machines(machines);
        let of = |selector| spec(command(), selector);
        let chosen = |spec: &TaskSpec| all.choose(spec).map_err(|error| error.field);
        assert_eq!(chosen(&of(json!(null))).as_deref(), Ok("local"));
        let named = of(json!({"matchLabels": {"machine": "nas", "runner": "slurm"}}));
        assert_eq!(chosen(&named).as_deref(), Ok("machine:nas"));
        assert_eq!(
            all.selector_there(&named),
            of(json!({"matchLabels": {"runner": "slurm"}})).runner_selector
        );
        let no_such = Err("runnerSelector.matchLabels.machine".into());
        assert_eq!(chosen(&of(json!({"matchLabels": {"machine": "lab"}}))), no_such);
        let secret = TaskSpec { secrets: vec!["token".into()], ..named.clone() };
        assert_eq!(chosen(&secret), Err("secrets".into()));
        // In a lane the machine is given, and a task that names another one is not for it.
        let on = |spec: &TaskSpec, machine: &str| all.choose_on(spec, machine).map_err(|error| error.field);
        assert_eq!(on(&of(json!(null)), "nas").as_deref(), Ok("machine:nas"));
        assert_eq!(on(&of(json!(null)), "here").as_deref(), Ok("local"));
        assert_eq!(on(&named, "here"), Err("runnerSelector".into()));
        let at_home = json!({"matchExpressions": [{"key": "machine", "operator": "DoesNotExist"}]});
        assert_eq!(on(&of(at_home), "here").as_deref(), Ok("local"));
        assert_eq!(on(&of(json!({"matchLabels": {"machine": "lab"}})), "nas"), Err("runnerSelector".into()));
        settings.send_replace(vec![]);
        assert_eq!(chosen(&named), no_such);
        assert_eq!(on(&of(json!(null)), "nas"), Err("machines".into()));
        let reached = all.reach(["here".to_owned(), "nas".to_owned()].into()).await.so_far;
        assert!(reached["here"].is_ok() && reached["nas"].is_err());
    }

    fn command() -> serde_json::Value {
        json!({"subprocess": {"mode": {"command": {"command": "true"}}}})
    }

    fn spec(kind: serde_json::Value, selector: serde_json::Value) -> TaskSpec {
        let kind: TaskKind = serde_json::from_value(kind).expect("a kind");
        let mut spec = TaskSpec::new("s".parse().expect("legal"), kind);
        spec.runner_selector = serde_json::from_value(selector).expect("a selector");
        spec
    }

    fn runners(podman: Option<&'static str>) -> Runners {
        Runners::from(Arc::new(Pretend(&["subprocess"], None)))
            .with("podman", &[("engine", "podman")], Arc::new(Pretend(&["container"], podman)))
            .with("docker", &[("engine", "docker")], Arc::new(Pretend(&["container"], None)))
    }

    #[test]
    fn a_task_is_given_to_the_first_runner_that_fits() {
        let container = || json!({"container": {"image": "a:b"}});
        let command = || json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
        let by = |selector| json!({"matchLabels": selector});
        let both = runners(None);
        let chosen = |spec| both.choose(&spec).map_err(|error| error.field);
        assert_eq!(chosen(spec(command(), json!(null))), Ok("local".into()));
        assert_eq!(chosen(spec(container(), json!(null))), Ok("podman".into()));
        assert_eq!(chosen(spec(container(), by(json!({"engine": "docker"})))), Ok("docker".into()));
        assert_eq!(chosen(spec(command(), by(json!({"runner": "local"})))), Ok("local".into()));
        assert_eq!(chosen(spec(command(), by(json!({"runner": "docker"})))), Err("runnerSelector".into()));
        assert_eq!(chosen(spec(container(), by(json!({"zone": "eu"})))), Err("runnerSelector".into()));
        let module = json!({"wasm": {"module": "/m.wasm"}});
        assert_eq!(chosen(spec(module, json!(null))), Err("kind".into()));
    }

    #[test]
    fn where_the_first_cannot_the_next_is_asked_and_the_first_word_is_told() {
        let container = || json!({"container": {"image": "a:b"}});
        let one = runners(Some("no podman"));
        assert_eq!(one.choose(&spec(container(), json!(null))), Ok("docker".to_owned()));
        let only = json!({"matchLabels": {"engine": "podman"}});
        let refused = one.choose(&spec(container(), only)).expect_err("refused");
        assert_eq!((&*refused.field, &*refused.message), ("kind.container", "no podman"));
    }
}
