//! Saved jobs: when they are run by themselves, and words about them that are wrong.

mod support;

use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::{Place, error};

fn save(place: &Place, name: &str, more: Value) {
    let mut job = json!({
        "name": name,
        "spec": {"slot": name, "admission": "queue", "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}}},
    });
    job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    std::fs::write(place.work().join("job.json"), job.to_string()).unwrap();
    place.ok(&["job", "save", "job.json"]);
}

#[test]
fn a_frequent_job_hides_no_time_of_another() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.ok(&["hold", "--all"]);
    let in_days = |days: u64| {
        let at = SystemTime::now() + Duration::from_secs(days * 86_400);
        u64::try_from(at.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
    };
    save(&place, "often", json!({"schedules": [{"cron": "* * * * *"}]}));
    let times = [in_days(1), in_days(6)];
    save(&place, "rare", json!({"schedules": [{"at": times[0]}, {"at": times[1]}]}));
    let next = place.json(&["job", "next", "rare", "--json"]);
    let told: Vec<_> =
        next["times"].as_array().unwrap().iter().map(|time| time["at"].as_u64().unwrap()).collect();
    assert_eq!((told, &next["more"]), (times.to_vec(), &json!(false)));
    let often = place.json(&["job", "next", "often", "--json"]);
    assert_eq!((often["times"].as_array().unwrap().len(), &often["more"]), (1_000, &json!(true)));
    assert_eq!(
        place.ok(&["job", "next", "rare", "--within", "0s"]),
        "job rare is not due now; --within 4days looks further\n"
    );
}

#[test]
fn what_is_wrong_about_a_job_is_told_of_the_word_that_says_it() {
    let place = Place::new();
    let _server = place.serve(&[]);
    save(
        &place,
        "b",
        json!({"parameters": [{"name": "pw", "type": "secret", "required": true}, {"name": "n", "type": "text"}]}),
    );
    for (words, code, said) in [
        (&["job", "show", "b", "--revision", "99"][..], 2, "solti: --revision: "),
        (&["job", "rename", "b", "\u{fc}n\u{ef}"], 2, "solti: <TO>: "),
        (&["job", "run", "b", "--pw=@/nosuch"], 2, "solti: --pw: /nosuch cannot be read: "),
        (&["job", "run", "--wait", "b", "--pw=@/nosuch"], 2, "solti: --pw: /nosuch cannot be read: "),
        (&["job", "secret", "set", "b", "n"], 1, "solti: job b has no secret parameter n; "),
        (
            &["job", "secret", "set", "b", "n", "--file", "/nosuch"],
            1,
            "solti: job b has no secret parameter n; ",
        ),
    ] {
        let refused = place.run(words);
        assert!(error(&refused).starts_with(said), "{words:?}: {}", error(&refused));
        assert_eq!(refused.status.code(), Some(code), "{words:?}");
    }
    // Without a terminal of its own it cannot ask.
    let words = ["-w", env!("CARGO_BIN_EXE_solti"), "job", "secret", "set", "b", "pw"];
    let mut set = std::process::Command::new("setsid");
    let set = set
        .args(words)
        .env("SOLTI_DATA_DIR", place.data_dir())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = "could not be asked for at a terminal: write --file FILE, or --file - for standard input";
    assert!(error(&set).contains(said), "{}", error(&set));
}
