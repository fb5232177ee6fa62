//! The certificate that an `https` server shows, looked at before it is trusted: what a person compares with what the server
//! says of itself. Judging it on every connection is `trust`.

use crate::HttpError;
use crate::client::Endpoint;
use crate::client::connect::{self, PATIENCE};
use crate::client::trust::public_authorities;
use crate::fingerprint::Fingerprint;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use solti_model::MachineUrl;
use std::io;
use std::sync::{Arc, OnceLock};
use tokio_rustls::TlsConnector;

/// What a server has shown of itself, before anybody trusts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCertificate {
    /// SHA-256, in pairs between colons.
    pub fingerprint: String,
    /// One of the public authorities vouches for it, under this name and now.
    pub vouched: bool,
}

impl ServerCertificate {
    /// What the server at `endpoint` shows, which says nothing of who that is; `None` where there are no certificates.
    /// The server proves that it holds the key, and hears nothing but a greeting.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn of(endpoint: &Endpoint) -> Result<Option<Self>, HttpError> {
        let Endpoint::Machine(MachineUrl::Https { host, port }) = endpoint else { return Ok(None) };
        let looked = Arc::new(Looking { judge: public_authorities()?, seen: OnceLock::new() });
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&looked) as _)
            .with_no_client_auth();
        let greet = async {
            let stream = connect::tcp(host, *port).await?;
            TlsConnector::from(Arc::new(config)).connect(connect::server_name(host)?, stream).await
        };
        let greeted = tokio::time::timeout(PATIENCE, greet).await.map_err(io::Error::from).flatten();
        let greeted = greeted.map_err(connect::in_words);
        greeted.map_err(|source| HttpError::Unreachable { endpoint: endpoint.to_string(), source })?;
        Ok(looked.seen.get().cloned())
    }
}

/// Lets every certificate pass and remembers what it was.
#[derive(Debug)]
struct Looking {
    judge: Arc<dyn ServerCertVerifier>,
    seen: OnceLock<ServerCertificate>,
}

impl ServerCertVerifier for Looking {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge.verify_server_cert(certificate, chain, name, ocsp, now);
        let fingerprint = Fingerprint::of(certificate).to_string();
        // A connection has one.
        self.seen.set(ServerCertificate { fingerprint, vouched: judged.is_ok() }).ok();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}
