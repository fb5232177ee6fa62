//! The client where the connection matters: breaks and their mending, certificates, ssh, strangers at the other end.
#![allow(clippy::disallowed_methods, reason = "a test may block")]

mod common;
mod ssh;

use common::{PATIENCE, Service, bash, chunk, command, spec};
use serde_json::json;
use solti_api::operations::{ExportLog, Operations as _, StopTask, WatchTasks, WatchUsage};
use solti_api::{ApiError, ApiHandler};
use solti_http::{
    ClientOptions, Endpoint, HttpClient, Reachability, ServerCertificate, TcpOptions, Tls, Trust,
};
use solti_model::{OutputEvent, RunId, StopMode, TaskQuery};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_stream::StreamExt as _;

fn client(url: &str, token: Option<String>, trust: Trust) -> HttpClient {
    HttpClient::new(ClientOptions { token, trust, ..ClientOptions::new(url.parse().unwrap()) }).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_goes_on_at_the_line_where_the_connection_broke() {
    const LINES: u64 = 200_000;
    let mut service = Service::start().await;
    let api = client(service.url(), Some(service.token.text()), Trust::PublicAuthorities);
    let id = api.submit_task(spec("s", command("seq", &["1", &LINES.to_string()]), json!({}))).await.unwrap();
    let mut events = api.stream_task_logs(&id).await.unwrap();
    let (mut lines, mut ended, mut restarts) = (0, false, 0);
    let read = tokio::time::timeout(PATIENCE * 2, async {
        while let Some(event) = events.next().await {
            if let Some((_, _, seq, line)) = chunk(&event) {
                assert_eq!((seq, line), (lines, (lines + 1).to_string().as_str()));
                lines += 1;
                if lines.is_multiple_of(LINES / 4) && restarts < 3 {
                    restarts += 1;
                    service = restarted(service).await;
                }
            }
            ended = matches!(event, OutputEvent::RunFinished { .. });
        }
    });
    read.await.expect("the log ends");
    assert_eq!((lines, ended, restarts), (LINES, true, 3), "each line once, and the end");
}

#[tokio::test]
async fn a_request_that_no_server_has_read_is_sent_to_the_one_that_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("api.sock");
    let asking = |handover| {
        let options = ClientOptions { handover, ..ClientOptions::new(Endpoint::Unix(path.clone())) };
        let api = HttpClient::new(options).unwrap();
        tokio::spawn(async move { api.query_tasks(TaskQuery::default()).await })
    };
    let refused = asking(std::time::Duration::ZERO).await.unwrap().unwrap_err();
    assert!(matches!(refused, ApiError::Unavailable { .. }), "{refused:?}");
    let asking = asking(PATIENCE);
    // One that ends with the request before it.
    let ending = tokio::net::UnixListener::bind(&path).unwrap();
    let (unread, _) = ending.accept().await.unwrap();
    unread.readable().await.unwrap();
    drop((ending, unread));
    std::fs::remove_file(&path).unwrap();
    let read_one = async |listener: &tokio::net::UnixListener| {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the whole of it comes");
        }
        stream
    };
    // One that is killed before it has answered: a question can be asked again.
    let killed = tokio::net::UnixListener::bind(&path).unwrap();
    drop((read_one(&killed).await, killed));
    std::fs::remove_file(&path).unwrap();
    let next = tokio::net::UnixListener::bind(&path).unwrap();
    let mut stream = read_one(&next).await;
    let page = r#"{"tasks":[],"total":7}"#;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{page}", page.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap().total, 7);
}

/// The same engine behind a new server at the same address.
async fn restarted(service: Service) -> Service {
    let Service { engine, serving, dir, .. } = service;
    let address = serving.address().expect("it listens");
    serving.shut_down().await;
    let (serving, token) = Service::serve(&engine, &dir, |options| {
        options.tcp = Some(TcpOptions::new(address, Tls::Off));
    })
    .await;
    Service { engine, serving, token, dir }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_is_told_to_read_again_after_a_break_and_a_banner_hears_of_both() {
    // It is opened again where it was.
    let address = ([127, 0, 0, 1], solti_testing::free_port()).into();
    let tcp = TcpOptions::new(address, Tls::Off);
    let mut service = Service::start_with(|options| options.tcp = Some(tcp)).await;
    let api = client(service.url(), Some(service.token.text()), Trust::PublicAuthorities);
    let mut reachability = api.reachability();
    assert_eq!(*reachability.borrow_and_update(), Reachability::Unknown);
    let mut changes = api.open(WatchTasks::all()).await.unwrap();
    assert!(!changes.next().await.unwrap().resync);
    assert_eq!(*reachability.borrow_and_update(), Reachability::Reached);

    let Service { engine, serving, dir, .. } = service;
    let address = serving.address().unwrap();
    serving.shut_down().await;
    let lost = tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            change = changes.next() => panic!("{change:?}"),
            _ = reachability.wait_for(|now| matches!(now, Reachability::Lost(_))) => {}
        }
    });
    lost.await.expect("the loss is told");
    assert!(matches!(api.query_tasks(TaskQuery::default()).await, Err(ApiError::Unavailable { .. })));

    let again =
        |options: &mut solti_http::ServeOptions| options.tcp = Some(TcpOptions::new(address, Tls::Off));
    let (serving, token) = Service::serve(&engine, &dir, again).await;
    service = Service { engine, serving, token, dir };
    let change = tokio::time::timeout(PATIENCE, changes.next()).await.expect("comes back").unwrap();
    assert!(change.resync);
    assert_eq!(*reachability.borrow(), Reachability::Reached);
    service.serving.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_task_uses_is_told_until_it_is_over() {
    let service = Service::start().await;
    let api = client(service.url(), Some(service.token.text()), Trust::PublicAuthorities);
    let id = api.submit_task(spec("s", bash("sleep 600"), json!({}))).await.unwrap();
    let mut samples = api.open(WatchUsage { id: id.clone() }).await.unwrap();
    let mut next = async || tokio::time::timeout(PATIENCE, samples.next()).await.expect("told in time");
    let sample = next().await.expect("one while it runs");
    assert!(sample.attempt == 1 && sample.processes >= 1, "{sample:?}");
    api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap();
    while next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_judged_by_its_fingerprint_or_by_its_authority() {
    let dir = tempfile::tempdir().unwrap();
    let tls = Tls::Generated { dir: dir.path().join("certificate") };
    let service = Service::start_with(|options| {
        options.tcp = Some(TcpOptions::new("127.0.0.1:0".parse().unwrap(), tls));
    })
    .await;
    let fingerprint = service.serving.fingerprint().unwrap().to_owned();
    let endpoint: Endpoint = service.url().parse().unwrap();
    let seen = ServerCertificate::of(&endpoint).await.expect("it is there");
    assert_eq!(seen, Some(ServerCertificate { fingerprint: fingerprint.clone(), vouched: false }));
    let plain = "http://127.0.0.1:1".parse().unwrap();
    assert_eq!(ServerCertificate::of(&plain).await.expect("nothing is asked"), None);
    let ask = async |trust| {
        client(service.url(), Some(service.token.text()), trust).query_tasks(TaskQuery::default()).await
    };
    ask(Trust::Fingerprint(fingerprint.clone())).await.expect("the right fingerprint");
    ask(Trust::Authority(dir.path().join("certificate/certificate.pem"))).await.expect("its own authority");
    let mut other = fingerprint;
    other.replace_range(0..2, if other.starts_with("00") { "01" } else { "00" });
    for trust in [Trust::Fingerprint(other), Trust::PublicAuthorities] {
        let error = ask(trust.clone()).await.expect_err("a stranger");
        assert!(
            matches!(&error, ApiError::Unavailable { reason } if reason.contains("certificate")),
            "{error:?}"
        );
    }
    assert!(
        HttpClient::new(ClientOptions {
            trust: Trust::Fingerprint("12:34".into()),
            ..ClientOptions::new(service.url().parse().unwrap())
        })
        .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_is_reached_over_ssh() {
    let service = Service::start().await;
    let mut options = ClientOptions::new("ssh://me@build.example.org:2222".parse().unwrap());
    options.ssh = ssh::bridge_to(&service.socket(), service.dir.path()).into();
    let api = HttpClient::new(options).unwrap();
    let id = api.submit_task(spec("s", bash("seq 1 100000"), json!({}))).await.unwrap();
    let events = api.stream_task_logs(&id).await.unwrap();
    let lines =
        tokio::time::timeout(PATIENCE, events.filter(|event| chunk(event).is_some()).collect::<Vec<_>>());
    assert_eq!(lines.await.expect("the log ends").len(), 100_000);
    let called = std::fs::read_to_string(service.dir.path().join("notes")).unwrap();
    let call = called.lines().next().unwrap();
    assert!(
        call.contains("-o BatchMode=yes")
            && call.ends_with("-l me -p 2222 -- build.example.org solti connect"),
        "{call}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_of_the_far_shell_is_no_answer_and_breaks_none() {
    let service = Service::start().await;
    let bridge = ssh::bridge_to(&service.socket(), service.dir.path());
    let dir = tempfile::tempdir().unwrap();
    let greeting = "echo 'Last login: today'; printf 'You have mail. '";
    let greeting = format!("#!/bin/sh\n{greeting}\nexec {} \"$@\"\n", bridge.display());
    let mut options = ClientOptions::new("ssh://build.example.org".parse().unwrap());
    options.ssh = ssh::program(dir.path(), &greeting).into();
    let api = HttpClient::new(options).unwrap();
    let id = api.submit_task(spec("s", bash("seq 1 1000"), json!({}))).await.unwrap();
    let log = api.stream_task_logs(&id).await.unwrap();
    let lines =
        tokio::time::timeout(PATIENCE, log.filter(|event| chunk(event).is_some()).collect::<Vec<_>>());
    assert_eq!(lines.await.expect("the log ends").len(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_far_end_says_instead_of_an_answer_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = ClientOptions::new("ssh://build.example.org".parse().unwrap());
    options.ssh = ssh::program(dir.path(), "#!/bin/sh\necho 'This account is not available.'\n").into();
    let error = HttpClient::new(options).unwrap().query_tasks(TaskQuery::default()).await.unwrap_err();
    let ApiError::Unavailable { reason } = error else { panic!("{error:?}") };
    assert_eq!(reason, "ssh://build.example.org cannot be reached: This account is not available.");
}

#[tokio::test]
async fn an_ssh_that_never_answers_is_told_of_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = ClientOptions::new("ssh://build.example.org".parse().unwrap());
    options.ssh = ssh::program(dir.path(), "#!/bin/sh\nexec sleep 600\n").into();
    let api = HttpClient::new(options).unwrap();
    // Nothing moves but the clock.
    tokio::time::pause();
    let error = api.query_tasks(TaskQuery::default()).await.unwrap_err();
    let ApiError::Unavailable { reason } = error else { panic!("{error:?}") };
    assert_eq!(
        reason,
        "ssh://build.example.org cannot be reached: no answer within 30 s. \
         `ssh` with this host in a terminal shows what it waits for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ssh_says_of_its_end_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let refusing = "#!/bin/sh\necho 'me@build.example.org: Permission denied (publickey).' >&2\nexit 255\n";
    let mut options = ClientOptions::new("ssh://build.example.org".parse().unwrap());
    options.ssh = ssh::program(dir.path(), refusing).into();
    let api = HttpClient::new(options).unwrap();
    let error = api.query_tasks(TaskQuery::default()).await.unwrap_err();
    let ApiError::Unavailable { reason } = error else { panic!("{error:?}") };
    assert_eq!(
        reason,
        "ssh://build.example.org cannot be reached: me@build.example.org: Permission denied (publickey)."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_kind_is_named_as_such() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1_024];
            let _read = stream.read(&mut head).await;
            stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nsorry").await.ok();
        }
    });
    let error =
        client(&url, None, Trust::PublicAuthorities).query_tasks(TaskQuery::default()).await.unwrap_err();
    assert!(matches!(&error, ApiError::Unavailable { reason } if reason.contains("502")), "{error:?}");
}

#[tokio::test]
async fn an_export_that_stands_still_is_an_error_and_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Its head comes in one piece.
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf\n").await.unwrap();
        // The rest never comes, and the connection stays.
        std::future::pending::<()>().await;
    });
    let api = client(&url, None, Trust::PublicAuthorities);
    let mut export = api
        .download(ExportLog { run: RunId::new("t1".parse().unwrap(), 1), timestamps: false, search_id: None })
        .await
        .unwrap();
    assert_eq!(export.next().await.unwrap().unwrap().bytes, "half\n");
    // From here on nothing moves but the clock.
    tokio::time::pause();
    assert!(matches!(export.next().await, Some(Err(ApiError::Unavailable { .. }))));
    assert!(export.next().await.is_none());
    server.abort();
}
