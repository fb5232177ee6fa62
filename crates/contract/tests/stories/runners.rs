//! The stories of where tasks run.

use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{CheckClusterFolder, ListImages, ListRunners, Operations as _, PreviewOnCluster};

pub async fn the_runners_of_the_machine_are_listed(subject: &Subject) {
    let api = subject.desktop();
    let runners = api.ask(ListRunners {}).await.unwrap();
    // The engine of this test runs processes alone.
    let [local] = &runners[..] else { panic!("{runners:?}") };
    assert_eq!((local.name.as_str(), &local.kinds[..]), ("local", &["subprocess".to_owned()][..]));
    assert_eq!(local.labels.get("runner").map(String::as_str), Some("local"));
    assert_eq!((&local.unavailable, &local.engine), (&None, &None));
    assert_eq!(api.ask(ListImages {}).await.unwrap(), []);
}

pub async fn what_no_cluster_would_start_is_not_previewed(subject: &Subject) {
    let preview = async |spec: serde_json::Value| {
        let spec = serde_json::from_value(spec).unwrap();
        subject.desktop().ask(PreviewOnCluster { spec }).await
    };
    let kind = json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
    for (spec, at, why) in [
        (json!({"slot": "s", "kind": kind}), "cluster", "is not for a cluster"),
        (json!({"slot": "s", "kind": kind, "cluster": {}}), "cluster", "hands them to a cluster"),
        (json!({"slot": "s", "kind": kind, "cluster": {"cpus": 0}}), "cluster.cpus", "1"),
    ] {
        match preview(spec).await {
            Err(ApiError::InvalidRequest { field, message, .. }) => {
                assert_eq!(field, at);
                assert!(message.contains(why), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
}

pub async fn a_folder_that_no_cluster_shares_is_not_checked(subject: &Subject) {
    let refused = subject.desktop().ask(CheckClusterFolder {}).await.unwrap_err();
    assert!(matches!(&refused, ApiError::Conflict { reason } if reason.contains("no cluster")), "{refused}");
}
