//! What a client meets at the door: codes and bodies of errors, limits, tokens, TLS, slow readers, breaks and the end.

mod common;
#[path = "common/handlers.rs"]
mod handlers;

use common::{Served, order};
use futures::StreamExt as _;
use handlers::{Logged, Refusing};
use serde_json::{Value, json};
use solti_api::guard::{AccessToken, Auth};
use solti_api::{ApiError, ApiHandler};
use solti_grpc::proto::{self, solti_api_client::SoltiApiClient};
use solti_grpc::{ClientOptions, GrpcClient, GrpcError, Listener, ServerOptions, TlsIdentity, serve};
use solti_model::{OutputEvent, Slot, TaskId, TaskQuery};
use solti_testing::PATIENCE;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

fn id() -> TaskId {
    TaskId::new("t1").unwrap()
}

/// The JSON body, as a client of another language would read it.
fn body(status: &Status) -> Value {
    let body = status.metadata().get_bin("solti-error-bin").expect("every refusal has a body");
    serde_json::from_slice(&body.to_bytes().unwrap()).unwrap()
}

#[tokio::test]
async fn every_error_of_every_call_arrives_as_it_was() {
    for error in [
        ApiError::TaskNotFound { id: id() },
        ApiError::SlotBusy {
            slot: Slot::new("etl").unwrap(),
            running: id(),
            reason: "the lane is paused".into(),
        },
        ApiError::RateLimited { retry_after_ms: 70 },
        ApiError::Internal { incident: "1f".into() },
    ] {
        let served = Served::unix(Arc::new(Refusing(error.clone())), ServerOptions::default()).await;
        let client = served.client();
        let spec = json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "x"}}}}});
        assert_eq!(client.submit_task(solti_model::parse_spec(spec).unwrap()).await.unwrap_err(), error);
        assert_eq!(client.get_task_status(&id()).await.unwrap_err(), error);
        assert_eq!(client.query_tasks(TaskQuery::default()).await.unwrap_err(), error);
        assert_eq!(client.list_task_runs(&id()).await.unwrap_err(), error);
        assert_eq!(client.delete_task(&id()).await.unwrap_err(), error);
        assert_eq!(client.stream_task_logs(&id()).await.map(drop).unwrap_err(), error);
    }
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_with_the_field() {
    let served = Served::tcp(Arc::new(Logged::new("", 0)), ServerOptions::default()).await;
    let mut client = served.stranger().await;
    let submit = |spec| proto::SubmitTaskRequest { spec };
    let unspecified = proto::CreateSpec { admission: 0, ..order("x", &[]) };
    for (request, field) in [(submit(None), "spec"), (submit(Some(unspecified)), "admission")] {
        let status = client.submit_task(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            (&body(&status)["error"], &body(&status)["field"]),
            (&json!("InvalidRequest"), &json!(field))
        );
    }
    let query = proto::ListTasksRequest { status: Some(0), ..Default::default() };
    assert_eq!(body(&client.list_tasks(query).await.unwrap_err())["field"], "status");
    let bad = proto::GetTaskStatusRequest { task_id: "../x".into() };
    assert_eq!(body(&client.get_task_status(bad).await.unwrap_err())["field"], "id");
    let unknown = proto::GetTaskStatusRequest { task_id: "unknown".into() };
    assert_eq!(
        client.get_task_status(unknown).await.unwrap().into_inner().task,
        None,
        "no task is no error here"
    );
}

#[tokio::test]
async fn a_request_over_four_mebibytes_is_too_large_and_nothing_else_suffers() {
    let served = Served::tcp(Arc::new(Logged::new("", 0)), ServerOptions::default()).await;
    let mut client = served.stranger().await;
    let large = "x".repeat(solti_grpc::MAX_REQUEST_BYTES);
    let spec = Some(order("echo", &[&large]));
    let status = client.submit_task(proto::SubmitTaskRequest { spec }).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(body(&status)["error"], "PayloadTooLarge");
    let fitting = Some(order("echo", &[&large[..large.len() - 1_000]]));
    let status = client.submit_task(proto::SubmitTaskRequest { spec: fitting }).await.unwrap_err();
    assert_eq!(body(&status)["error"], "Conflict", "it came as far as the handler");
}

#[tokio::test]
async fn bytes_that_are_no_message_are_an_invalid_request() {
    let served = Served::tcp(Arc::new(Logged::new("", 0)), ServerOptions::default()).await;
    let mut grpc = tonic::client::Grpc::new(served.channel().await);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/solti.v1.SoltiApi/SubmitTask");
    // Another message under the same number: a string where a message is due.
    let codec = tonic_prost::ProstCodec::<proto::GetTaskStatusRequest, proto::SubmitTaskResponse>::default();
    let request = Request::new(proto::GetTaskStatusRequest { task_id: "\u{7f}\u{7f}\u{7f}".into() });
    let status = grpc.unary(request, path, codec).await.unwrap_err();
    assert_eq!((status.code(), &body(&status)["field"]), (Code::InvalidArgument, &json!("request")));
}

#[tokio::test]
async fn without_the_token_nobody_from_the_network_is_let_in() {
    let dir = tempfile::tempdir().unwrap();
    let token = Arc::new(AccessToken::open(&dir.path().join("api")).unwrap());
    let auth = Some(Arc::new(Auth::new(Arc::clone(&token), rustix::process::geteuid().as_raw())));
    let options = ServerOptions { auth, ..ServerOptions::default() };
    let served = Served::tcp(Arc::new(Logged::new("x", 1)), options.clone()).await;
    let with = |token: Option<&str>| {
        GrpcClient::new(&served.url, ClientOptions { token: token.map(Into::into), ..Default::default() })
            .unwrap()
    };
    for wrong in [None, Some("wrong"), Some("")] {
        let client = with(wrong);
        assert_eq!(client.query_tasks(TaskQuery::default()).await.unwrap_err(), ApiError::Unauthenticated);
        assert_eq!(client.stream_task_logs(&id()).await.map(drop).unwrap_err(), ApiError::Unauthenticated);
    }
    with(Some(&token.text())).query_tasks(TaskQuery::default()).await.expect("the token opens");

    let probe = HealthCheckRequest { service: "solti.v1.SoltiApi".into() };
    let mut health = HealthClient::new(served.channel().await);
    let answer = health.check(probe).await.expect("a probe needs no token").into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
    let whole =
        health.check(HealthCheckRequest::default()).await.expect("the server as a whole").into_inner();
    assert_eq!(whole.status(), ServingStatus::Serving);
    let other = HealthCheckRequest { service: "solti.v2.SoltiApi".into() };
    assert_eq!(health.check(other).await.unwrap_err().code(), Code::NotFound);

    let local = Served::unix(Arc::new(Logged::new("x", 1)), options).await;
    local.client().query_tasks(TaskQuery::default()).await.expect("this user needs no token on a socket");
}

fn guarded(dir: &tempfile::TempDir) -> (Arc<AccessToken>, ServerOptions) {
    let token = Arc::new(AccessToken::open(&dir.path().join("api")).unwrap());
    let auth = Some(Arc::new(Auth::for_this_user(Arc::clone(&token))));
    (token, ServerOptions { auth, ..ServerOptions::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_answer_pings_keep_nobody_out_who_has_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let (token, options) = guarded(&dir);
    let served = Served::tcp(Arc::new(Logged::new("x", 1)), options).await;
    let mut strangers = vec![];
    for _ in 0..300 {
        // Each watches the health of the server, which needs no token and has no end.
        let mut health = HealthClient::new(served.channel().await);
        let watch = health.watch(HealthCheckRequest::default()).await;
        strangers.push((health, watch));
    }
    let how = || ClientOptions { token: Some(token.text()), ..Default::default() };
    for _ in 0..10 {
        let known = GrpcClient::new(&served.url, how()).unwrap();
        let answer = tokio::time::timeout(PATIENCE, known.query_tasks(TaskQuery::default()));
        answer.await.expect("beside them").expect("served");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_let_go_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let (token, mut options) = guarded(&dir);
    options.unknown_time = Duration::from_millis(300);
    let served = Served::tcp(Arc::new(Logged::new("x", 1)), options.clone()).await;
    let mut health = HealthClient::new(served.channel().await);
    let mut watch = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    let ended = async { while let Ok(Some(_)) = watch.message().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("it is closed");

    let api = Logged { live: true, ..Logged::new("x", 1) };
    let served = Served::tcp(Arc::new(api), options.clone()).await;
    let mut known = SoltiApiClient::with_interceptor(served.channel().await, bearing(&token.text()));
    let request = proto::StreamTaskLogsRequest { task_id: "t1".into(), ..Default::default() };
    let mut log = known.stream_task_logs(request).await.unwrap().into_inner();
    log.message().await.unwrap().unwrap();
    log.message().await.unwrap().unwrap();
    let open = tokio::time::timeout(options.unknown_time * 3, log.message()).await;
    assert!(open.is_err(), "known callers stay: {open:?}");
    token.rotate().unwrap();
    let reported = tokio::time::timeout(PATIENCE, log.message()).await.expect("its token is none any more");
    assert_eq!(reported.unwrap_err().code(), Code::Unauthenticated);
}

fn bearing(token: &str) -> impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone + use<> {
    let value: tonic::metadata::MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
    move |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", value.clone());
        Ok(request)
    }
}

#[tokio::test]
async fn there_is_no_reflection() {
    let served = Served::tcp(Arc::new(Logged::new("", 0)), ServerOptions::default()).await;
    let mut grpc = tonic::client::Grpc::new(served.channel().await);
    grpc.ready().await.unwrap();
    let path =
        http::uri::PathAndQuery::from_static("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    assert_eq!(grpc.unary(Request::new(()), path, codec).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn beyond_this_machine_it_speaks_tls_or_not_at_all() {
    let listener = Listener::Tcp(TcpListener::bind("0.0.0.0:0").await.unwrap());
    let api = Arc::new(Logged::new("x", 3));
    let refused = serve(api.clone(), listener, ServerOptions::default(), std::future::pending()).await;
    assert!(matches!(refused, Err(GrpcError::PlainText { .. })), "{refused:?}");

    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate_pem = made.cert.pem().into_bytes();
    let tls = TlsIdentity {
        certificate_pem: certificate_pem.clone(),
        key_pem: made.signing_key.serialize_pem().into_bytes(),
    };
    let served = Served::tcp(api, ServerOptions { tls: Some(tls), ..ServerOptions::default() }).await;
    let trusting = ClientOptions { certificate_pem: Some(certificate_pem), token: None };
    let client = GrpcClient::new(&served.url, trusting).unwrap();
    assert_eq!(client.stream_task_logs(&id()).await.unwrap().count().await, 5);
    let strict = served.client();
    let error = strict.query_tasks(TaskQuery::default()).await.unwrap_err();
    assert_eq!(error.code(), "Unavailable", "nobody signed it: {error}");
    let plain = GrpcClient::new(&served.url.replace("https", "http"), ClientOptions::default()).unwrap();
    assert_eq!(plain.query_tasks(TaskQuery::default()).await.unwrap_err().code(), "Unavailable");
}

#[tokio::test]
async fn a_reader_that_stops_stops_its_log_and_nobody_elses() {
    let api = Logged::new(&"x".repeat(200), 1_000_000);
    let taken = Arc::clone(&api.taken_bytes);
    let served = Served::unix(Arc::new(api), ServerOptions::default()).await;
    let mut slow = served.client().stream_task_logs(&id()).await.unwrap();
    slow.next().await.unwrap();
    let settled = tokio::time::timeout(PATIENCE, async {
        let mut before = u64::MAX;
        while before != taken.load(Ordering::Relaxed) {
            before = taken.load(Ordering::Relaxed);
            // Another connection's whole call lies between two looks: time enough to take more.
            served.client().query_tasks(TaskQuery::default()).await.unwrap();
        }
        before
    });
    let settled = settled.await.expect("the slow reader's log stands still");
    assert!(settled < 1024 * 1024, "{settled} bytes were taken for a reader that reads none");

    let fast = served.client().stream_task_logs(&id()).await.unwrap();
    let lines = tokio::time::timeout(PATIENCE, fast.count()).await.expect("another reader is not held up");
    assert_eq!(lines, 1_000_002);
    drop(slow);
}

/// Hands bytes on between clients and `server`, and cuts each connection after so many bytes of answers.
async fn cutting_proxy(server: String, first_cut: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut cut = first_cut;
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = TcpStream::connect(&server).await.unwrap().into_split();
            let requests =
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let mut buffer = vec![0; 4096];
            let mut left = cut;
            while left > 0 {
                let Ok(read @ 1..) = from_server.read(&mut buffer).await else { break };
                let some = read.min(left);
                if to_client.write_all(&buffer[..some]).await.is_err() {
                    break;
                }
                left -= some;
            }
            requests.abort();
            // Further each time, for the log is read from its beginning by the proxy's measure too.
            cut = cut * 2 + 1_013;
        }
    });
    url
}

#[tokio::test]
async fn a_log_goes_on_where_its_connection_broke() {
    let api = Arc::new(Logged::new("some line of a log", 20_000));
    let expected: Vec<_> = api.events().collect();
    let served = Served::tcp(api, ServerOptions::default()).await;
    for cut in [900, 33_333] {
        let url = cutting_proxy(served.address().to_owned(), cut).await;
        let client = GrpcClient::new(&url, ClientOptions::default()).unwrap();
        let log = client.stream_task_logs(&id()).await.unwrap();
        let mut events: Vec<_> = tokio::time::timeout(PATIENCE, log.collect()).await.expect("the log ends");
        assert!(matches!(events.pop(), Some(OutputEvent::RunFinished { .. })));
        assert!(
            events == expected,
            "each event once and in order, of {} came {}",
            expected.len(),
            events.len()
        );
    }
}

#[tokio::test]
async fn a_server_that_closes_tells_the_readers_of_live_logs() {
    let api = Logged { live: true, ..Logged::new("x", 1) };
    let served = Served::tcp(Arc::new(api), ServerOptions::default()).await;
    let mut client = served.stranger().await;
    let request = proto::StreamTaskLogsRequest { task_id: "t1".into(), ..Default::default() };
    let mut log = client.stream_task_logs(request).await.unwrap().into_inner();
    log.message().await.unwrap().unwrap();
    log.message().await.unwrap().unwrap();
    tokio::time::timeout(PATIENCE, served.close()).await.expect("it closes").unwrap();
    let status = log.message().await.unwrap_err();
    assert_eq!((status.code(), &body(&status)["error"]), (Code::Unavailable, &json!("Unavailable")));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let served = Served::tcp(Arc::new(Logged::new("", 0)), ServerOptions::default()).await;
    let mut silent = TcpStream::connect(served.address()).await.unwrap();
    silent.write_all(b"PRI * HTTP").await.unwrap();
    let mut answer = Vec::new();
    // The clock jumps ahead whenever everything waits: no time passes here.
    let read = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut answer)).await;
    read.expect("it is closed").ok();
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let options = ServerOptions { max_connections: 1, ..ServerOptions::default() };
    let served = Served::tcp(Arc::new(Logged::new("", 0)), options).await;
    let mut first = served.stranger().await;
    let list = proto::ListTasksRequest::default;
    first.list_tasks(list()).await.unwrap();
    let url = served.url.clone();
    let second = tokio::spawn(async move {
        let mut second = SoltiApiClient::connect(url).await.unwrap();
        second.list_tasks(list()).await
    });
    first.list_tasks(list()).await.expect("who is in is served");
    assert!(!second.is_finished());
    drop(first);
    let answer = tokio::time::timeout(PATIENCE, second).await.expect("its turn comes").unwrap();
    answer.expect("and it is served");
}

#[tokio::test]
async fn a_thousand_readers_of_logs_are_bounded_and_keep_nobody_out() {
    let api = Logged { live: true, ..Logged::new("x", 1) };
    let options = ServerOptions::default();
    let most = options.max_logs;
    let served = Served::tcp(Arc::new(api), options).await;
    let (mut open, mut refused) = (vec![], 0);
    for _ in 0..10 {
        let client = served.stranger().await;
        for _ in 0..100 {
            let request = proto::StreamTaskLogsRequest { task_id: "t1".into(), ..Default::default() };
            match client.clone().stream_task_logs(request).await {
                Ok(log) => open.push(log.into_inner()),
                Err(status) => {
                    assert_eq!(
                        (status.code(), &body(&status)["error"]),
                        (Code::Unavailable, &json!("Unavailable"))
                    );
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((open.len(), refused), (most, 1_000 - most));
    served.client().query_tasks(TaskQuery::default()).await.expect("other calls are answered beside them");
    // The server hears of it with the next frames: a place is free when it has.
    drop(open);
    let again = tokio::time::timeout(PATIENCE, async {
        while let Err(error) = served.client().stream_task_logs(&id()).await.map(drop) {
            assert_eq!(error.code(), "Unavailable", "{error}");
        }
    });
    again.await.expect("places that are left can be taken");
}
