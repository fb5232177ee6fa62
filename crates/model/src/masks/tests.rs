use super::*;
use serde_json::{Value, json};

fn mark(secret: &str) -> String {
    secret.bytes().rev().map(|byte| format!("{byte:02x}")).collect()
}

fn id() -> TaskId {
    TaskId::new("t1").expect("legal")
}

fn shown<T: HoldsSecrets + Clone>(of: &T) -> T {
    let mut shown = of.clone();
    mask(&mut shown, &id(), mark);
    shown
}

fn put_back<T: HoldsSecrets>(of: &mut T, source: &(impl HoldsSecrets + Clone)) -> Result<(), FieldError> {
    restore(of, Source { id: &id(), of: &mut source.clone(), unchanged: false }, mark)
}

fn spec() -> TaskSpec {
    let spec = json!({
        "slot": "s",
        "labels": {"team": "a", "api_token": "hush8", "url": "https://u:hush9@h"},
        "stdin": {"text": "user: me\npassword: hush10\n"},
        "kind": {"subprocess": {
            "mode": {"command": {"command": "deploy", "args": [
                "--password=hush", "--token", "hush2", "postgres://u:hush3@db/x", "--key=2", "MY_TOKEN=hush4",
                "-u", "me:hush11", "{\"password\":\"hush12\"}",
            ]}},
            "env": [
                {"key": "API_KEY", "value": "hush5"},
                {"key": "DATABASE_URL", "value": "postgres://u:hush6@db/x?password=hush7"},
                {"key": "LANG", "value": "C"},
                {"key": "USE_TOKEN", "value": "true"},
                {"key": "DB_PASSWORD", "value": "{{ password }}"},
                {"key": "CONFIG", "value": "{\"token\":\"hush13\",\"n\":1}"},
            ],
            "cwd": "/srv/token=hush14",
        }},
    });
    serde_json::from_value(spec).expect("legal")
}

fn env(spec: &mut TaskSpec) -> &mut Vec<EnvVar> {
    let TaskKind::Subprocess(task) = &mut spec.kind else { panic!("a command") };
    &mut task.env
}

fn job() -> Job {
    let job = json!({
        "name": "j", "notes": "log in with token=hushnotes", "spec": spec(),
        "parameters": [
            {"name": "api_token", "type": "text", "default": "hushdefault"},
            {"name": "url", "type": "text", "default": "postgres://u:hushurl@h"},
            {"name": "pin", "type": "number", "default": "1234"},
        ],
        "schedules": [{"cron": "@daily", "parameters": {"api_token": "hushschedule", "pin": "4711"}}],
    });
    serde_json::from_value(job).expect("a job")
}

#[test]
fn what_is_shown_can_be_submitted_again() {
    let (spec, job) = (spec(), job());
    let text = serde_json::to_string(&shown(&spec)).expect("writes")
        + &serde_json::to_string(&shown(&job)).expect("writes");
    assert!(!text.contains("hush"), "{text}");
    for kept in [
        "deploy",
        "--password=",
        "postgres://u:",
        "@db/x",
        "--key=2",
        "\"C\"",
        "\"true\"",
        "{{ password }}",
        "me:",
        "user: me",
        "4711",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert_eq!(
        (masks_of(&shown(&spec)), masks_of(&spec)),
        (Ok(Some((id(), "kind.subprocess.env[0].value".to_owned()))), Ok(None))
    );
    let (mut spec_again, mut job_again) = (shown(&spec), shown(&job));
    put_back(&mut spec_again, &spec).expect("all are there");
    put_back(&mut job_again, &job).expect("all are there");
    assert_eq!((spec_again, job_again), (spec, job));
}

#[test]
fn a_mask_stands_for_what_was_read_wherever_that_is_now() {
    let read = shown(&spec());
    // What is around a mask may change, as may the order.
    let mut changed = read.clone();
    env(&mut changed).swap(0, 1);
    env(&mut changed)[0].value = env(&mut changed)[0].value.replace("@db/", "@other/");
    put_back(&mut changed, &spec()).expect("all are there");
    assert_eq!(env(&mut changed)[0].value, "postgres://u:hush6@other/x?password=hush7");
    assert_eq!(env(&mut changed)[1].value, "hush5");

    // So may that of the stored task.
    let mut stored = spec();
    env(&mut stored).reverse();
    let mut again = read.clone();
    put_back(&mut again, &stored).expect("all are there");
    assert_eq!(again, spec());

    // One that is not there any more is no other.
    env(&mut stored)[5].value = "other".into();
    let error = put_back(&mut read.clone(), &stored).expect_err("it was changed");
    assert_eq!(error, FieldError::new("kind.subprocess.env[0].value", NO_SECRET));
}

#[test]
fn a_mask_is_not_moved_to_where_its_secret_would_be_shown() {
    let read = shown(&spec());
    let mask = env(&mut read.clone())[0].value.clone();
    let moved = |pointer: &str, text: String| {
        let mut json = serde_json::to_value(&read).expect("writes");
        *json.pointer_mut(pointer).expect("is there") = Value::String(text);
        let mut moved: TaskSpec = serde_json::from_value(json).expect("a spec");
        put_back(&mut moved, &spec()).map_err(|error| (error.field, error.message))
    };
    for (pointer, field) in [
        ("/kind/subprocess/env/2/value", "kind.subprocess.env[2].value"),
        ("/kind/subprocess/mode/command/args/4", "kind.subprocess.mode.command.args[4]"),
        ("/kind/subprocess/mode/command/command", "kind.subprocess.mode.command.command"),
        ("/kind/subprocess/cwd", "kind.subprocess.cwd"),
        ("/labels/team", "labels.team"),
        ("/stdin/text", "stdin.text"),
    ] {
        assert_eq!(moved(pointer, mask.clone()), Err((field.to_owned(), WOULD_BE_SHOWN.to_owned())));
    }
    assert_eq!(moved("/kind/subprocess/mode/command/args/4", format!("--secret={mask}")), Ok(()));
    let mut values = BTreeMap::from([("day".to_owned(), mask)]);
    assert_eq!(put_back(&mut values, &spec()).expect_err("refused").field, "parameters.day");
}

#[test]
fn a_mask_is_never_taken_for_a_secret() {
    for value in [MASK.to_owned(), format!("a{MASK}b"), format!("{MASK}(t1)"), format!("{MASK}(?/e0.0)")] {
        let mut spec = spec();
        env(&mut spec)[0].value = value;
        assert_eq!(masks_of(&spec).expect_err("refused").field, "kind.subprocess.env[0].value");
    }
    for unknown in ["e9.0", "e0.1", "e2.0", "e0", "", "é", "00"] {
        let mut spec = spec();
        env(&mut spec)[0].value = format!("{MASK}(t1/{unknown})");
        let error = put_back(&mut spec, &self::spec()).expect_err(unknown);
        assert_eq!(error.field, "kind.subprocess.env[0].value");
    }
}

#[test]
fn a_mask_that_does_not_say_whose_it_is_is_text_where_no_secret_would_be() {
    let with = |pointer: &str, text: &str| {
        let mut json = serde_json::to_value(spec()).expect("writes");
        *json.pointer_mut(pointer).expect("is there") = Value::String(text.replace("***", MASK));
        serde_json::from_value::<TaskSpec>(json).expect("a spec")
    };
    for (pointer, text, is_text) in [
        ("/stdin/text", "***", true),
        ("/stdin/text", "they say ****** and ***(t1) and ***(?/x)", true),
        ("/kind/subprocess/mode/command/args/4", "***", true),
        ("/kind/subprocess/env/2/value", "a***b", true),
        ("/labels/team", "***", true),
        ("/stdin/text", "user: me\npassword: ***\n", false),
        ("/stdin/text", "{\"token\":\"***\"}", false),
        ("/stdin/text", "curl -H 'Authorization: Bearer ***' h", false),
        ("/stdin/text", "postgres://u:***@h/db", false),
        ("/stdin/text", "https://***@h/db", false),
        ("/labels/api_token", "***", false),
        ("/kind/subprocess/mode/command/args/0", "--password=***", false),
        ("/kind/subprocess/mode/command/args/2", "***", false),
        ("/kind/subprocess/mode/command/args/7", "me:***", false),
    ] {
        let found = masks_of(&with(pointer, text));
        assert_eq!(found.is_ok(), is_text, "{pointer}: {text}: {found:?}");
    }
    // Beside one that says so.
    let mut mixed = shown(&with("/stdin/text", "*** password: ***"));
    assert_eq!(masks_of(&mixed).map(|found| found.is_some()), Ok(true));
    put_back(&mut mixed, &spec()).expect("all are there");
    assert_eq!(mixed, with("/stdin/text", "*** password: ***"));
}

#[test]
fn masks_of_earlier_versions_stand_for_a_text_that_is_as_it_was() {
    let earlier = |values: [&str; 3], unchanged| {
        let mut spec = spec();
        env(&mut spec)[5].key = "AUTHORIZATION".into();
        env(&mut spec)[5].value = "Basic hush13".into();
        let source = spec.clone();
        for (n, value) in [0, 1, 5].into_iter().zip(values) {
            env(&mut spec)[n].value = value.replace("***", &format!("{MASK}(t1/e{n}.0)"));
        }
        env(&mut spec)[1].value = env(&mut spec)[1].value.replacen("e1.0", "e1.1", 1);
        let restored = restore(&mut spec, Source { id: &id(), of: &mut source.clone(), unchanged }, mark);
        restored.map(|()| assert_eq!(spec, source)).map_err(|error| error.field)
    };
    // Of the last one less was hidden than is now.
    let all = ["***", "postgres://u:***@db/x?password=***", "Basic ***"];
    assert_eq!(earlier(all, true), Ok(()));
    assert_eq!(earlier(all, false).expect_err("it may have been another"), "kind.subprocess.env[0].value");
    let changed = ["***", "postgres://u:***@other/x?password=***", "Basic ***"];
    assert_eq!(earlier(changed, true).expect_err("not as it was"), "kind.subprocess.env[1].value");
}

#[test]
fn the_command_of_a_hook_has_masks_as_that_of_a_task() {
    let hook = json!({"name": "page", "on": ["failure"], "labels": {"team": "a", "api_token": "hush1"},
        "call": {"command": {"command": "sh", "args": ["-c", "page --token hush2", "--password=hush3"]}}});
    let hook: Hook = serde_json::from_value(hook).expect("a hook");
    let mut read = shown(&hook);
    assert!(!serde_json::to_string(&read).expect("writes").contains("hush"), "{read:?}");
    put_back(&mut read, &hook).expect("all are there");
    assert_eq!(read, hook);
    // Nor is the address of another one made of what this one hides.
    let post =
        json!({"name": "chat", "on": ["failure"], "call": {"webhook": {"url": "https://h/?token=hush"}}});
    let mut post: Hook = serde_json::from_value(post).expect("a hook");
    assert!(post.held().is_empty());
}
