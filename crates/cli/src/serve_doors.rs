//! What `serve` listens on beside its Unix socket, and with what it lets callers in: `serve.toml`, and the flags over it.
//! Nothing where neither says so. How a door is opened is `solti-doors`'.

use crate::args::{Serve, host_name};
use crate::error::CliError;
use serde::Deserialize;
use solti_doors::{Certificate, Door};
use solti_http::CertificateFiles;
use solti_model::misfit;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// In the data folder, unless `--config` names another.
const FILE: &str = "serve.toml";

/// The file as it is written. `docs/cli.md` explains it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Written {
    http: Option<SocketAddr>,
    grpc: Option<SocketAddr>,
    hosts: Vec<String>,
    token_file: Option<PathBuf>,
    tls: Option<WrittenTls>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTls {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Debug, PartialEq, Eq)]
pub struct ServeDoors {
    pub http: Option<SocketAddr>,
    pub grpc: Option<SocketAddr>,
    /// Names under which callers may address this machine.
    pub hosts: Vec<String>,
    /// Instead of the one in the data folder.
    pub token_file: Option<PathBuf>,
    /// One's own. TLS is then spoken with this machine too.
    pub certificate: Option<CertificateFiles>,
}

impl ServeDoors {
    /// # Errors
    /// When the file says something that it cannot say; a file that nobody named may be missing.
    pub fn of(flags: Serve, data_dir: &Path) -> Result<Self, CliError> {
        let path = flags.config.clone().unwrap_or_else(|| data_dir.join(FILE));
        let path = std::path::absolute(path).map_err(CliError::CurrentDir)?;
        let written = match std::fs::read_to_string(&path) {
            Ok(text) => read(&text).map_err(|said| CliError::Config { path: path.clone(), said })?,
            Err(error) if error.kind() == ErrorKind::NotFound && flags.config.is_none() => Written::default(),
            Err(source) => return Err(CliError::Input { what: path.display().to_string(), source }),
        };
        let beside = |named: PathBuf| path.parent().map_or_else(|| named.clone(), |dir| dir.join(&named));
        Ok(Self {
            http: flags.http.or(written.http),
            grpc: flags.grpc.or(written.grpc),
            hosts: if flags.host.is_empty() { written.hosts } else { flags.host },
            token_file: written.token_file.map(beside),
            certificate: written
                .tls
                .map(|tls| CertificateFiles { certificate: beside(tls.certificate), key: beside(tls.key) }),
        })
    }

    /// Whether neither the file nor a flag says how callers come in over the network.
    pub fn say_nothing(&self) -> bool {
        self.http.is_none() && self.grpc.is_none() && self.token_file.is_none()
    }

    /// Those over TCP.
    pub fn over_tcp(&self) -> Vec<Door> {
        let hosts = || self.hosts.clone();
        let certificate = || self.certificate.clone().map_or(Certificate::Generated, Certificate::Own);
        let http =
            self.http.map(|address| Door::Http { address, hosts: hosts(), certificate: certificate() });
        let grpc =
            self.grpc.map(|address| Door::Grpc { address, hosts: hosts(), certificate: certificate() });
        http.into_iter().chain(grpc).collect()
    }
}

/// An error says where: the line, and the key's name.
fn read(text: &str) -> Result<Written, String> {
    let line =
        |error: &toml::de::Error| error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
    let reader = toml::Deserializer::parse(text)
        .map_err(|error| format!("line {}: {}", line(&error), error.message()))?;
    let written: Written = serde_path_to_error::deserialize(reader).map_err(|error| {
        let (field, said) = misfit(error.path(), error.inner().message());
        let field = field.map(|field| format!("{field}: ")).unwrap_or_default();
        format!("line {}: {field}{said}", line(error.inner()))
    })?;
    for (n, host) in written.hosts.iter().enumerate() {
        host_name(host).map_err(|wrong| format!("hosts[{n}]: {wrong}"))?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> Serve {
        Serve { config: None, http: None, grpc: None, host: vec![], standby: false, background: false }
    }

    #[test]
    fn without_a_file_and_flags_every_door_is_shut() {
        let dir = tempfile::tempdir().expect("temp dir");
        let shut = ServeDoors::of(flags(), dir.path()).expect("read");
        let none = ServeDoors { http: None, grpc: None, hosts: vec![], token_file: None, certificate: None };
        assert_eq!(shut, none);
        let named = Serve { config: Some(dir.path().join("none.toml")), ..flags() };
        let error = ServeDoors::of(named, dir.path()).expect_err("one that is named must be there");
        assert!(error.to_string().contains("none.toml"), "{error}");
    }

    #[test]
    fn flags_hold_over_the_file_and_its_paths_are_beside_it() {
        let dir = tempfile::tempdir().expect("temp dir");
        let text = r#"
            http = "0.0.0.0:7654"
            grpc = "127.0.0.1:7655"
            hosts = ["build.example.org"]
            token-file = "/run/token"
            [tls]
            certificate = "own/certificate.pem"
            key = "own/key.pem"
        "#;
        std::fs::write(dir.path().join(FILE), text).expect("written");
        let http = "127.0.0.1:1".parse().expect("an address");
        let doors = ServeDoors::of(Serve { http: Some(http), ..flags() }, dir.path()).expect("read");
        assert_eq!((doors.http, doors.grpc), (Some(http), "127.0.0.1:7655".parse().ok()));
        assert_eq!(doors.hosts, ["build.example.org"]);
        assert_eq!(doors.token_file.as_deref(), Some(Path::new("/run/token")));
        let own = dir.path().join("own");
        let files = CertificateFiles { certificate: own.join("certificate.pem"), key: own.join("key.pem") };
        assert_eq!(doors.certificate, Some(files));
    }

    #[test]
    fn an_error_names_the_line_and_the_key() {
        for (text, said) in [
            ("http = \"0.0.0.0:1\"\ngprc = \"0.0.0.0:2\"", ["line 2", "gprc"]),
            ("\nhttp = \"localhost\"", ["line 2", "http: "]),
            ("hosts = \"a\"", ["line 1", "hosts: "]),
            ("hosts = [\"a\", \"http://b\"]", ["hosts[1]", "without a scheme"]),
            ("[tls]\ncertificate = \"c.pem\"", ["line 1", "key"]),
            ("http =", ["line 1", ""]),
        ] {
            let error = read(text).expect_err("refused");
            assert!(said.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }
}
