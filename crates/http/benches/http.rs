//! What the API costs over HTTP, beside what the same bytes cost without it: `cargo bench -p solti-http [-- NAME…]`.
//!
//! Rounds of the API and of its rival alternate, so that both meet the same machine. The aims are those of
//! `docs/benchmarks.md`. Wrong results panic; a missed aim is only marked.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/finished_tasks.rs"]
mod finished_tasks;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use axum::Router;
use axum::routing::get;
use common::{Engine, Service, command, resident, spec};
use http::header::CONTENT_TYPE;
use measure::{Parts, median, report, share};
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_api::guard::RateLimit;
use solti_http::{ClientOptions, HttpClient, Trust};
use solti_model::{OutputEvent, TaskId, TaskPhase, TaskQuery};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::StreamExt as _;

const ROUNDS: usize = 5;
/// Connections that ask at a time.
const CLIENTS: usize = 8;
const ROUND_TIME: Duration = Duration::from_secs(2);
const LISTED: u64 = 100_000;
const LINES: u64 = 2_000_000;
const SLOW: u32 = 64;

fn main() {
    let Some(parts) = Parts::asked() else { return };
    common::shim();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        if parts.wanted("requests") {
            requests().await;
        }
        if parts.wanted("list") {
            list().await;
        }
        if parts.wanted("lines") {
            lines().await;
        }
        if parts.wanted("slow") {
            slow().await;
        }
    });
}

/// Asks for one path again and again over some connections; answers per second.
async fn rate(address: SocketAddr, path: &str, token: &str, expected: &str) -> f64 {
    let request =
        Arc::new(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"));
    let (expected, answers, began) =
        (Arc::new(expected.to_owned()), Arc::new(AtomicU64::new(0)), Instant::now());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (request, expected, answers) =
            (Arc::clone(&request), Arc::clone(&expected), Arc::clone(&answers));
        all.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut buffer = vec![0; 16 * 1024];
            while began.elapsed() < ROUND_TIME {
                stream.write_all(request.as_bytes()).await.unwrap();
                let mut n = 0;
                while !buffer[..n].ends_with(expected.as_bytes()) {
                    let more = stream.read(&mut buffer[n..]).await.unwrap();
                    assert!(more > 0, "{}", String::from_utf8_lossy(&buffer[..n]));
                    n += more;
                }
                assert!(buffer.starts_with(b"HTTP/1.1 200"));
                answers.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    all.join_all().await;
    answers.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// One finished task, asked for over TCP with a token, behind all guards but the rate limit; beside a bare axum route that
/// returns the same bytes.
async fn requests() {
    let service = Service::start_at_rate(RateLimit::new(u32::MAX, u32::MAX)).await;
    let id = service.engine.api.submit_task(spec("s", command("true", &[]), json!({}))).await.unwrap();
    service.engine.finished(&id).await;
    let path = format!("/api/v1/tasks/{id}");
    let body: Arc<str> = service.ask("GET", &path, "").await.body.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bare_address = listener.local_addr().unwrap();
    let bytes = bytes::Bytes::copy_from_slice(body.as_bytes());
    let bare = Router::new()
        .route("/api/v1/tasks/{id}", get(|| async move { ([(CONTENT_TYPE, "application/json")], bytes) }));
    tokio::spawn(async move { axum::serve(listener, bare).await });

    let (mut ours, mut rival) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        rival.push(rate(bare_address, &path, "none", &body).await);
        ours.push(rate(service.serving.address().unwrap(), &path, &service.token.text(), &body).await);
    }
    let (ours, rival) = (median(ours), median(rival));
    report(
        "GET of one task",
        &format!("{ours:.0}/s, a bare axum route {rival:.0}/s, ratio {:.2}", ours / rival),
        "at least 0.5",
        ours >= 0.5 * rival,
    );
}

/// Pages of a hundred out of a hundred thousand finished tasks, as the whole answer over one connection.
async fn list() {
    let dir = tempfile::tempdir().unwrap();
    finished_tasks::store(&dir.path().join("data"), LISTED).await;
    let engine = Engine::open(&dir.path().join("data")).await;
    let (serving, token) = Service::serve(&engine, &dir, |_| {}).await;
    let api = client(serving.url().unwrap(), &token.text());
    let mut times = vec![];
    for round in 0..400 {
        let status = if round % 2 == 0 { vec![] } else { vec![TaskPhase::Failed] };
        let query = TaskQuery { status, limit: Some(100), ..TaskQuery::default() };
        let began = Instant::now();
        let page = api.query_tasks(query).await.unwrap();
        times.push(began.elapsed());
        assert_eq!(page.items.len(), 100);
    }
    let (p50, p99) = (share(&mut times, 50), share(&mut times, 99));
    report(
        "a list of 100 of 100,000 tasks",
        &format!("p50 {p50:.2?}, p99 {p99:.2?}"),
        "p99 below 10 ms",
        p99 < Duration::from_millis(10),
    );
}

fn client(url: &str, token: &str) -> HttpClient {
    let mut options = ClientOptions::new(url.parse().unwrap());
    options.token = Some(token.to_owned());
    options.trust = Trust::PublicAuthorities;
    HttpClient::new(options).unwrap()
}

/// Two million lines as server-sent events, to a reader that only counts them and to the client that makes events of them.
async fn lines() {
    let service = Service::start().await;
    let task = spec("s", command("seq", &["1", &LINES.to_string()]), json!({}));
    let id = service.engine.api.submit_task(task).await.unwrap();
    service.engine.finished(&id).await;
    let (raw, bytes, events) = read_all(&service, &id).await;
    let api = client(service.url(), &service.token.text());
    let began = Instant::now();
    let mut stream = api.stream_task_logs(&id).await.unwrap();
    let mut right = 0;
    while let Some(event) = stream.next().await {
        if let OutputEvent::Chunk { seq, line, .. } = event {
            right += u64::from(seq == right && line.parse() == Ok(right + 1));
        }
    }
    let parsed = began.elapsed();
    let lost = (LINES + 2).abs_diff(events).max(LINES - right);
    report(
        "2,000,000 lines over server-sent events",
        &format!(
            "{raw:.2?} ({:.0} MB/s), {parsed:.2?} through the client, lines lost {lost}",
            bytes as f64 / 1e6 / raw.as_secs_f64()
        ),
        "0 lost",
        lost == 0,
    );
}

/// A reader that only counts: how long the log took, its bytes on the wire, its events.
async fn read_all(service: &Service, id: &TaskId) -> (Duration, usize, u64) {
    let began = Instant::now();
    let mut stream = service.connect().await;
    stream.write_all(log_request(service, id).as_bytes()).await.unwrap();
    let (mut buffer, mut bytes, mut events) = (vec![0; 64 * 1024], 0, 0);
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => return (began.elapsed(), bytes, events),
            more => {
                bytes += more;
                // One brace opens the data of each event, and the logs here have none.
                events += buffer[..more].iter().filter(|byte| **byte == b'{').count() as u64;
            }
        }
    }
}

fn log_request(service: &Service, id: &TaskId) -> String {
    format!(
        "GET /api/v1/tasks/{id}/logs HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        service.serving.address().unwrap(),
        service.token.text()
    )
}

/// Readers of a log of two million lines who take nothing of it, and one beside them who reads it all.
async fn slow() {
    let service = Service::start().await;
    let task = spec("s", command("seq", &["1", &LINES.to_string()]), json!({}));
    let id = service.engine.api.submit_task(task).await.unwrap();
    service.engine.finished(&id).await;
    // Once before, so that what stays allocated for any reader is there already.
    read_all(&service, &id).await;
    let (mut alone, mut beside, mut each) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        alone.push(read_all(&service, &id).await.0.as_secs_f64());
        let before = resident();
        let mut readers = vec![];
        for _ in 0..SLOW {
            let mut stream = service.connect().await;
            stream.write_all(log_request(&service, &id).as_bytes()).await.unwrap();
            stream.read_exact(&mut [0; 64]).await.unwrap();
            readers.push(stream);
        }
        beside.push(read_all(&service, &id).await.0.as_secs_f64());
        each.push(resident().saturating_sub(before) as f64 / f64::from(SLOW));
    }
    let (alone, beside, each) = (median(alone), median(beside), median(each));
    report(
        "64 readers of a log who take nothing",
        &format!("{each:.0} KiB each; another reader {beside:.2} s, alone {alone:.2} s"),
        "less than 1 MiB each, nobody slowed",
        each < 1_024.0 && beside < 1.5 * alone,
    );
}
