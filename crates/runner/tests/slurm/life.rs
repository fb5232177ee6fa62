//! From the submission to an end that the run itself has made.

use solti_model::{ClusterRequest, Stdin, TaskSpec};
use solti_runner::{RunEnd, Runner as _, StopMode};

use crate::common::{env, script, sh, with, within};
use crate::support::{Slurm, all_of, begun, ended, in_partition, waits};

#[tokio::test]
async fn a_job_has_the_log_the_code_and_the_environment_of_its_node() {
    let Some(slurm) = Slurm::start() else { return };
    let text = "echo out; echo err >&2; echo \"${OF_THIS_MACHINE-none} $MINE ${SLURM_JOB_ID:+a job} $SOLTI_RUN_ID\"; exit 3";
    let kind = with(sh(text), |task| task.env = vec![env("MINE", "it's\nmine")]);
    let mut handle = slurm.submit("first", kind, ClusterRequest::default()).await;
    let mut bell = handle.doorbell();
    let outcome = ended(&mut handle).await;
    assert_eq!(outcome.end, RunEnd::Exited { code: 3 });
    assert!(outcome.started_at_ms.is_some() && outcome.usage.is_some());
    let place = begun(&handle).await;
    assert!(place.words.starts_with(&format!("job {} on node n", slurm.job("first"))), "{place:?}");
    let (output, run) = (slurm.output("first"), slurm.run("first"));
    // The two streams have no order between them.
    assert!(output.contains(&format!("none it's\nmine a job {run}\n")), "{output}");
    assert!(output.contains("out\n") && output.contains("err\n"), "{output}");
    assert_eq!(within("the doorbell", bell.rung()).await, Some(output.len() as u64));
    assert_eq!(within("its end", bell.rung()).await, None);
    assert_eq!(slurm.field("first", "ExitCode"), "3:0", "the cluster knows it too");
}

#[tokio::test]
async fn scripts_standard_input_and_directories_are_as_for_every_run() {
    let Some(slurm) = Slurm::start() else { return };
    let folder = slurm.cluster.shared.to_str().unwrap().to_owned();
    let kind = with(script(solti_model::ScriptRuntime::Bash, "pwd; cat; echo \"$1\"", &["a b"]), |task| {
        task.cwd = Some(folder.clone());
    });
    let mut request = slurm.request("script", kind, ClusterRequest::default());
    request.stdin = Stdin::Text("read\n".into());
    let mut handle = slurm.runner.start(request).await.unwrap();
    assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 0 }, "{}", slurm.output("script"));
    assert_eq!(slurm.output("script"), format!("{folder}\nread\na b\n"));
}

#[tokio::test]
async fn what_is_asked_for_is_what_the_job_has() {
    let Some(slurm) = Slurm::start() else { return };
    let cluster = ClusterRequest {
        partition: Some("main".into()),
        cpus: Some(2),
        time_minutes: Some(7),
        constraint: Some("n2".into()),
        ..ClusterRequest::default()
    };
    let mut request = slurm.request("asked", sh("true"), cluster);
    request.limits.memory_bytes = Some(64 << 20);
    let mut handle = slurm.runner.start(request).await.unwrap();
    ended(&mut handle).await;
    let fields = ["Partition", "NumCPUs", "TimeLimit", "MinMemoryNode", "Requeue", "NodeList"];
    let said = fields.map(|field| slurm.field("asked", field));
    assert_eq!(said, ["main", "2", "00:07:00", "64M", "0", "n2"]);
}

#[tokio::test]
async fn why_it_waits_is_said_in_words_and_a_stop_takes_it_out_of_the_queue() {
    let Some(slurm) = Slurm::start() else { return };
    let mut first = slurm.submit("first", sh("exec sleep 600"), all_of("n2")).await;
    begun(&first).await;
    let mut second = slurm.submit("second", sh("echo ran"), all_of("n2")).await;
    waits(&second, "waits for 4 processors and ").await;
    let mut third = slurm.submit("third", sh("echo ran"), in_partition("closed")).await;
    waits(&third, "partition closed is down").await;
    for handle in [&mut second, &mut third] {
        handle.controller().stop(StopMode::Graceful).await;
        assert_eq!(ended(handle).await.end, RunEnd::Stopped { code: None, signal: None });
    }
    first.controller().stop(StopMode::Kill).await;
    assert!(matches!(ended(&mut first).await.end, RunEnd::Stopped { .. }));
    assert_eq!(slurm.output("second") + &slurm.output("third"), "");
}

#[tokio::test]
async fn gpus_that_are_taken_are_waited_for() {
    let Some(slurm) = Slurm::start() else { return };
    if !slurm.cluster.ask("sinfo", &["-h", "-o", "%G"]).contains("gpu") {
        return println!("skipped: no device here that could stand for a GPU");
    }
    let both = || ClusterRequest { gpus: Some(2), ..ClusterRequest::default() };
    let mut first = slurm.submit("first", sh("echo $CUDA_VISIBLE_DEVICES; exec sleep 600"), both()).await;
    begun(&first).await;
    slurm.printed("first", "0,1\n").await;
    let mut second = slurm.submit("second", sh("echo ran"), both()).await;
    waits(&second, "waits for 2 GPUs").await;
    first.controller().stop(StopMode::Graceful).await;
    ended(&mut first).await;
    assert_eq!(ended(&mut second).await.end, RunEnd::Exited { code: 0 });
}

#[tokio::test]
async fn what_the_cluster_does_not_take_is_refused_in_its_words() {
    let Some(slurm) = Slurm::start() else { return };
    let said = slurm.refused(slurm.request("a", sh("true"), in_partition("nosuch"))).await;
    assert_eq!(said, "the cluster refuses it: Invalid partition name specified");
    let many = ClusterRequest { gpus: Some(9), ..ClusterRequest::default() };
    let said = slurm.refused(slurm.request("b", sh("true"), many)).await;
    assert!(said.contains("Requested node configuration is not available"), "{said}");
    let mut outside = slurm.request("c", sh("true"), ClusterRequest::default());
    outside.run_dir = "/tmp/elsewhere/1".into();
    assert!(slurm.refused(outside).await.contains("is not in the shared folder"));
}

#[tokio::test]
async fn it_says_what_it_offers() {
    let Some(slurm) = Slurm::start_with(&[("ACCOUNTS", "1")]) else { return };
    let about = slurm.runner.about().await;
    let cluster = about.cluster.expect("it can be asked");
    let names: Vec<_> = cluster.partitions.iter().map(|partition| &*partition.name).collect();
    assert_eq!(names, ["main", "short", "closed", "low"]);
    assert_eq!((cluster.partitions[0].nodes, cluster.partitions[0].is_default), (3, true));
    assert_eq!(cluster.partitions[1].time_limit_minutes, Some(1));
    assert!(!cluster.partitions[2].up);
    assert!(cluster.accounts.contains(&"team".to_owned()), "{cluster:?}");
    assert_eq!(cluster.qos, ["normal"]);
    let spec = |json| serde_json::from_value::<TaskSpec>(json).unwrap();
    let kind = serde_json::json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
    assert_eq!(slurm.runner.accepts(&spec(serde_json::json!({"slot": "s", "kind": kind}))), Ok(()));
}
