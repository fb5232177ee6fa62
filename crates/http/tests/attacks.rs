//! What strangers try: to get in, to keep others out, to make the server hold what it cannot.
#![allow(clippy::disallowed_methods, reason = "a test may block")]

mod common;

use common::{PATIENCE, Service, exchange};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use solti_http::{HttpError, Limits, ServeOptions, TcpOptions, Tls};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A GET of the tasks with these lines in its head.
fn get(lines: &str) -> String {
    format!("GET /api/v1/tasks HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
}

const TOKEN: &str = "Authorization: Bearer {token}\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_elses_dns_points_here_is_refused() {
    let service = Service::start_with(|options| {
        options.tcp.as_mut().unwrap().allowed_hosts = vec!["Build.example.org".into()];
    })
    .await;
    let port = service.serving.address().unwrap().port();
    for host in
        ["{host}", &format!("localhost:{port}"), "build.example.org", &format!("BUILD.example.org:{port}")]
    {
        assert_eq!(service.raw(&get(&format!("Host: {host}\r\n{TOKEN}"))).await.status, 200, "{host}");
    }
    for hosts in [
        "Host: evil.example\r\n",
        &format!("Host: evil.example:{port}\r\n"),
        &format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
        "Host: 127.0.0.1\r\n",
        "Host: localhost:1\r\n",
        "Host: \r\n",
        "Host: {host}\r\nHost: evil.example\r\n",
        "Host: {host}@evil.example\r\n",
        "X: 1\r\n",
    ] {
        let reply = service.raw(&get(&format!("{hosts}{TOKEN}"))).await;
        assert_eq!(reply.error(), (403, "PermissionDenied".into()), "{hosts}");
    }
    let absolute = "GET http://evil.example/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    assert_eq!(service.raw(absolute).await.status, 403, "the request line names another host");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_are_refused_whatever_they_know() {
    let service = Service::start().await;
    let ask = async |origin: &str| {
        service.raw(&get(&format!("Host: {{host}}\r\n{TOKEN}Origin: {origin}\r\n"))).await
    };
    assert_eq!(ask("http://{host}").await.status, 200, "the page of this server");
    for origin in
        ["http://evil.example", "null", "", "http://{host}.evil.example", "file://", "http://localhost:1"]
    {
        let reply = ask(origin).await;
        assert_eq!(reply.error(), (403, "PermissionDenied".into()), "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    let preflight = "OPTIONS /api/v1/tasks HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\n\
                     Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n";
    assert_eq!(service.raw(preflight).await.status, 403);
    let by_socket = get("Host: x\r\nOrigin: http://evil.example\r\n");
    assert_eq!(service.raw_by_socket(&by_socket).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_network_the_token_is_needed_and_over_the_socket_it_is_not() {
    let service = Service::start().await;
    let first = service.token.text();
    for bad in [
        String::new(),
        "Authorization: Bearer\r\n".into(),
        "Authorization: Bearer x\r\n".into(),
        format!("Authorization: Basic {first}\r\n"),
        format!("Authorization: Bearer {}\r\n", &first[1..]),
        format!("Authorization: Bearer {first}x\r\n"),
        format!("Cookie: token={first}\r\n"),
    ] {
        let reply = service.raw(&get(&format!("Host: {{host}}\r\n{bad}"))).await;
        assert_eq!(reply.error(), (401, "Unauthenticated".into()), "{bad}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert!(!reply.body.contains(&first));
    }
    // Without a token not even what there is can be learned, and no body is read.
    for line in ["GET /nothing", "POST /api/v1/tasks", "GET /metrics", "GET /api/v1/tasks/x/logs"] {
        let request =
            format!("{line} HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: 9\r\nConnection: close\r\n\r\n");
        assert_eq!(service.raw(&request).await.status, 401, "{line}");
    }
    for open in ["/health", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs.js"] {
        let request = format!("GET {open} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n");
        assert_eq!(service.raw(&request).await.status, 200, "{open}");
    }
    assert_eq!(service.raw_by_socket(&get("Host: anything\r\n")).await.status, 200);

    service.token.rotate().unwrap();
    let old = format!("Host: {{host}}\r\nAuthorization: Bearer {first}\r\n");
    assert_eq!(service.raw(&get(&old)).await.status, 401, "the old token");
    assert_eq!(service.raw(&get(&format!("Host: {{host}}\r\n{TOKEN}"))).await.status, 200, "the new token");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_lead_to_what_they_name_and_nowhere_else() {
    let service = Service::start().await;
    for path in [
        "/api/v1/tasks/../../../etc/passwd",
        "/api/v1/tasks/..%2f..%2f..%2fetc%2fpasswd/logs",
        "/api/v1/tasks/%2e%2e/%2e%2e/solti.db",
        "/api/v1/tasks/.",
        "/api/v1/tasks/..;/logs",
        "/api/v1/tasks/..%5c..%5ctoken/logs",
        "/api/v1/tasks/\\..\\..\\token",
        "/api/v1/tasks/%252e%252e%252ftoken",
        "/api/v1/tasks/a%00/logs",
        "/api/v1/tasks/a%0d%0aSet-Cookie:%20a=b/logs",
        "/api/v1/desktop/..%2f..%2fapi%2ftoken/read_log",
        "/api/v1/tasks/",
        "/api/v1//tasks",
        "//api/v1/tasks",
        "/API/v1/tasks",
        "/./api/v1/tasks",
        // Names of what is open to everybody, and more.
        "/health/../api/v1/tasks",
        "/api/v1/docs/../tasks",
        "/api/v1/docs.js%00",
        "/api/v1/docs%2f..%2ftasks",
    ] {
        let ask = async |token: &str| {
            let head = format!("Host: {{host}}\r\n{token}Connection: close\r\n\r\n");
            service.raw(&format!("GET {path} HTTP/1.1\r\n{head}")).await
        };
        let reply = ask(TOKEN).await;
        assert!(matches!(reply.error(), (400 | 404, code) if code == "InvalidRequest"), "{path}: {reply:?}");
        assert_eq!(reply.header("set-cookie"), None, "{path}");
        assert_eq!(ask("").await.status, 401, "{path} without the token");
    }
    let absolute = format!("GET http://{{host}}/api/v1/tasks HTTP/1.1\r\nHost: {{host}}\r\n{TOKEN}");
    assert_eq!(service.raw(&format!("{absolute}Connection: close\r\n\r\n")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_readers_could_take_for_two_requests_is_answered_once_or_not_at_all() {
    let service = Service::start().await;
    let hidden = "GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n";
    for lengths in ["Content-Length: 0\r\nContent-Length: 44", "Content-Length: 0, 44", "Content-Length: +0"]
    {
        let head = format!("POST /api/v1/tasks HTTP/1.1\r\nHost: {{host}}\r\n{TOKEN}{lengths}\r\n\r\n");
        let reply = service.raw(&format!("{head}{hidden}")).await;
        assert_eq!((reply.status, reply.body.contains("HTTP/1.1")), (400, false), "{lengths}: {reply:?}");
    }
    let header = format!("X: {}\r\n", "x".repeat(128 * 1024));
    let reply = service.raw(&get(&format!("Host: {{host}}\r\n{TOKEN}{header}"))).await;
    assert_eq!(reply.status, 431, "a head without an end is not read to its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_four_mebibytes_is_refused_announced_or_not() {
    let service = Service::start().await;
    let head = "POST /api/v1/tasks HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n";
    // Announced: refused before a byte of it is sent.
    let announced = service.raw(&format!("{head}Content-Length: 4194305\r\n\r\n")).await;
    assert_eq!(announced.error(), (413, "PayloadTooLarge".into()));
    assert_eq!(announced.json()["limitBytes"], 4 * 1024 * 1024);

    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let unannounced = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(65));
    assert_eq!(service.raw(&unannounced).await.error(), (413, "PayloadTooLarge".into()));

    let fits = format!(r#"{{"spec":{{"slot":"{}"}}}}"#, "x".repeat(4 * 1024 * 1024 - 100));
    let reply = service.ask("POST", "/api/v1/tasks", &fits).await;
    assert_eq!(reply.json()["field"], "slot", "read as a whole, and judged");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_with_a_head_is_let_go_and_others_take_the_place() {
    let limits =
        Limits { unknown_connections: 4, head_time: Duration::from_millis(500), ..Limits::default() };
    let service = Service::start_with(|options| options.limits = limits).await;
    let mut slow = vec![];
    for n in 0..4 {
        let mut stream = service.connect().await;
        // Half of them say nothing at all.
        stream.write_all(&b"GET / HTTP/1.1\r\nX: "[..if n % 2 == 0 { 0 } else { 19 }]).await.unwrap();
        slow.push(stream);
    }
    let reply =
        tokio::time::timeout(PATIENCE, service.ask("GET", "/health", "")).await.expect("finds a place");
    assert_eq!(reply.status, 200);
    for mut stream in slow {
        let mut rest = vec![];
        // Closed with or without a word; a reset is an end too.
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("is closed").ok();
    }
}

/// Room for a thousand connections and both their ends.
fn many_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(8_192, |maximum| maximum.min(8_192));
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).unwrap();
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_cost_a_bounded_number_of_files_and_keep_nobody_out() {
    many_files();
    let service = Service::start().await;
    let limits = Limits::default();
    let before = open_files();
    let watch = format!(
        "POST /api/v1/desktop/watch_tasks HTTP/1.1\r\nContent-Length: 0\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        service.serving.address().unwrap(),
        service.token.text()
    );
    let mut clients: Vec<TcpStream> = vec![];
    for _ in 0..1_000 {
        let mut stream = service.connect().await;
        stream.write_all(watch.as_bytes()).await.unwrap();
        clients.push(stream);
    }
    let (mut streaming, mut refused) = (vec![], 0);
    let sorted = tokio::time::timeout(PATIENCE, async {
        for mut client in clients {
            let mut status = [0; 12];
            client.read_exact(&mut status).await.unwrap();
            match &status[9..] {
                b"200" => streaming.push(client),
                b"503" => refused += 1,
                other => panic!("{other:?}"),
            }
        }
    });
    sorted.await.expect("every one of them is answered");
    assert_eq!((streaming.len(), refused), (limits.streams, 1_000 - limits.streams));
    // Both ends of each connection are of this process.
    let most = 2 * (limits.connections + limits.unknown_connections) + 16;
    assert!(open_files() - before <= most, "{} files", open_files() - before);
    assert_eq!(service.ask("GET", "/api/v1/tasks", "").await.status, 200, "beside them");
    drop(streaming);
    let again = tokio::time::timeout(PATIENCE, async {
        loop {
            let mut stream = service.connect().await;
            stream.write_all(watch.as_bytes()).await.unwrap();
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.unwrap();
            if &status[9..] == b"200" {
                break;
            }
        }
    });
    again.await.expect("places that are left can be taken");
}

/// So many connections that ask for `request` and take nothing of the answer.
async fn crowd(service: &Service, count: usize, request: &str) -> Vec<TcpStream> {
    let request = request.replace("{host}", &service.serving.address().unwrap().to_string());
    let mut crowd = vec![];
    for _ in 0..count {
        let mut stream = service.connect().await;
        // One that was let go already cannot be written to.
        stream.write_all(request.as_bytes()).await.ok();
        crowd.push(stream);
    }
    crowd
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_hold_on_to_their_places_keep_nobody_out_who_has_the_token() {
    many_files();
    let service = Service::start().await;
    // Many answers after each other are more than any buffer holds.
    let pages = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: {host}\r\n\r\n".repeat(400);
    let half = "GET /health HTTP/1.1\r\nHost: {host}\r\nX: ";
    let wrong = "GET /api/v1/tasks HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer x\r\n\r\n";
    for request in [pages.as_str(), half, wrong, ""] {
        let strangers = crowd(&service, 400, request).await;
        let began = Instant::now();
        for _ in 0..20 {
            assert_eq!(service.ask("GET", "/api/v1/tasks", "").await.status, 200);
        }
        let took = began.elapsed();
        assert!(took < PATIENCE / 2, "twenty calls beside 400 strangers took {took:?}");
        drop(strangers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_callers_who_send_nothing_more_keep_nobody_out() {
    many_files();
    let service = Service::start().await;
    let head = format!("HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {}\r\n", service.token.text());
    let half = format!("POST /api/v1/tasks {head}Content-Length: 4000000\r\n\r\n{{");
    let idle = format!("GET /api/v1/tasks {head}\r\n");
    for request in [half, idle] {
        let leaks = crowd(&service, 600, &request).await;
        let began = Instant::now();
        for _ in 0..5 {
            assert_eq!(service.ask("GET", "/api/v1/tasks", "").await.status, 200);
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(8), "five calls beside 600 that stand still took {took:?}");
        drop(leaks);
    }
    let mut idle = vec![];
    for _ in 0..600 {
        idle.push(tokio::net::UnixStream::connect(service.socket()).await.unwrap());
    }
    let began = Instant::now();
    assert_eq!(service.raw_by_socket(&get("Host: x\r\n")).await.status, 200);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_let_go_in_time_and_has_one_answer_a_connection() {
    let limits = Limits { unknown_time: Duration::from_millis(300), ..Limits::default() };
    let service = Service::start_with(|options| options.limits = limits).await;
    let open = service.raw("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n").await;
    assert_eq!((open.status, open.header("connection")), (200, Some("close")));
    // Nothing of these answers is read, and the head of the next request never ends.
    let mut stranger = service.connect().await;
    stranger.write_all(b"GET /health HTTP/1.1\r\nX: ").await.unwrap();
    let mut rest = vec![];
    tokio::time::timeout(PATIENCE, stranger.read_to_end(&mut rest)).await.expect("is closed").ok();

    let mut known = service.connect().await;
    let request = get(&format!("Host: {{host}}\r\n{TOKEN}"))
        .replace("Connection: close\r\n", "")
        .replace("{host}", &service.serving.address().unwrap().to_string())
        .replace("{token}", &service.token.text());
    for _ in 0..2 {
        known.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        known.read_exact(&mut status).await.unwrap();
        assert_eq!(&status[9..], b"200");
        let mut rest = vec![0; 64 * 1024];
        assert!(known.read(&mut rest).await.unwrap() > 0);
        tokio::time::sleep(limits.unknown_time * 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_ends_what_was_opened_with_the_old_one_and_nothing_of_this_user() {
    let service = Service::start().await;
    let watch = |host: &str| {
        let token = service.token.text();
        format!(
            "POST /api/v1/desktop/watch_tasks HTTP/1.1\r\nContent-Length: 0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
    };
    let mut far = service.connect().await;
    far.write_all(watch(&service.serving.address().unwrap().to_string()).as_bytes()).await.unwrap();
    let mut own = tokio::net::UnixStream::connect(service.socket()).await.unwrap();
    own.write_all(watch("x").as_bytes()).await.unwrap();
    let mut some = [0; 64];
    far.read_exact(&mut some).await.unwrap();
    own.read_exact(&mut some).await.unwrap();
    service.token.rotate().unwrap();
    let mut rest = vec![];
    tokio::time::timeout(PATIENCE, far.read_to_end(&mut rest)).await.expect("it ends").ok();
    let rest = String::from_utf8_lossy(&rest);
    let (_, last) = rest.split_once("event: error\ndata: ").unwrap_or_else(|| panic!("{rest}"));
    assert!(last.contains(r#""error":"Unauthenticated""#), "{last}");

    let mut on = vec![];
    let open = tokio::time::timeout(Duration::from_millis(200), own.read_to_end(&mut on)).await;
    assert!(open.is_err() && !String::from_utf8_lossy(&on).contains("event: error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn this_user_is_not_told_to_wait() {
    let service = Service::start_at_rate(solti_api::guard::RateLimit::new(1, 3)).await;
    let request = "GET /api/v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
    let last = get("Host: x\r\n");
    let replies = exchange(
        tokio::net::UnixStream::connect(service.socket()).await.unwrap(),
        (request + &last).as_bytes(),
    )
    .await;
    assert_eq!((replies.status, replies.body.matches("HTTP/1.1 200").count()), (200, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_answers_who_has_asked_and_breaks_streams_off() {
    let service = Service::start().await;
    let mut stream = service.connect().await;
    let watch = format!(
        "POST /api/v1/desktop/watch_tasks HTTP/1.1\r\nContent-Length: 0\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        service.serving.address().unwrap(),
        service.token.text()
    );
    stream.write_all(watch.as_bytes()).await.unwrap();
    let mut some = [0; 64];
    stream.read_exact(&mut some).await.unwrap();
    let (socket, address) = (service.socket(), service.serving.address().unwrap());
    tokio::time::timeout(PATIENCE, service.serving.shut_down()).await.expect("in time");
    let mut rest = vec![];
    // A reset is as good.
    stream.read_to_end(&mut rest).await.ok();
    assert!(!rest.ends_with(b"0\r\n\r\n"), "not the end of the stream, but a break");
    assert!(!socket.exists());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_is_private_and_only_a_dead_one_is_replaced() {
    let service = Service::start().await;
    let socket = service.socket();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(socket.parent().unwrap()), mode(&socket)), (0o700, 0o600));

    let guards =
        solti_api::guard::StandardGuards::new(solti_api::guard::Auth::for_this_user(service.token.clone()));
    let again = async || {
        let options = ServeOptions { socket: Some(socket.clone()), ..ServeOptions::default() };
        solti_http::serve(std::sync::Arc::new(service.engine.api.clone()), &guards, options).await
    };
    assert!(matches!(again().await, Err(HttpError::SocketInUse { .. })));
    let live =
        exchange(tokio::net::UnixStream::connect(&socket).await.unwrap(), get("Host: x\r\n").as_bytes())
            .await;
    assert_eq!(live.status, 200, "the one that answers stays");

    service.serving.shut_down().await;
    // What a server that was killed leaves behind.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let serving = again().await.expect("replaces it");
    assert_eq!(serving.socket(), Some(socket.as_path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_open_to_others_is_served_with_tls_or_not_at_all() {
    let service = Service::start().await;
    let guards =
        solti_api::guard::StandardGuards::new(solti_api::guard::Auth::for_this_user(service.token.clone()));
    let at = async |tls| {
        let tcp = Some(TcpOptions::new("0.0.0.0:0".parse().unwrap(), tls));
        let options = ServeOptions { tcp, ..ServeOptions::default() };
        solti_http::serve(std::sync::Arc::new(service.engine.api.clone()), &guards, options).await
    };
    assert!(matches!(at(Tls::Off).await, Err(HttpError::PlainTcp { .. })));
    let dir = service.dir.path().join("certificate");
    let first = at(Tls::Auto { dir: dir.clone() }).await.expect("with a certificate of its own");
    assert!(first.url().unwrap().starts_with("https://"));
    let key = std::fs::metadata(dir.join("key.pem")).unwrap().permissions().mode() & 0o777;
    assert_eq!(key, 0o600);
    let second = at(Tls::Auto { dir }).await.expect("with the same one");
    assert_eq!((first.fingerprint().map(str::len), first.fingerprint()), (Some(95), second.fingerprint()));
}
