//! The stories of where tasks run.

use crate::subjects::Subject;
use solti_api::operations::{ListImages, ListRunners, Operations as _};

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
