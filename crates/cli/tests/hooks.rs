//! Hooks as a person sets them up, and the digest of what has happened.

mod support;

use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use support::{Place, error};

const TOKEN: &str = "token-of-the-api-4714";

#[test]
fn a_web_address_is_posted_to_and_is_told_no_token() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/in", listener.local_addr().unwrap());
    let posted = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "the head has an end: {head}");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    let with_token = |words: &[&str]| place.command(words).env("SOLTI_TOKEN", TOKEN).output().unwrap();
    let set = with_token(&["hooks", "set", "team-chat", "--post", &address]);
    assert!(set.status.success(), "{}", error(&set));
    let tested = with_token(&["hooks", "test", "team-chat"]);
    assert!(tested.status.success(), "{}", error(&tested));
    let (head, body) = posted.join().unwrap();
    assert!(head.starts_with("POST /in ") && !head.contains(TOKEN), "{head}");
    assert!(body.contains(r#""at":1"#), "{body}");
    assert!(body.contains(r#""hook":"team-chat""#) && !body.contains(TOKEN), "{body}");
    let listed = place.json(&["hooks", "--json"]);
    assert_eq!(listed["hooks"][0]["hook"]["call"], json!({"webhook": {"url": address}}));
}

#[test]
fn a_program_that_is_tried_out_is_told_how_it_ended() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for (program, said) in [("/nonexistent", "program not found"), ("false", "exit 1")] {
        place.ok(&["hooks", "set", "page-me", "--", program]);
        let tested = place.run(&["hooks", "test", "page-me"]);
        assert_ne!(tested.status.code(), Some(0), "{program}");
        let all = format!("{}{}", String::from_utf8_lossy(&tested.stdout), error(&tested));
        assert!(all.contains(said), "{program}: {all}");
    }
    place.ok(&["hooks", "set", "page-me", "--", "true"]);
    assert_eq!(place.run(&["hooks", "test", "page-me"]).status.code(), Some(0));
}

#[test]
fn a_hook_that_is_not_there_is_named_whatever_is_asked_of_it() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for words in [["hooks", "delete", "nosuch"], ["hooks", "test", "nosuch"], ["hooks", "pause", "nosuch"]] {
        let refused = place.run(&words);
        let said = "solti: there is no hook nosuch; `solti hooks` shows them\n";
        assert_eq!((refused.status.code(), error(&refused)), (Some(1), said.into()), "{words:?}");
    }
    place.ok(&["hooks", "set", "page-me", "--", "sh", "-c", "echo 'two words'"]);
    let listed = place.ok(&["hooks"]);
    assert!(listed.contains(r"sh -c 'echo '\''two words'\'''"), "{listed}");
    place.ok(&["hooks", "delete", "page-me"]);
    assert_eq!(place.json(&["hooks", "--json"])["hooks"], json!([]));
}

#[test]
fn the_digest_is_what_was_asked_for_and_goes_to_standard_output() {
    let place = Place::new();
    let _server = place.serve(&[]);
    assert_eq!(place.ok(&["digest"]), "Nothing has ended.\n");
    let id = place.task("exit 3");
    place.run(&["wait", &id]);
    let output = place.run(&["digest", "--since", "1h"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.starts_with("1 task has ended without success.\n  failed ") && told.contains(&id), "{told}");
    assert_eq!(error(&output), "");
}
