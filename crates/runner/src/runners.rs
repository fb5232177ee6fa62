//! The runners of a machine: each with a name and labels, and which of them a task is given to.

use std::collections::BTreeMap;
use std::sync::Arc;

use solti_model::{ClusterPreview, FieldError, FolderCheck, LocalImage, RunnerInfo, TaskSpec};

use crate::{About, CheckFailure, NoPreview, Runner};

/// The label that every runner has: its name.
const NAME: &str = "runner";
/// The runner of this machine's own processes.
const LOCAL: &str = "local";

/// The runners of a machine, in the order in which they are asked. Cheap to clone.
#[derive(Clone)]
pub struct Runners {
    /// Of those that know no runner: tasks of earlier versions, and what is done for all.
    first: Registered,
    others: Vec<Registered>,
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

    fn matches(&self, spec: &TaskSpec) -> bool {
        spec.runner_selector.as_ref().is_none_or(|selector| selector.matches(&self.labels))
    }

    fn takes_kind(&self, spec: &TaskSpec) -> bool {
        self.runner.kinds().contains(&spec.kind.word())
    }
}

impl Runners {
    /// One runner, `local`.
    pub fn new(runner: Arc<dyn Runner>) -> Self {
        Self { first: Registered::new(LOCAL, &[], runner), others: vec![] }
    }

    /// The same with another one, which is asked after those before it. Beside the labels it has one of its name, `runner`.
    #[must_use]
    pub fn with(mut self, name: &str, labels: &[(&str, &str)], runner: Arc<dyn Runner>) -> Self {
        self.others.push(Registered::new(name, labels, runner));
        self
    }

    fn all(&self) -> impl Iterator<Item = &Registered> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The name of the runner that a task is given to: the first whose labels fit and that takes it.
    ///
    /// # Errors
    /// The field because of which there is none.
    pub fn choose(&self, spec: &TaskSpec) -> Result<&str, FieldError> {
        if !self.all().any(|one| one.takes_kind(spec)) {
            let what = spec.kind.in_words();
            let sentence = format!("no runner of this machine takes {what}; use a command or a script");
            return Err(FieldError::new("kind", sentence));
        }
        let mut refused = None;
        // What is asked of a cluster is for nobody else.
        let fits = |one: &&Registered| spec.cluster.is_none() || one.runner.is_cluster();
        for one in self.all().filter(|one| one.matches(spec) && one.takes_kind(spec)).filter(fits) {
            match one.runner.accepts(spec) {
                Ok(()) => return Ok(&one.name),
                // The first is the one that a person would have expected.
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| {
            let what = spec.kind.in_words();
            let (field, does) = match spec.cluster {
                Some(_) => ("cluster", "hands them to a cluster"),
                None => ("runnerSelector", "matches"),
            };
            FieldError::new(field, format!("no runner of this machine that takes {what} {does}"))
        }))
    }

    /// The runner of this name. One that is not known, or not said, is the first.
    pub fn of(&self, name: Option<&str>) -> &Arc<dyn Runner> {
        let known = name.and_then(|name| self.all().find(|one| one.name == name));
        &known.unwrap_or(&self.first).runner
    }

    /// When and where a cluster would start a task that is not handed over.
    ///
    /// # Errors
    /// The field because of which it would not be taken, or why nobody can say.
    pub async fn preview(&self, spec: &TaskSpec) -> Result<ClusterPreview, NoPreview> {
        let runner = self.of(Some(self.choose(spec).map_err(NoPreview::Refused)?));
        runner.preview(spec).await
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
        let mut described = Vec::new();
        for Registered { name, labels, runner } in self.all() {
            let About { unavailable, engine, wasm, cluster } = runner.about().await;
            described.push(RunnerInfo {
                name: name.clone(),
                labels: labels.clone(),
                kinds: runner.kinds().iter().map(|word| (*word).to_owned()).collect(),
                unavailable,
                engine,
                wasm,
                cluster,
            });
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

impl<R: Runner> From<Arc<R>> for Runners {
    fn from(runner: Arc<R>) -> Self {
        Self::new(runner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttachError, Attached, RunHandle, RunRequest, StartError, StopMode};
    use serde_json::json;
    use solti_model::{RunId, TaskKind};
    use std::collections::HashMap;
    use std::path::Path;

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
        let chosen = |spec| both.choose(&spec).map(ToOwned::to_owned).map_err(|error| error.field);
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
        assert_eq!(one.choose(&spec(container(), json!(null))), Ok("docker"));
        let only = json!({"matchLabels": {"engine": "podman"}});
        let refused = one.choose(&spec(container(), only)).expect_err("refused");
        assert_eq!((&*refused.field, &*refused.message), ("kind.container", "no podman"));
    }
}
