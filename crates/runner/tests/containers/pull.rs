//! Images from a real registry.

use std::path::Path;

use solti_model::{ContainerTask, PullPolicy};
use solti_runner::{ContainerTrouble, RunEnd};
use solti_testing::{Registry, TEST_IMAGE, TestEngine, on_each_engine};

use crate::support::{Containers, run, trouble};

on_each_engine! { run:
    an_image_is_pulled_where_it_is_missing_and_the_log_shows_it,
    an_image_is_pulled_again_where_that_is_asked_for,
    why_an_image_cannot_be_pulled_is_told_in_a_sentence,
}

/// Somebody called "who", whose password nobody gives.
const ACCOUNTS: &str = "who:$2y$05$abcdefghijklmnopqrstuuQDoL5Sa/TtfS/XN4AY/jgq.HBbO1BTu\n";

/// A registry that the engine is told to speak to without TLS, as docker does on the loopback address anyway.
fn with_registry(it: &Containers, folder: &Path, accounts: Option<&str>) -> Option<(Registry, Containers)> {
    let registry = Registry::start(folder, accounts)?;
    let conf = folder.join("registries.conf");
    let text = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", registry.address);
    std::fs::write(&conf, text).unwrap();
    let it = it.another(&[("CONTAINERS_REGISTRIES_CONF", conf.to_str().unwrap())]);
    Some((registry, it))
}

impl Containers {
    /// Puts an image with a file that says `which` into a registry, and keeps none of this name here.
    fn publish(&self, name: &str, which: &str) {
        let folder = self.runs.dir.path().file_name().unwrap().to_str().unwrap();
        let made = format!("made-{}", folder.trim_matches('.'));
        let script = format!("echo 'which {which}' >/which");
        self.asked(&["run", "--name", &made, "--network=none", TEST_IMAGE, "sh", "-c", &script]);
        self.asked(&["commit", &made, name]);
        self.asked(&["rm", &made]);
        self.asked(&["push", name]);
        self.asked(&["rmi", name]);
    }
}

fn which(image: &str, pull: PullPolicy) -> ContainerTask {
    ContainerTask {
        args: vec!["cat".into(), "/which".into()],
        network: Some("none".into()),
        pull,
        ..ContainerTask::of(image)
    }
}

async fn an_image_is_pulled_where_it_is_missing_and_the_log_shows_it(it: Containers) {
    let dir = tempfile::tempdir().unwrap();
    let Some((registry, it)) = with_registry(&it, dir.path(), None) else { return };
    let image = format!("{}/solti/hello:1", registry.address);
    it.publish(&image, "one");

    let outcome = it.run(it.request("pulled", which(&image, PullPolicy::Missing))).await;
    let printed = it.runs.output("pulled");
    assert_eq!(outcome.end, RunEnd::Exited { code: 0 }, "{printed}");
    let progress = match it.engine {
        TestEngine::Podman | TestEngine::Rootless => ["Trying to pull", "Copying blob"],
        // Layers may be there already, of another test.
        TestEngine::Docker => ["Pulling from", "Downloaded newer image"],
    };
    assert!(progress.iter().all(|words| printed.contains(words)), "{printed}");
    assert!(printed.ends_with("which one\n"), "{printed}");

    // It is here now, whatever becomes of the registry.
    drop(registry);
    let outcome = it.run(it.request("kept", which(&image, PullPolicy::Missing))).await;
    assert_eq!((outcome.end, &*it.runs.output("kept")), (RunEnd::Exited { code: 0 }, "which one\n"));
    it.nothing_is_left().await;
    it.asked(&["rmi", &image]);
}

async fn an_image_is_pulled_again_where_that_is_asked_for(it: Containers) {
    let dir = tempfile::tempdir().unwrap();
    let Some((registry, it)) = with_registry(&it, dir.path(), None) else { return };
    let (image, older) =
        (format!("{}/solti/hello:1", registry.address), format!("{}/solti/older:1", registry.address));
    it.publish(&older, "one");
    it.publish(&image, "two");
    // Here the name stands for another image than there.
    it.asked(&["pull", &older]);
    it.asked(&["tag", &older, &image]);
    for (task, pull, expected) in [
        ("missing", PullPolicy::Missing, "which one"),
        ("never", PullPolicy::Never, "which one"),
        ("always", PullPolicy::Always, "which two"),
        ("since", PullPolicy::Never, "which two"),
    ] {
        let outcome = it.run(it.request(task, which(&image, pull))).await;
        let printed = it.runs.output(task);
        assert_eq!(outcome.end, RunEnd::Exited { code: 0 }, "{printed}");
        assert_eq!(printed.lines().last(), Some(expected), "{task}: {printed}");
    }
    it.nothing_is_left().await;
    it.asked(&["rmi", &image, &older]);
}

async fn why_an_image_cannot_be_pulled_is_told_in_a_sentence(it: Containers) {
    let (open, closed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some((registry, with_open)) = with_registry(&it, open.path(), None) else { return };
    let Some((private, with_closed)) = with_registry(&it, closed.path(), Some(ACCOUNTS)) else { return };
    with_open.publish(&format!("{}/solti/hello:1", registry.address), "one");
    let gone = format!("127.0.0.1:{}/solti/hello:1", solti_testing::free_port());
    for (task, it, image, expected) in [
        ("tag", &with_open, format!("{}/solti/hello:2", registry.address), ContainerTrouble::ImageUnknown),
        ("none", &with_open, format!("{}/solti/none:1", registry.address), ContainerTrouble::ImageUnknown),
        (
            "private",
            &with_closed,
            format!("{}/solti/hello:1", private.address),
            ContainerTrouble::ImageDenied,
        ),
        ("gone", &with_open, gone, ContainerTrouble::RegistryUnreachable),
    ] {
        let outcome = it.run(it.request(task, which(&image, PullPolicy::Missing))).await;
        let (found, sentence) = trouble(&outcome);
        assert_eq!(found, expected, "{task}: {sentence}");
        assert!(!sentence.contains('\n') && sentence.len() < 700, "{sentence}");
    }
    with_open.nothing_is_left().await;
    with_closed.nothing_is_left().await;
}
