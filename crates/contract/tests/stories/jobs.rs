//! The stories of saved jobs.

use crate::engine::{command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{
    DeleteJob, ForgetJobSecret, GetJob, JobDays, JobHistory, JobRevisions, KeepJobSecret, ListJobSecrets,
    ListJobs, Operations as _, PreviewSchedule, RenameJob, RunJob, SaveJob, SkipNext, Upcoming, WatchJobs,
};
use solti_model::{Job, JobName, JobQuery, Schedule, TaskPhase};
use std::collections::BTreeMap;
use tokio_stream::StreamExt as _;

fn name(text: &str) -> JobName {
    JobName::new(text).unwrap()
}

fn job(json: serde_json::Value) -> Job {
    serde_json::from_value(json).unwrap()
}

fn given(name: &str, value: &str) -> BTreeMap<String, String> {
    [(name.to_owned(), value.to_owned())].into()
}

fn field(error: &ApiError) -> &str {
    match error {
        ApiError::InvalidRequest { field, .. } => field,
        other => panic!("{other:?}"),
    }
}

pub async fn jobs_are_saved_run_and_remembered(subject: &Subject) {
    let api = subject.desktop();
    let mut changes = api.open(WatchJobs {}).await.unwrap();
    let before = changes.next().await.expect("the first comes at once").version;
    let order = job(json!({
        "name": "greet", "title": "Greet somebody",
        "spec": {"slot": "greet", "kind": command("printf", &["%s", "{{whom}}"]), "admission": "queue"},
        "parameters": [{"name": "whom", "type": "text", "required": true}],
    }));
    let saved = api.ask(SaveJob { job: order.clone(), expected_revision: Some(0) }).await.unwrap();
    assert_eq!((saved.revision, &saved.title), (1, &order.title));
    while changes.next().await.expect("open").version == before {}
    let again = api.ask(SaveJob { job: order.clone(), expected_revision: Some(0) }).await.unwrap_err();
    assert!(matches!(again, ApiError::Conflict { .. }), "{again:?}");
    let mut bad = order;
    bad.schedules =
        vec![Schedule { cron: Some("0 24 * * *".into()), zone: "UTC".into(), ..Schedule::default() }];
    let error = api.ask(SaveJob { job: bad, expected_revision: None }).await.unwrap_err();
    assert_eq!(field(&error), "job.schedules[0].cron");

    let run = |parameters| RunJob { name: name("greet"), parameters };
    assert_eq!(field(&api.ask(run(BTreeMap::new())).await.unwrap_err()), "parameters.whom");
    let id = api.ask(run(given("whom", "the world; $(true)"))).await.unwrap();
    let task = subject.engine.finished(&id).await;
    assert_eq!((task.status.phase, task.spec.job), (TaskPhase::Succeeded, Some(name("greet"))));
    assert_eq!(subject.engine.lines(&id).await, ["the world; $(true)"]);
    assert_eq!(
        field(&api.ask(RunJob { name: name("nobody"), parameters: BTreeMap::new() }).await.unwrap_err()),
        "name"
    );

    let mut changed = saved.clone();
    changed.notes = Some("Politely.".into());
    api.ask(SaveJob { job: changed, expected_revision: Some(1) }).await.unwrap();
    let revisions = api.ask(JobRevisions { name: name("greet") }).await.unwrap();
    let reported: Vec<_> =
        revisions.iter().map(|revision| (revision.revision, revision.changed.clone())).collect();
    assert_eq!(reported, [(2, vec!["notes".to_owned()]), (1, vec![])]);
    let first = api.ask(GetJob { name: name("greet"), revision: Some(1) }).await.unwrap().unwrap();
    assert_eq!(first.job.notes, None);

    let rerun = api.ask(solti_api::operations::RerunTask { id: id.clone() }).await.unwrap();
    subject.engine.finished(&rerun).await;
    let past = JobHistory { name: name("greet"), cursor: None, limit: Some(1) };
    let page = api.ask(past.clone()).await.unwrap();
    assert_eq!((page.total, page.rows[0].task.metadata.id == rerun, page.stats.succeeded), (2, true, 2));
    let rest = api.ask(JobHistory { cursor: page.next_cursor, ..past }).await.unwrap();
    assert_eq!((rest.rows.len(), rest.next_cursor), (1, None));
    let listed =
        api.ask(ListJobs { query: JobQuery { text: Some("SOMEBODY".into()), ..JobQuery::default() } }).await;
    let listed = listed.unwrap().jobs;
    assert_eq!((listed.len(), listed[0].recent.len(), listed[0].revision), (1, 2, 2));

    api.ask(DeleteJob { name: name("greet") }).await.unwrap();
    api.ask(DeleteJob { name: name("greet") }).await.unwrap();
    assert_eq!(api.ask(GetJob { name: name("greet"), revision: None }).await.unwrap(), None);
    assert_eq!(api.get_task_status(&id).await.unwrap().unwrap().spec.job, Some(name("greet")));
}

pub async fn secrets_of_a_job_are_kept_where_there_is_a_keyring(subject: &Subject) {
    let api = subject.desktop();
    let order = job(json!({
        "name": "dump", "spec": {"slot": "dump", "kind": command("true", &[])},
        "parameters": [{"name": "password", "type": "secret", "required": true}],
    }));
    api.ask(SaveJob { job: order, expected_revision: None }).await.unwrap();
    // These engines are started without one, and say so.
    let found = api.ask(ListJobSecrets { name: name("dump") }).await.unwrap();
    assert!(found.kept.is_empty() && found.why_not.is_some(), "{found:?}");
    let keep = |parameter: &str| KeepJobSecret {
        name: name("dump"),
        parameter: parameter.to_owned(),
        value: "hush".to_owned(),
    };
    assert_eq!(field(&api.ask(keep("date")).await.unwrap_err()), "parameter");
    let refused = api.ask(keep("password")).await.unwrap_err();
    assert!(matches!(refused, ApiError::Conflict { .. }), "{refused:?}");
    let forget = ForgetJobSecret { name: name("dump"), parameter: "password".to_owned() };
    assert!(matches!(api.ask(forget).await.unwrap_err(), ApiError::Conflict { .. }));
    let run = |parameters| RunJob { name: name("dump"), parameters };
    assert_eq!(field(&api.ask(run(BTreeMap::new())).await.unwrap_err()), "parameters.password");
    let id = api.ask(run(given("password", "hush"))).await.unwrap();
    assert_eq!(subject.engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
}

pub async fn schedules_are_previewed_listed_and_skipped(subject: &Subject) {
    let api = subject.desktop();
    // 2026-03-27T00:00:00Z, two days before clocks go forward in Berlin.
    let preview = |schedule: serde_json::Value| PreviewSchedule {
        schedule: serde_json::from_value(schedule).unwrap(),
        from: Some(1_774_569_600_000),
        count: Some(3),
    };
    let reported = api.ask(preview(json!({"cron": "30 2 * * *", "zone": "Europe/Berlin"}))).await.unwrap();
    assert_eq!(reported.words, "every day at 02:30, Europe/Berlin");
    assert_eq!(reported.times, [1_774_575_000_000, 1_774_661_400_000, 1_774_746_000_000]);
    assert!(
        reported.warnings[0].starts_with("On 29 March 2026 clocks go forward"),
        "{:?}",
        reported.warnings
    );
    for (schedule, wrong) in [
        (json!({"cron": "0 0 0 0 0 0"}), "schedule.cron"),
        (json!({"cron": "@daily", "zone": "Nowhere"}), "schedule.zone"),
        (json!({"everyMs": 5}), "schedule.everyMs"),
        (json!({}), "schedule"),
    ] {
        assert_eq!(field(&api.ask(preview(schedule)).await.unwrap_err()), wrong);
    }
    for (schedule, warning) in [
        (json!({"at": 5}), "This time is past: it does not run again."),
        (
            json!({"at": 4_102_444_800_000_u64, "until": 4_102_444_700_000_u64}),
            "It has no time between its beginning and its end: it never runs.",
        ),
        (
            json!({"cron": "@daily", "until": 1_774_569_700_000_u64}),
            "Its end is past: it does not run again.",
        ),
    ] {
        assert_eq!(api.ask(preview(schedule)).await.unwrap().warnings, [warning]);
    }

    let many = PreviewSchedule { count: Some(101), ..preview(json!({"cron": "@daily"})) };
    assert_eq!(field(&api.ask(many).await.unwrap_err()), "count");

    let spec = spec("s", command("true", &[]), json!({}));
    let schedules =
        json!([{"id": "first", "at": 4_102_444_800_000_u64}, {"id": "second", "at": 4_102_444_900_000_u64}]);
    let planned = job(json!({"name": "planned", "spec": spec, "schedules": schedules}));
    api.ask(SaveJob { job: planned, expected_revision: None }).await.unwrap();
    let coming = |from, to| Upcoming { name: None, from, to };
    let found = api.ask(coming(4_102_444_800_000, 4_102_444_899_999)).await.unwrap();
    let reported: Vec<_> =
        found.times.iter().map(|time| (time.job.as_str(), time.schedule.as_str())).collect();
    assert_eq!((reported, found.more), (vec![("planned", "first")], false));
    let of = |job: &str| Upcoming { name: Some(name(job)), ..coming(4_102_444_800_000, 4_102_444_900_000) };
    assert_eq!(api.ask(of("planned")).await.unwrap().times.len(), 2);
    assert_eq!(api.ask(of("unplanned")).await.unwrap().times, []);
    assert_eq!(field(&api.ask(coming(5, 4)).await.unwrap_err()), "to");
    let day = |from: u64| JobDays { bounds: vec![from - 86_400_000, from, from + 86_400_000] };
    let calendar = api.ask(day(4_102_444_800_000)).await.unwrap();
    let [before, on] = &calendar.days[..] else { panic!("{calendar:?}") };
    assert_eq!((&before.jobs[..], on.more_jobs), (&[][..], 0));
    let [planned] = &on.jobs[..] else { panic!("{on:?}") };
    assert_eq!(
        (planned.job.as_str(), planned.first_at, planned.counts.coming),
        ("planned", 4_102_444_800_000, 2)
    );
    assert_eq!(
        planned.runs.iter().map(|run| run.at).collect::<Vec<_>>(),
        [4_102_444_800_000, 4_102_444_900_000]
    );
    assert_eq!(field(&api.ask(JobDays { bounds: vec![5, 5] }).await.unwrap_err()), "bounds");
    let skip = || SkipNext { name: name("planned"), schedule: None };
    for id in ["first", "second"] {
        assert_eq!(api.ask(skip()).await.unwrap().schedule.as_str(), id);
    }
    let error = api.ask(skip()).await.unwrap_err();
    assert!(matches!(error, ApiError::Conflict { .. }), "{error:?}");
    let left = api.ask(GetJob { name: name("planned"), revision: None }).await.unwrap().unwrap();
    assert!(left.schedules.iter().all(|schedule| schedule.next_at.is_none()));
    assert_eq!(left.firings.len(), 2);
    api.ask(DeleteJob { name: name("planned") }).await.unwrap();
}

pub async fn a_job_is_renamed_with_all_that_belongs_to_it(subject: &Subject) {
    let api = subject.desktop();
    let spec = spec("s", command("true", &[]), json!({"admission": "queue"}));
    let schedules = json!([{"id": "once", "at": 4_102_444_800_000_u64}]);
    let order = job(json!({"name": "old", "title": "Nightly", "spec": spec, "schedules": schedules}));
    api.ask(SaveJob { job: order.clone(), expected_revision: None }).await.unwrap();
    api.ask(SaveJob { job: job(json!({"name": "other", "spec": spec})), expected_revision: None })
        .await
        .unwrap();
    let run = |of: &str| RunJob { name: name(of), parameters: BTreeMap::new() };
    let id = api.ask(run("old")).await.unwrap();
    subject.engine.finished(&id).await;

    let rename = |from: &str, to: &str| RenameJob { name: name(from), to: name(to) };
    let taken = api.ask(rename("old", "other")).await.unwrap_err();
    assert!(matches!(taken, ApiError::Conflict { .. }), "{taken:?}");
    assert_eq!(field(&api.ask(rename("nobody", "somebody")).await.unwrap_err()), "name");
    let renamed = api.ask(rename("old", "new")).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.revision), ("new", 1));

    let detail = api.ask(GetJob { name: name("new"), revision: None }).await.unwrap().unwrap();
    assert_eq!((detail.stats.succeeded, detail.schedules[0].next_at), (1, Some(4_102_444_800_000)));
    assert_eq!(api.ask(JobRevisions { name: name("new") }).await.unwrap().len(), 1);
    let first = api.ask(GetJob { name: name("new"), revision: Some(1) }).await.unwrap().unwrap();
    assert_eq!(first.job.name, name("new"));
    assert_eq!(api.get_task_status(&id).await.unwrap().unwrap().spec.job, Some(name("new")));
    let past = |of: &str| JobHistory { name: name(of), cursor: None, limit: None };
    assert_eq!(api.ask(past("new")).await.unwrap().rows[0].task.spec.job, Some(name("new")));
    let coming =
        api.ask(Upcoming { name: None, from: 4_102_444_800_000, to: 4_102_444_800_000 }).await.unwrap();
    assert_eq!(coming.times.iter().map(|time| time.job.as_str()).collect::<Vec<_>>(), ["new"]);

    // Whoever still asks for it by the old name is told, also when it was renamed again.
    api.ask(rename("new", "newest")).await.unwrap();
    for former in ["old", "new"] {
        let error = api.ask(run(former)).await.unwrap_err();
        assert!(error.to_string().contains("is called newest now"), "{error}");
        let error = api.ask(GetJob { name: name(former), revision: None }).await.unwrap_err();
        assert_eq!(field(&error), "name");
        assert_eq!(field(&api.ask(past(former)).await.unwrap_err()), "name");
        let coming = Upcoming { name: Some(name(former)), from: 0, to: 0 };
        assert_eq!(field(&api.ask(coming).await.unwrap_err()), "name");
        assert_eq!(field(&api.ask(JobRevisions { name: name(former) }).await.unwrap_err()), "name");
    }
    // What was read before that belongs to it all the same.
    let early = json!({"admission": "queue", "job": "old"});
    let early = api.submit_task(self::spec("s", command("true", &[]), early)).await.unwrap();
    assert_eq!(subject.engine.finished(&early).await.spec.job, Some(name("newest")));
    // And the name is free for another job.
    api.ask(SaveJob { job: order, expected_revision: Some(0) }).await.unwrap();
    subject.engine.finished(&api.ask(run("old")).await.unwrap()).await;
    for of in ["old", "newest", "other"] {
        api.ask(DeleteJob { name: name(of) }).await.unwrap();
    }
    // Nobody is sent to one that is gone.
    let error = api.ask(run("new")).await.unwrap_err();
    assert!(error.to_string().contains("there is no job new"), "{error}");
}
