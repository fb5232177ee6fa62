//! The engine of another program (`solti serve`), where it held the data folder when this app started. When it ends, this app takes its
//! place, and the engine at the other end of the socket is its own.

use solti_api::ApiError;
use solti_http::HttpClient;
use solti_model::EngineInfo;

/// `None` where this app holds the folder itself.
pub struct There(pub Option<HttpClient>);

impl There {
    /// The engine, where it is another program's.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn engine(&self) -> Result<Option<EngineInfo>, ApiError> {
        let Some(client) = &self.0 else { return Ok(None) };
        let engine = client.engine().await?;
        Ok(Some(engine).filter(|engine| engine.pid != std::process::id()))
    }
}
