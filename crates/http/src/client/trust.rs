//! How a server's certificate is judged: by its fingerprint, by an authority of one's own, or by the public ones.

use crate::HttpError;
use crate::fingerprint::Fingerprint;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::PathBuf;
use std::sync::Arc;

/// Which certificate of an `https` server is taken for its own.
#[derive(Debug, Clone)]
pub enum Trust {
    /// One that a public authority has signed, for the name in the URL and for now.
    PublicAuthorities,
    /// The certificates of this PEM file sign the server's.
    Authority(PathBuf),
    /// SHA-256 of the server's own certificate in hexadecimal, with or without colons. Its names and dates do not matter then.
    Fingerprint(String),
}

impl Trust {
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, HttpError> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::Fingerprint(text) => {
                Arc::new(Pinned { fingerprint: text.parse()?, provider: Arc::clone(&provider) })
            }
            Self::PublicAuthorities => public_authorities()?,
            Self::Authority(path) => {
                let failed = |source| HttpError::Pem { path: path.clone(), source };
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_file_iter(path).map_err(failed)? {
                    roots.add(certificate.map_err(failed)?)?;
                }
                verifier(roots, &provider)?
            }
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// Takes what Mozilla's authorities vouch for.
pub(super) fn public_authorities() -> Result<Arc<dyn ServerCertVerifier>, HttpError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    verifier(roots, &Arc::new(ring::default_provider()))
}

fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, HttpError> {
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    builder.build().map(|verifier| verifier as _).map_err(|error| Error::General(error.to_string()).into())
}

/// Takes one certificate and no other; that the server holds its key is checked as ever.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if Fingerprint::of(certificate) == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
