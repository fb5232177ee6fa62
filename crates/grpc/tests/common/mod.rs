//! What the tests of this crate share: a server of any handler in a folder of its own, and messages to it.

#![allow(dead_code, reason = "each test file uses its own part")]

use solti_api::ApiHandler;
use solti_grpc::proto::{self, solti_api_client::SoltiApiClient, subprocess_task, task_kind};
use solti_grpc::{ClientOptions, GrpcClient, Listener, ServerOptions, serve};
use std::sync::Arc;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

pub struct Served {
    pub url: String,
    close: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), solti_grpc::GrpcError>>,
    _dir: Option<tempfile::TempDir>,
}

impl Served {
    fn start(api: Arc<dyn ApiHandler>, listener: Listener, options: ServerOptions, url: String) -> Self {
        let (close, closing) = oneshot::channel();
        let serving = tokio::spawn(serve(api, listener, options, async move { drop(closing.await) }));
        Self { url, close: Some(close), serving, _dir: None }
    }

    pub async fn tcp(api: Arc<dyn ApiHandler>, options: ServerOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        Self::start(api, Listener::Tcp(listener), options, url)
    }

    pub async fn unix(api: Arc<dyn ApiHandler>, options: ServerOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("grpc.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let url = format!("unix://{}", path.display());
        Self { _dir: Some(dir), ..Self::start(api, Listener::Unix(listener), options, url) }
    }

    pub fn address(&self) -> &str {
        self.url.split_once("//").unwrap().1
    }

    pub fn client(&self) -> GrpcClient {
        GrpcClient::new(&self.url, ClientOptions::default()).unwrap()
    }

    /// The generated client: what a stranger to this crate has.
    pub async fn stranger(&self) -> SoltiApiClient<Channel> {
        SoltiApiClient::new(self.channel().await)
    }

    pub async fn channel(&self) -> Channel {
        Endpoint::new(self.url.clone()).unwrap().connect().await.unwrap()
    }

    pub async fn close(mut self) -> Result<(), solti_grpc::GrpcError> {
        self.close.take().unwrap().send(()).unwrap();
        (&mut self.serving).await.unwrap()
    }
}

/// The least that can be submitted.
pub fn order(program: &str, args: &[&str]) -> proto::CreateSpec {
    let command =
        proto::CommandMode { command: program.into(), args: args.iter().map(ToString::to_string).collect() };
    let task = proto::SubprocessTask {
        mode: Some(subprocess_task::Mode::Command(command)),
        fail_on_non_zero: true,
        after_main: 0,
        ..Default::default()
    };
    proto::CreateSpec {
        slot: "s".into(),
        kind: Some(proto::TaskKind { kind: Some(task_kind::Kind::Subprocess(task)) }),
        restart: proto::RestartStrategy::Never.into(),
        admission: proto::AdmissionStrategy::Queue.into(),
        ..Default::default()
    }
}
