//! What calls are made with, and what is said of an answer that makes no sense.

use crate::proto::solti_api_client::SoltiApiClient;
use solti_api::ApiError;
use solti_model::FieldError;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

pub(crate) type Client = SoltiApiClient<InterceptedService<Channel, Token>>;

/// Shows the token with every call.
#[derive(Clone)]
pub(crate) struct Token(pub(crate) Option<MetadataValue<Ascii>>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// The server speaks another version of the protocol, or another one altogether.
pub(crate) fn nonsense(error: FieldError) -> ApiError {
    ApiError::Unavailable { reason: format!("the server's answer makes no sense: {error}") }
}
