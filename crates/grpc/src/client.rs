//! The client: another machine's handler, called like the one at hand.
//!
//! Connects when it is first called and again after a break. How a log goes on after a break is in `log_client.rs`.

use crate::caller::{Client, Token, nonsense};
use crate::log_client::{Positioned, ResumingLog};
use crate::proto::{self, solti_api_client::SoltiApiClient};
use crate::status::from_status;
use crate::{GrpcError, wire};
use async_trait::async_trait;
use solti_api::{
    ApiError, ApiHandler, LogAccess, LogEventStream, LogPosition, LogReading, OutputEventStream,
};
use solti_model::{Task, TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec};
use std::time::Duration;
use tonic::Status;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// To an answer; of a log, to its opening.
const ANSWER_PATIENCE: Duration = Duration::from_secs(60);
const KEEPALIVE: Duration = Duration::from_secs(20);
const KEEPALIVE_PATIENCE: Duration = Duration::from_secs(10);
/// A thousand tasks with a script each.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;
/// What a server may send of a log before it hears that something of it was read.
const LOG_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// Cheap to clone; clones share their connection.
#[derive(Clone)]
pub struct GrpcClient {
    client: Client,
}

/// How a client shows who it is, and whom it trusts.
#[derive(Clone, Default)]
pub struct ClientOptions {
    /// Sent with each call; needed over the network.
    pub token: Option<String>,
    /// The server's certificate, or that of who signed it, as PEM. Without it, an `https` server's must be signed by one of
    /// the public authorities.
    pub certificate_pem: Option<Vec<u8>>,
}

impl GrpcClient {
    /// `url` is `http://host:port`, `https://host:port` or `unix:///path`. Connects at the first call.
    ///
    /// # Errors
    /// When the URL, the certificate or the token has no legal form.
    pub fn new(url: &str, options: ClientOptions) -> Result<Self, GrpcError> {
        let no_url = |source| GrpcError::Url { url: url.to_owned(), source };
        let mut endpoint = Endpoint::from_shared(url.to_owned()).map_err(|error| no_url(Some(error)))?;
        if url.starts_with("https:") {
            let tls = ClientTlsConfig::new();
            let tls = match options.certificate_pem {
                Some(pem) => tls.ca_certificate(Certificate::from_pem(pem)),
                None => tls.with_webpki_roots(),
            };
            endpoint = endpoint.tls_config(tls).map_err(GrpcError::Certificate)?;
        } else if !url.starts_with("http:") && !url.starts_with("unix:") {
            return Err(no_url(None));
        }
        let channel = endpoint
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(ANSWER_PATIENCE)
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE_PATIENCE)
            .initial_stream_window_size(LOG_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .connect_lazy();
        let token = options.token.map(|token| format!("Bearer {token}").parse()).transpose()?;
        let client = SoltiApiClient::with_interceptor(channel, Token(token))
            .max_decoding_message_size(MAX_ANSWER_BYTES);
        Ok(Self { client })
    }
}

fn failed(status: Status) -> ApiError {
    from_status(&status)
}

#[async_trait]
impl ApiHandler for GrpcClient {
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError> {
        if spec.timeout == Some(0) {
            // On this wire 0 is no limit, and would be taken for that.
            spec.validate()?;
        }
        let request = proto::SubmitTaskRequest { spec: Some(wire::spec_to_wire(spec)) };
        let answer = self.client.clone().submit_task(request).await.map_err(failed)?;
        TaskId::new(answer.into_inner().task_id).map_err(nonsense)
    }

    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        let request = proto::GetTaskStatusRequest { task_id: id.to_string() };
        let answer = self.client.clone().get_task_status(request).await.map_err(failed)?;
        answer.into_inner().task.map(wire::task_from_wire).transpose().map_err(nonsense)
    }

    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        let TaskQuery { slot, status, limit, offset } = query;
        if limit == Some(0) {
            // 0 asks for the default on this wire, and for none everywhere else.
            let counted = self.query_tasks(TaskQuery { slot, status, limit: Some(1), offset }).await?;
            return Ok(TaskPage { items: vec![], total: counted.total });
        }
        let request = proto::ListTasksRequest {
            slot: slot.map(Into::into),
            status: None,
            limit: limit.unwrap_or(0),
            offset,
            statuses: status.into_iter().map(|phase| wire::phase_to_wire(phase).into()).collect(),
        };
        let answer = self.client.clone().list_tasks(request).await.map_err(failed)?.into_inner();
        let items = answer.tasks.into_iter().map(wire::task_from_wire).collect::<Result<_, _>>();
        Ok(TaskPage { items: items.map_err(nonsense)?, total: answer.total.into() })
    }

    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        let request = proto::ListTaskRunsRequest { task_id: id.to_string(), ..Default::default() };
        let answer = self.client.clone().list_task_runs(request).await.map_err(failed)?;
        answer
            .into_inner()
            .runs
            .into_iter()
            .map(wire::run_from_wire)
            .collect::<Result<_, _>>()
            .map_err(nonsense)
    }

    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        let request = proto::DeleteTaskRequest { task_id: id.to_string() };
        self.client.clone().delete_task(request).await.map_err(failed)?;
        Ok(())
    }

    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        let how = LogPosition::default().into();
        Ok(Box::pin(ResumingLog::open(self.client.clone(), id, how).await?))
    }
}

#[async_trait]
impl LogAccess for GrpcClient {
    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError> {
        self.read_log(id, after.into()).await
    }

    async fn read_log(&self, id: &TaskId, how: LogReading) -> Result<LogEventStream, ApiError> {
        Ok(Box::pin(Positioned(ResumingLog::open(self.client.clone(), id, how).await?)))
    }
}
