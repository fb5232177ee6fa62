//! Logs over gRPC, from the store of the real engine to a client, beside a bare tonic stream of lines as long:
//! `cargo bench -p solti-grpc --bench logs`.
//!
//! The rival has no engine and no model behind it: it sends messages that are ready, and its client counts them.
//! Rounds alternate, so that both meet the same machine. Lost lines panic; a missed aim is only marked.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../api/tests/common/mod.rs"]
mod engine;
#[path = "../tests/common/handlers.rs"]
mod handlers;

use common::Served;
use engine::{Engine, command, spec};
use futures::StreamExt as _;
use handlers::Logged;
use serde_json::json;
use solti_api::ApiHandler;
use solti_grpc::proto::solti_api_client::SoltiApiClient;
use solti_grpc::proto::solti_api_server::{SoltiApi, SoltiApiServer};
use solti_grpc::{ServerOptions, proto};
use solti_model::{OutputEvent, OutputStreamKind, TaskId};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tonic::transport::{Endpoint, Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

const ROUNDS: usize = 3;
/// With 120 bytes each: 240 MB.
const LINES: u64 = 2_000_000;
const LINE_BYTES: usize = 120;

fn main() {
    // `cargo test --benches` does not pass it: measuring would only take time there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    engine::shim();
    tokio::runtime::Runtime::new().unwrap().block_on(measure());
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn report(what: &str, seconds: f64, bare: f64) {
    let megabytes = LINES as f64 * LINE_BYTES as f64 / 1e6;
    let (ours, rival) = (megabytes / seconds, megabytes / bare);
    let met = if ours >= 200.0 || ours / rival >= 0.5 { "met   " } else { "MISSED" };
    let ratio = ours / rival;
    println!(
        "{what:<30} {ours:.0} MB/s, bare tonic {rival:.0} MB/s, ratio {ratio:.2}, lines lost 0   {met} >= 200 MB/s or ratio >= 0.5"
    );
}

async fn measure() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let format = format!("%0{LINE_BYTES}.0f");
    let order = spec("log", command("seq", &["-f", &format, "1", &LINES.to_string()]), json!({}));
    let served = Served::tcp(Arc::new(engine.api.clone()), ServerOptions::default()).await;
    let id = engine.api.submit_task(order).await.unwrap();
    let began = Instant::now();
    count(&served.client(), &id).await;
    println!("{LINES} lines from a running program: {:.2?}, lines lost 0", began.elapsed());
    engine.finished(&id).await;

    let logged = Arc::new(Logged::new(&"x".repeat(LINE_BYTES), LINES));
    let in_memory = Served::tcp(logged, ServerOptions::default()).await;
    let rival = bare_server().await;
    let (mut stored, mut made_up, mut bare) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        bare_count(&rival).await;
        bare.push(began.elapsed());

        let began = Instant::now();
        count(&served.client(), &id).await;
        stored.push(began.elapsed());

        let began = Instant::now();
        count(&in_memory.client(), &id).await;
        made_up.push(began.elapsed());
    }
    let bare = median(bare);
    report(&format!("{LINES} stored lines"), median(stored), bare);
    report(&format!("{LINES} lines from memory"), median(made_up), bare);
}

/// Reads a log to its end; each line must be the one that is due.
async fn count(api: &impl ApiHandler, id: &TaskId) {
    let mut log = api.stream_task_logs(id).await.unwrap();
    let mut due = 0;
    while let Some(event) = log.next().await {
        if let OutputEvent::Chunk { stream: OutputStreamKind::Stdout, seq, line, .. } = event {
            assert_eq!((seq, line.len()), (due, LINE_BYTES));
            due += 1;
        }
    }
    assert_eq!(due, LINES, "no line is lost");
}

struct Bare;

#[tonic::async_trait]
impl SoltiApi for Bare {
    async fn submit_task(
        &self,
        _: Request<proto::SubmitTaskRequest>,
    ) -> Result<Response<proto::SubmitTaskResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn get_task_status(
        &self,
        _: Request<proto::GetTaskStatusRequest>,
    ) -> Result<Response<proto::GetTaskStatusResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn list_tasks(
        &self,
        _: Request<proto::ListTasksRequest>,
    ) -> Result<Response<proto::ListTasksResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn list_task_runs(
        &self,
        _: Request<proto::ListTaskRunsRequest>,
    ) -> Result<Response<proto::ListTaskRunsResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn delete_task(
        &self,
        _: Request<proto::DeleteTaskRequest>,
    ) -> Result<Response<proto::DeleteTaskResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    type StreamTaskLogsStream =
        futures::stream::Iter<Box<dyn Iterator<Item = Result<proto::OutputEventProto, Status>> + Send>>;

    async fn stream_task_logs(
        &self,
        _: Request<proto::StreamTaskLogsRequest>,
    ) -> Result<Response<Self::StreamTaskLogsStream>, Status> {
        let line = bytes::Bytes::from("x".repeat(LINE_BYTES));
        let message = move |seq| {
            let (stream, line) = (proto::OutputStreamKind::Stdout.into(), line.clone());
            let ts = 1_800_000_000_000;
            let chunk = proto::OutputChunkProto { attempt: 1, stream, seq, ts, line, ..Default::default() };
            Ok(proto::OutputEventProto { kind: Some(proto::output_event_proto::Kind::Chunk(chunk)) })
        };
        let messages: Box<dyn Iterator<Item = _> + Send> = Box::new((0..LINES).map(message));
        Ok(Response::new(futures::stream::iter(messages)))
    }
}

async fn bare_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(Server::builder().add_service(SoltiApiServer::new(Bare)).serve_with_incoming(incoming));
    url
}

async fn bare_count(url: &str) {
    let channel = Endpoint::new(url.to_owned()).unwrap().connect().await.unwrap();
    let request = proto::StreamTaskLogsRequest::default();
    let mut log = SoltiApiClient::new(channel).stream_task_logs(request).await.unwrap().into_inner();
    let mut count = 0;
    while log.message().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, LINES);
}
