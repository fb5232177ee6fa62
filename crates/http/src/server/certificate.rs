//! The certificate of a server: one's own, or one that is generated at first use and known by its fingerprint.
#![allow(clippy::disallowed_methods, reason = "small files, when a door is opened or shut")]

use crate::HttpError;
use crate::fingerprint::Fingerprint;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

pub(super) struct Identity {
    pub config: Arc<ServerConfig>,
    pub fingerprint: Fingerprint,
}

impl Identity {
    pub(super) fn read(CertificateFiles { certificate, key }: &CertificateFiles) -> Result<Self, HttpError> {
        let pem = |path: &Path| {
            let path = path.to_owned();
            |source| HttpError::Pem { path, source }
        };
        let chain =
            CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(pem(certificate))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(pem(key))?;
        let none = || HttpError::Pem {
            path: certificate.to_owned(),
            source: rustls::pki_types::pem::Error::NoItemsFound,
        };
        let fingerprint = Fingerprint::of(chain.first().ok_or_else(none)?);
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, secret)?;
        Ok(Self { config: Arc::new(config), fingerprint })
    }

    /// As [`CertificateFiles::generated`] has them.
    pub(super) fn generated(dir: &Path, names: &[String]) -> Result<Self, HttpError> {
        Self::read(&CertificateFiles::generated(dir, names)?)
    }
}

/// A certificate and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The server's own first, then those that have signed it.
    pub certificate: PathBuf,
    /// Of the server's own certificate, not encrypted.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// `<dir>/certificate.pem` and `key.pem`; makes them (0600) when there is no certificate yet.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn generated(dir: &Path, names: &[String]) -> Result<Self, HttpError> {
        let (certificate, key) = (dir.join(CERTIFICATE), dir.join(KEY));
        if !certificate.exists() {
            let failed = |source| HttpError::CertificateFile { path: dir.to_owned(), source };
            DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
            let made = rcgen::generate_simple_self_signed(names)?;
            // The certificate comes last: where there is one, there is its key.
            write(&key, &made.signing_key.serialize_pem()).map_err(failed)?;
            write(&certificate, &made.cert.pem()).map_err(failed)?;
        }
        Ok(Self { certificate, key })
    }

    /// SHA-256 of the certificate, in pairs between colons; what a client pins.
    ///
    /// # Errors
    /// When the two cannot be read, or do not belong together.
    pub fn fingerprint(&self) -> Result<String, HttpError> {
        Ok(Identity::read(self)?.fingerprint.to_string())
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    solti_whole_file::write(path, text.as_bytes(), solti_whole_file::PRIVATE)
}
