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
    assert!(body.contains(r#""hook":"team-chat""#) && !body.contains(TOKEN), "{body}");
    let listed = place.json(&["hooks", "--json"]);
    assert_eq!(listed["hooks"][0]["hook"]["call"], json!({"webhook": {"url": address}}));
}
