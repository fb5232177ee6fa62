//! Whether the shared folder is one.

use solti_model::{ClusterRequest, FolderCheck, SlurmSettings};
use solti_runner::{CheckFailure, RunEnd, Runner as _};
use solti_testing::until;

use crate::common::sh;
use crate::support::{Slurm, ended};

impl Slurm {
    /// Folders of checks that are there.
    fn checks(&self) -> Vec<std::path::PathBuf> {
        let instances = std::fs::read_dir(self.cluster.shared.join("solti")).into_iter().flatten().flatten();
        let checks = instances.filter_map(|found| std::fs::read_dir(found.path().join("checks")).ok());
        checks.flatten().flatten().map(|found| found.path()).collect()
    }

    fn nodes(&self, state: &str) {
        let words = ["update", "NodeName=n[1-3]", &format!("State={state}"), "Reason=test"];
        self.cluster.ask("scontrol", &words);
    }

    /// Nothing of a check is left, here or in the queue.
    async fn has_no_check(&self) {
        until("its folder is gone", || self.checks().is_empty()).await;
        until("so is its job", || self.cluster.ask("squeue", &["-h", "-o", "%j"]).is_empty()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_node_is_seen_here() {
    let Some(slurm) = Slurm::start() else { return };
    let FolderCheck { folder, node } = slurm.runner.check_folder().await.unwrap();
    assert_eq!(folder, slurm.cluster.shared.display().to_string());
    assert!(["n1", "n2", "n3"].contains(&&*node), "{node}");
    slurm.has_no_check().await;
    let folder = Some("/proc/nowhere".to_owned());
    slurm.settings.send(SlurmSettings { enabled: true, folder }).unwrap();
    let Err(CheckFailure::Wrong(why)) = slurm.runner.check_folder().await else { panic!("no such folder") };
    assert!(why.starts_with("/proc/nowhere cannot be used by this machine: "), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_one_whatever_its_name_has_in_it() {
    let Some(mut slurm) = Slurm::start() else { return };
    for name in ["it's 50%j", r"back\slash 50%j\\"] {
        let folder = slurm.cluster.shared.parent().unwrap().join(name);
        std::fs::create_dir(&folder).unwrap();
        slurm.cluster.shared.clone_from(&folder);
        let folder = folder.to_str().unwrap().to_owned();
        slurm.settings.send(SlurmSettings { enabled: true, folder: Some(folder.clone()) }).unwrap();
        assert_eq!(slurm.runner.check_folder().await.unwrap().folder, folder);
        let task = if name.contains('\\') { "backslash" } else { "percent" };
        let mut handle = slurm.submit(task, sh("echo ran"), ClusterRequest::default()).await;
        assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 0 }, "{name}");
        assert_eq!(slurm.output(task), "ran\n");
        slurm.has_no_check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_have_the_folder_is_named() {
    let Some(slurm) = Slurm::start() else { return };
    slurm.nodes("DRAIN");
    let hidden = async {
        until("the job waits", || !slurm.cluster.ask("squeue", &["-h", "-o", "%j"]).is_empty()).await;
        // What a node without the folder sees.
        std::fs::remove_file(slurm.checks()[0].join("here")).unwrap();
        slurm.nodes("RESUME");
    };
    let (checked, ()) = tokio::join!(slurm.runner.check_folder(), hidden);
    let Err(CheckFailure::Wrong(why)) = checked else { panic!("{checked:?}") };
    assert!(why.starts_with("node n") && why.contains(" does not have /"), "{why}");
    slurm.has_no_check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_begun_in_time_says_why_and_is_taken_back() {
    let Some(slurm) = Slurm::start() else { return };
    slurm.nodes("DRAIN");
    let Err(CheckFailure::Unanswered(why)) = slurm.runner.check_folder().await else { panic!("it waits") };
    assert!(why.ends_with("the nodes that it needs are down, drained or reserved"), "{why}");
    slurm.has_no_check().await;
}
