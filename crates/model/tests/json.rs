//! The JSON of the contract: every shape is read and written as documented, and every broken rule names its field.

use proptest::prelude::*;
use serde_json::{Value, json};
use solti_model::{RestartStrategy, TaskPhase, TaskSpec, examine_spec, parse_spec};

fn full() -> Value {
    json!({
        "slot": "my-slot",
        "kind": {"subprocess": {"mode": {"command": {"command": "echo", "args": ["hi"]}},
                 "env": [{"key": "K", "value": "V"}], "cwd": "/tmp", "failOnNonZero": true}},
        "timeout": 30000,
        "restart": {"type": "never"},
        "backoff": {"jitter": "full", "firstMs": 1000, "maxMs": 30000, "factor": 2.0},
        "admission": "dropIfRunning",
        "maxRetries": 3,
        "runnerSelector": {"matchLabels": {"zone": "eu"}, "matchExpressions": [{"key": "gpu", "operator": "Exists"}]},
        "labels": {"name": "nightly build"}
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut spec = full();
    *spec.pointer_mut(path).unwrap_or_else(|| panic!("{path} is in the full spec")) = value;
    spec
}

#[test]
fn the_documented_spec_survives_a_round_trip() {
    let spec = parse_spec(full()).expect("the documented spec is legal");
    assert_eq!(serde_json::to_value(&spec).expect("writes"), full());
    assert_eq!(spec.display_name(), "nightly build");
}

#[test]
fn every_kind_and_restart_has_the_documented_shape() {
    for kind in [
        json!({"subprocess": {"mode": {"script": {"runtime": "bash", "body": "ZWNobyBoaQ==", "args": []}}, "env": [], "failOnNonZero": false}}),
        json!({"subprocess": {"mode": {"script": {"runtime": {"custom": {"command": "ruby", "flag": "-e"}}, "body": "MQ==", "args": ["a"]}}, "env": [], "failOnNonZero": true}}),
        json!({"subprocess": {"mode": {"command": {"command": "a", "args": []}}, "env": [], "failOnNonZero": true, "afterMain": "end"}}),
        json!({"container": {"image": "a:b", "command": ["sh"], "args": [], "env": []}}),
        json!({"wasm": {"module": "/m.wasm", "args": [], "env": []}}),
    ] {
        let spec = parse_spec(with("/kind", kind.clone())).expect("legal");
        assert_eq!(serde_json::to_value(&spec.kind).expect("writes"), kind);
    }
    for restart in [
        json!({"type": "onFailure"}),
        json!({"type": "always"}),
        json!({"type": "always", "intervalMs": 5000}),
    ] {
        let spec = parse_spec(with("/restart", restart.clone())).expect("legal");
        assert_eq!(serde_json::to_value(spec.restart).expect("writes"), restart);
    }
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let spec =
        parse_spec(json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}}}))
            .expect("legal");
    let value = serde_json::to_value(&spec).expect("writes");
    assert_eq!(spec.restart, RestartStrategy::Never);
    assert_eq!(value["backoff"], json!({"jitter": "full", "firstMs": 1000, "maxMs": 30000, "factor": 2.0}));
    assert_eq!(value["admission"], json!("dropIfRunning"));
    assert_eq!(value["kind"]["subprocess"]["failOnNonZero"], json!(true));
    for absent in ["timeout", "maxRetries", "runnerSelector", "labels"] {
        assert_eq!(value.get(absent), None, "{absent}");
    }
}

#[test]
fn every_broken_rule_names_its_field() {
    let script = |runtime: Value, body: &str| json!({"subprocess": {"mode": {"script": {"runtime": runtime, "body": body}}}});
    let big = base64(&vec![b'x'; solti_model::MAX_SCRIPT_BYTES + 1]);
    for (spec, field) in [
        (with("/slot", json!("a/b")), "slot"),
        (with("/slot", json!("")), "slot"),
        (with("/timeout", json!(0)), "timeout"),
        (with("/backoff/firstMs", json!(0)), "backoff.firstMs"),
        (with("/backoff/maxMs", json!(999)), "backoff.maxMs"),
        (with("/backoff/factor", json!(0.5)), "backoff.factor"),
        (with("/maxRetries", json!(0)), "maxRetries"),
        (with("/kind/subprocess/mode/command/command", json!("  ")), "kind.subprocess.mode.command.command"),
        (with("/kind/subprocess/mode/command/args", json!(["a\0b"])), "kind.subprocess.mode.command.args[0]"),
        (with("/kind/subprocess/env/0/key", json!("")), "kind.subprocess.env[0].key"),
        (with("/kind/subprocess/env/0/key", json!("A=B")), "kind.subprocess.env[0].key"),
        (with("/kind/subprocess/cwd", json!("relative")), "kind.subprocess.cwd"),
        (with("/kind", json!({"container": {"image": " "}})), "kind.container.image"),
        (with("/kind", json!({"wasm": {"module": ""}})), "kind.wasm.module"),
        (with("/kind", script(json!("bash"), "not base64!")), "kind.subprocess.mode.script.body"),
        (with("/kind", script(json!("bash"), "/w==")), "kind.subprocess.mode.script.body"),
        (with("/kind", script(json!("bash"), &big)), "kind.subprocess.mode.script.body"),
        (
            with("/kind", script(json!({"custom": {"command": "", "flag": "-e"}}), "MQ==")),
            "kind.subprocess.mode.script.runtime.custom.command",
        ),
        (
            with("/kind", script(json!({"custom": {"command": "ruby", "flag": " "}}), "MQ==")),
            "kind.subprocess.mode.script.runtime.custom.flag",
        ),
        (with("/runnerSelector/matchLabels", json!({"": "x"})), "runnerSelector.matchLabels"),
        (with("/runnerSelector/matchExpressions/0/key", json!("")), "runnerSelector.matchExpressions[0].key"),
        (
            with("/runnerSelector/matchExpressions/0", json!({"key": "k", "operator": "In"})),
            "runnerSelector.matchExpressions[0].values",
        ),
        (
            with(
                "/runnerSelector/matchExpressions/0",
                json!({"key": "k", "operator": "Exists", "values": ["v"]}),
            ),
            "runnerSelector.matchExpressions[0].values",
        ),
    ] {
        let error = parse_spec(spec).expect_err(field);
        assert_eq!(error.field, field, "{error}");
    }
}

#[test]
fn unknown_and_missing_fields_are_named() {
    let mut unknown = full();
    unknown["colour"] = json!("red");
    assert_eq!(parse_spec(unknown).expect_err("unknown").field, "colour");
    // Of an enum too, whichever of its variants it is.
    for kind in ["never", "onFailure", "always"] {
        parse_spec(with("/restart", json!({"type": kind}))).expect("legal");
        let error = parse_spec(with("/restart", json!({"type": kind, "intervalMillis": 5}))).expect_err(kind);
        assert!(error.field.ends_with("intervalMillis"), "{error}");
    }
    let mut missing = full();
    missing.as_object_mut().expect("object").remove("slot");
    assert_eq!(parse_spec(missing).expect_err("missing").field, "slot");
    let error = parse_spec(with("/timeout", json!("soon"))).expect_err("type");
    assert_eq!(error.message, "must be a whole number");
    assert_eq!(error.field, "timeout");
}

#[test]
fn a_field_that_does_not_fit_is_named_with_its_whole_path_in_plain_words() {
    let changed = |path: &str, name: &str, value: Value| {
        let mut spec = full();
        spec["stall"] = json!({"silentMs": 60_000});
        spec["notify"] = json!({});
        spec["limits"] = json!({});
        spec["cluster"] = json!({});
        spec["after"] = json!([{"task": "01a"}]);
        spec["restart"] = json!({"type": "always"});
        spec.pointer_mut(path).expect("is there")[name] = value;
        let error = parse_spec(spec).expect_err(name);
        (error.field, error.message)
    };
    for (path, field) in [
        ("", "bogus"),
        ("/stall", "stall.bogus"),
        ("/notify", "notify.bogus"),
        ("/limits", "limits.bogus"),
        ("/cluster", "cluster.bogus"),
        ("/runnerSelector", "runnerSelector.bogus"),
        ("/runnerSelector/matchExpressions/0", "runnerSelector.matchExpressions[0].bogus"),
        ("/after/0", "after[0].bogus"),
        ("/backoff", "backoff.bogus"),
        ("/restart", "restart.bogus"),
        ("/kind/subprocess", "kind.subprocess.bogus"),
        ("/kind/subprocess/mode/command", "kind.subprocess.mode.command.bogus"),
        ("/kind/subprocess/env/0", "kind.subprocess.env[0].bogus"),
    ] {
        let (named, said) = changed(path, "bogus", json!(1));
        assert_eq!(named, field);
        assert!(said.starts_with("is not a field here"), "{field}: {said}");
    }
    for (path, name, value, field, said) in [
        ("/restart", "intervalMs", json!(-1), "restart.intervalMs", "must not be negative"),
        ("/restart", "intervalMs", json!("soon"), "restart.intervalMs", "must be a whole number"),
        (
            "/restart",
            "type",
            json!("often"),
            "restart.type",
            "must be one of never, onFailure, always, not often",
        ),
        ("", "job", json!("a b"), "job", "may hold A–Z, a–z, digits, '.', '_' and '-' only, not ' '"),
        (
            "",
            "maxRetries",
            json!(1_u64 << 40),
            "maxRetries",
            "must be from 1 to 1,000,000,000; leave it out for no limit",
        ),
        ("", "timeout", json!(-5), "timeout", "must be from 1 to 3,153,600,000,000 ms"),
        ("", "notBefore", json!(-5), "notBefore", "must not be negative"),
        ("", "priority", json!(1.5), "priority", "must be a whole number"),
        ("", "labels", json!(5), "labels", "must be an object"),
        ("", "limits", json!("much"), "limits", "must be an object"),
        ("", "kind", json!(5), "kind", "must be a string or an object"),
        (
            "/kind/subprocess/mode/command",
            "args",
            json!("x"),
            "kind.subprocess.mode.command.args",
            "must be a list",
        ),
    ] {
        assert_eq!(changed(path, name, value), (field.to_owned(), said.to_owned()));
    }
}

#[test]
fn all_that_is_wrong_with_a_spec_is_told_together() {
    let mut spec = full();
    spec["slot"] = json!("a b");
    spec["timeout"] = json!(-5);
    spec["priority"] = json!(1.5);
    spec["maxRetries"] = json!(0);
    spec["bogus"] = json!(1);
    spec["bogus2"] = json!({"a": 1});
    spec["kind"]["subprocess"]["mode"]["command"]["command"] = json!("");
    spec["backoff"] = json!({"jitter": "wild", "firstMs": 0});
    spec["restart"] = json!({"type": "always", "intervalMs": -1, "often": true});
    let errors = examine_spec(spec).expect_err("refused");
    let mut fields: Vec<_> =
        errors.others.into_iter().chain([errors.first]).map(|error| error.field).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "backoff.firstMs",
            "backoff.jitter",
            "bogus",
            "bogus2",
            "kind.subprocess.mode.command.command",
            "maxRetries",
            "priority",
            "restart.intervalMs",
            "restart.often",
            "slot",
            "timeout",
        ]
    );
    // What is wrong through and through ends, and is one fault.
    for hopeless in [json!(5), json!([]), json!(null), json!("spec")] {
        let errors = examine_spec(hopeless).expect_err("refused");
        assert_eq!((errors.first.field.as_str(), errors.others.len()), ("spec", 0), "{errors}");
    }
    let nothing = examine_spec(json!({})).expect_err("refused");
    assert_eq!((nothing.first.field.as_str(), nothing.others[0].field.as_str()), ("slot", "kind"));
    let many: serde_json::Map<_, _> = (0..100).map(|n| (format!("bogus{n}"), json!(1))).collect();
    assert_eq!(examine_spec(many.into()).expect_err("refused").others.len(), 31, "and no more");
}

#[test]
fn a_number_that_no_database_or_clock_holds_is_refused_by_name() {
    let interval = |ms: Value| with("/restart", json!({"type": "always", "intervalMs": ms}));
    let limits = |name: &str, n: Value| {
        let mut spec = full();
        spec["limits"] = json!({ name: n });
        spec
    };
    let longest = solti_model::MAX_DURATION_MS;
    for too_long in [longest + 1, (1 << 53) + 1, 1 << 63, u64::MAX] {
        for (spec, field) in [
            (with("/timeout", json!(too_long)), "timeout"),
            (with("/backoff/firstMs", json!(too_long)), "backoff.firstMs"),
            (with("/backoff/maxMs", json!(too_long)), "backoff.maxMs"),
            (interval(json!(too_long)), "restart.intervalMs"),
        ] {
            assert_eq!(parse_spec(spec).expect_err("too long").field, field, "{too_long}");
        }
    }
    for (spec, field) in [
        (with("/backoff/factor", json!(1e300)), "backoff.factor"),
        (with("/maxRetries", json!(u32::MAX)), "maxRetries"),
        (with("/maxRetries", json!(1_u64 << 32)), "maxRetries"),
        (with("/timeout", json!(-1)), "timeout"),
        (with("/timeout", json!(1.5)), "timeout"),
        (limits("memoryBytes", json!(1_u64 << 63)), "limits.memoryBytes"),
        (limits("outputBytes", json!(u64::MAX)), "limits.outputBytes"),
        (limits("processes", json!(1_u64 << 40)), "limits.processes"),
    ] {
        assert_eq!(parse_spec(spec).expect_err("outside").field, field);
    }
    parse_spec(interval(json!(longest))).expect("the bound itself is legal");
    parse_spec(with("/timeout", json!(longest))).expect("the bound itself is legal");
}

#[test]
fn a_script_body_of_just_the_limit_is_taken() {
    let body = base64(&vec![b'x'; solti_model::MAX_SCRIPT_BYTES]);
    let kind = json!({"subprocess": {"mode": {"script": {"runtime": "python", "body": body}}}});
    parse_spec(with("/kind", kind)).expect("the limit itself is legal");
}

#[test]
fn phases_are_the_contract_words() {
    let words: Vec<String> = TaskPhase::ALL
        .iter()
        .map(|p| serde_json::to_value(p).expect("writes").as_str().expect("string").to_owned())
        .collect();
    assert_eq!(words, ["pending", "running", "succeeded", "failed", "timeout", "canceled", "exhausted"]);
    for phase in TaskPhase::ALL {
        assert_eq!(TaskPhase::from_word(phase.word()), Some(phase));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

proptest! {
    #[test]
    fn any_legal_spec_survives_a_round_trip(
        slot in "[A-Za-z0-9_-]{1,64}", command in "[^\\x00 ]{1,40}", args in prop::collection::vec("[^\\x00]{0,20}", 0..4),
        env in prop::collection::vec(("[A-Z_]{1,10}", "[^\\x00]{0,20}"), 0..4), timeout in prop::option::of(1..=solti_model::MAX_DURATION_MS),
        first in 1u64..1 << 30, span in 0u64..1 << 30, factor in 1.0..100.0f64, retries in prop::option::of(1..=solti_model::MAX_RETRIES),
        labels in prop::collection::btree_map("[a-z]{1,8}", ".{0,12}", 0..4),
        jitter in prop::sample::select(vec!["none", "full", "equal", "decorrelated"]),
        admission in prop::sample::select(vec!["dropIfRunning", "replace", "queue"]),
    ) {
        prop_assume!(!command.trim().is_empty());
        let env: Vec<Value> = env.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        let mut value = json!({
            "slot": slot, "kind": {"subprocess": {"mode": {"command": {"command": command, "args": args}}, "env": env}},
            "backoff": {"jitter": jitter, "firstMs": first, "maxMs": first + span, "factor": factor},
            "admission": admission, "labels": labels,
        });
        if let Some(timeout) = timeout { value["timeout"] = json!(timeout); }
        if let Some(retries) = retries { value["maxRetries"] = json!(retries); }
        let spec = parse_spec(value).expect("legal");
        let again: TaskSpec = serde_json::from_str(&serde_json::to_string(&spec).expect("writes")).expect("reads");
        prop_assert_eq!(spec, again);
    }
}
