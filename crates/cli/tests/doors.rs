//! `solti serve` as others reach it: shut until it is told, by its file or by flags; TLS, token, both protocols.

mod support;

use solti_api::{ApiError, ApiHandler as _};
use solti_grpc::{ClientOptions, GrpcClient};
use solti_http::CertificateFiles;
use solti_model::TaskQuery;
use solti_testing::wait_until;
use std::fs;
use std::path::Path;
use support::{Place, Server, ended, error};

const OWN_TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn set_up(place: &Place, text: &str) {
    fs::create_dir_all(place.data_dir()).unwrap();
    fs::write(place.data_dir().join("serve.toml"), text).unwrap();
}

/// The address of the next door, to be called from this machine.
fn next_port(server: &Server, scheme: &str) -> String {
    let line = server.lines.next();
    let address = line.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let address = address.unwrap_or_else(|| panic!("{line} is not of {scheme}"));
    address.rsplit_once(':').unwrap().1.to_owned()
}

fn list(place: &Place, url: &str, token: &str, fingerprint: &str) -> std::process::Output {
    let mut command = place.command(&["--url", url, "list", "--json"]);
    command.env("SOLTI_TOKEN", token).env("SOLTI_FINGERPRINT", fingerprint).output().unwrap()
}

/// How many tasks gRPC tells of.
async fn tasks_by_grpc(url: &str, token: &str, certificate: &Path) -> Result<u64, ApiError> {
    let certificate_pem = Some(fs::read(certificate).unwrap());
    let options = ClientOptions { token: Some(token.to_owned()), certificate_pem };
    let client = GrpcClient::new(url, options).unwrap();
    client.query_tasks(TaskQuery::default()).await.map(|page| page.total)
}

#[test]
fn nothing_is_open_to_others_until_somebody_says_so() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert_eq!(place.json(&["list", "--json"])["total"], 0);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.lines.rest(), Vec::<String>::new(), "the socket was the only address");
}

#[test]
fn a_server_whose_standard_error_nobody_reads_answers_and_keeps_its_log() {
    let place = Place::new();
    let _server = place.serve_unheard();
    // Each call is noted in the server's log.
    for said in ["one", "two"] {
        assert_eq!(place.ok(&["run", "--wait", "--", "echo", said]), format!("{said}\n"));
    }
    let log = fs::read_to_string(place.data_dir().join("app.log")).unwrap();
    assert!(log.matches("submit_task").count() >= 2, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_opens_http_and_grpc_to_others_with_a_generated_certificate() {
    let place = Place::new();
    set_up(&place, "http = \"0.0.0.0:0\"\ngrpc = \"0.0.0.0:0\"\nhosts = [\"build.example.org\"]\n");
    let server = place.serve(&[]);
    let (http, grpc) = (next_port(&server, "https"), next_port(&server, "grpcs"));
    let api = place.data_dir().join("api");
    let token = fs::read_to_string(api.join("token")).unwrap();
    let certificate = api.join("certificate.pem");
    let files = CertificateFiles { certificate: certificate.clone(), key: api.join("key.pem") };
    let (url, fingerprint) = (format!("https://127.0.0.1:{http}"), files.fingerprint().unwrap());
    assert!(list(&place, &url, token.trim(), &fingerprint).status.success());
    let refused = list(&place, &url, "wrong", &fingerprint);
    assert!(error(&refused).contains("Unauthenticated"), "{}", error(&refused));
    let stranger = list(&place, &url, token.trim(), &"00:".repeat(32)[..95]);
    assert!(error(&stranger).contains("certificate"), "{}", error(&stranger));

    place.task("true");
    let secure = format!("https://127.0.0.1:{grpc}");
    assert_eq!(tasks_by_grpc(&secure, token.trim(), &certificate).await, Ok(1));
    assert_eq!(tasks_by_grpc(&secure, "wrong", &certificate).await, Err(ApiError::Unauthenticated));
    let plain = tasks_by_grpc(&format!("http://127.0.0.1:{grpc}"), token.trim(), &certificate).await;
    assert_eq!(plain.unwrap_err().code(), "Unavailable", "nothing is said in the clear");
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_certificate_and_token_hold_on_this_machine_too_and_flags_over_the_file() {
    let place = Place::new();
    let own = place.work().join("own");
    let files = CertificateFiles::generated(&own, &["127.0.0.1".into()]).unwrap();
    // Where the file would listen is not this machine's.
    set_up(
        &place,
        &format!(
            "http = \"192.0.2.1:1\"\ngrpc = \"127.0.0.1:0\"\ntoken-file = \"own-token\"\n\
             [tls]\ncertificate = {:?}\nkey = {:?}\n",
            files.certificate, files.key
        ),
    );
    let token = place.data_dir().join("own-token");
    fs::write(&token, OWN_TOKEN).unwrap();
    support::private(&token);
    let server = place.serve(&["--http", "127.0.0.1:0"]);
    let (http, grpc) = (next_port(&server, "https"), next_port(&server, "grpcs"));
    let url = format!("https://127.0.0.1:{http}");
    let listed = list(&place, &url, OWN_TOKEN, &files.fingerprint().unwrap());
    assert!(listed.status.success(), "{}", error(&listed));
    let secure = format!("https://127.0.0.1:{grpc}");
    assert_eq!(tasks_by_grpc(&secure, OWN_TOKEN, &files.certificate).await, Ok(0));
    assert!(!place.data_dir().join("api/certificate.pem").exists(), "none is generated beside it");
}

#[test]
fn what_the_file_cannot_say_is_refused_with_its_name_and_nothing_is_started() {
    let place = Place::new();
    let refused = |words: &[&str], said: &str| {
        let output = place.run(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let error = error(&output);
        // Beside lines of its log: on a busy machine the login shell may be too slow to be heard.
        let reported: Vec<&str> = error.lines().filter(|line| line.starts_with("solti: ")).collect();
        assert!(reported.len() == 1 && reported[0].contains(said), "{error}");
    };
    set_up(&place, "htpp = \"127.0.0.1:0\"\n");
    refused(&["serve"], "serve.toml, line 1: htpp: is not a field here; known are: http");
    set_up(&place, "http = \"127.0.0.1:0\"\n[tls]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n");
    refused(&["serve"], "a.pem");
    set_up(&place, "token-file = \"token\"\nhttp = \"127.0.0.1:0\"\n");
    fs::write(place.data_dir().join("token"), "short").unwrap();
    support::private(&place.data_dir().join("token"));
    refused(&["serve"], "holds no token");
    refused(&["serve", "--config", "elsewhere.toml"], "elsewhere.toml");
    let words = ["serve", "--host", "http://build.example.org"];
    assert_eq!(place.run(&words).status.code(), Some(2));
    fs::remove_file(place.data_dir().join("serve.toml")).unwrap();
    drop(place.serve(&[]));
}

#[test]
fn an_app_that_lets_nobody_in_is_told_from_none() {
    let place = Place::new();
    fs::create_dir_all(place.data_dir()).unwrap();
    let lock = fs::File::create(place.data_dir().join("app.lock")).unwrap();
    let refused = place.run(&["list", "--no-start"]);
    assert!(error(&refused).starts_with("solti: no Solti is running here"), "{refused:?}");
    lock.lock().unwrap();
    // Whoever holds it may be about to listen: it is waited for, and nothing is started beside it.
    let mut waiting = place.command(&["list", "--no-start"]).spawn().unwrap();
    wait_until("it is under way", || {
        fs::read_link(format!("/proc/{}/exe", waiting.id())).is_ok_and(|exe| exe.ends_with("solti"))
    });
    assert!(waiting.try_wait().unwrap().is_none());
    drop(lock);
    assert_eq!(ended(&mut waiting), Some(69));
}

#[test]
fn a_token_that_cannot_be_read_leaves_this_user_its_socket() {
    let place = Place::new();
    set_up(&place, "http = \"127.0.0.1:0\"\n");
    // No file, whoever asks.
    fs::create_dir_all(place.data_dir().join("api/token")).unwrap();
    let server = place.serve(&[]);
    assert_eq!(place.json(&["list", "--json"])["total"], 0);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.lines.rest(), Vec::<String>::new(), "HTTP is shut");
}

#[test]
fn a_data_folder_may_be_as_deep_as_any() {
    let place = Place::new();
    let deep = place.data_dir().join("d".repeat(120));
    let deep = deep.to_str().unwrap();
    let server = place.serve(&["--data-dir", deep]);
    assert_eq!(place.json(&["--data-dir", deep, "list", "--json"])["total"], 0);
    let ran = place.command(&["--data-dir", deep, "run", "--wait", "--", "echo", "here"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "here\n", "{ran:?}");
    drop(server);
}
