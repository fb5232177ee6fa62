//! `serve`: the engine without a window, for servers and ssh. Holds the data folder as the app would; when it ends, its
//! tasks go on and the next holder takes them up.

use crate::args::{Options, Serve};
use crate::error::CliError;
use crate::server;
use solti_api::guard::{AccessToken, Auth, StandardGuards};
use solti_engine::{Config, DataLock, Engine, Holder, start_journal};
use solti_grpc::{Listener, ServerOptions, TlsIdentity};
use solti_http::{CertificateFiles, ServeOptions, TcpOptions, Tls, certificate_names};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub async fn serve(options: &Options, serve: Serve) -> Result<u8, CliError> {
    let config = Config::open(server::data_dir(options)?)?;
    let data_dir = config.data_dir.clone();
    let _lock = DataLock::acquire(&data_dir, Holder::Serve { pid: std::process::id() })?
        .map_err(|holder| CliError::Held { holder, data_dir: data_dir.clone() })?;
    start_journal(&data_dir);
    // Before tasks run: from here on, ending is letting go of them.
    let ending = asked_to_end()?;
    let engine = Engine::open(&config).await?;
    let served = Served::start(&engine, &data_dir, &serve).await;
    let result = match served {
        Ok(served) => {
            served.announce(&data_dir);
            ending.await;
            served.stop().await;
            Ok(0)
        }
        Err(error) => Err(error),
    };
    engine.detach().await;
    result
}

/// Done at the first signal that ends programs.
fn asked_to_end() -> Result<impl Future<Output = ()>, CliError> {
    let on = |kind, name| signal(kind).map_err(|error| CliError::Signal(name, error));
    let mut terminate = on(SignalKind::terminate(), "SIGTERM")?;
    let mut interrupt = on(SignalKind::interrupt(), "Ctrl-C")?;
    let mut hangup = on(SignalKind::hangup(), "SIGHUP")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Everything that listens.
struct Served {
    http: solti_http::Serving,
    grpc: Option<Grpc>,
}

struct Grpc {
    address: SocketAddr,
    close: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), solti_grpc::GrpcError>>,
}

impl Served {
    async fn start(engine: &Engine, data_dir: &Path, serve: &Serve) -> Result<Self, CliError> {
        let dir = data_dir.join("api");
        let token = AccessToken::open(&dir).map_err(CliError::Token)?;
        let guards = StandardGuards::new(Auth::for_this_user(Arc::new(token)));
        let tcp = serve.http.map(|address| TcpOptions {
            allowed_hosts: serve.host.clone(),
            ..TcpOptions::new(address, Tls::Auto { dir: dir.clone() })
        });
        let options = ServeOptions { socket: Some(server::socket(data_dir)), tcp, ..ServeOptions::default() };
        let http = solti_http::serve(engine.api(), &guards, options).await?;
        let grpc = match serve.grpc {
            Some(address) => Some(Grpc::start(engine, &guards, address, &dir, &serve.host).await?),
            None => None,
        };
        Ok(Self { http, grpc })
    }

    /// One line for each address on standard output: who started this program may wait for them.
    fn announce(&self, data_dir: &Path) {
        println!("unix://{}", server::socket(data_dir).display());
        if let Some(url) = self.http.url() {
            println!("{url}");
        }
        if let Some(grpc) = &self.grpc {
            println!("grpc://{}", grpc.address);
        }
        if self.http.url().is_some() || self.grpc.is_some() {
            eprintln!("solti: the token is in {}", data_dir.join("api/token").display());
        }
        if let Some(fingerprint) = self.http.fingerprint() {
            eprintln!("solti: the certificate's fingerprint is {fingerprint}");
        }
    }

    async fn stop(self) {
        if let Some(grpc) = self.grpc {
            // Whoever ended already hears nothing of it.
            let _ = grpc.close.send(());
            match grpc.serving.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!("gRPC ended early: {error}"),
                Err(error) => tracing::error!("gRPC ended early: {error}"),
            }
        }
        self.http.shut_down().await;
    }
}

impl Grpc {
    async fn start(
        engine: &Engine,
        guards: &StandardGuards,
        address: SocketAddr,
        dir: &Path,
        hosts: &[String],
    ) -> Result<Self, CliError> {
        let tls = match address.ip().is_loopback() {
            true => None,
            false => Some(certificate(dir, address, hosts)?),
        };
        let listener =
            TcpListener::bind(address).await.map_err(|source| CliError::Listen { address, source })?;
        let address = listener.local_addr().map_err(|source| CliError::Listen { address, source })?;
        let (close, closing) = oneshot::channel();
        let options = ServerOptions { auth: Some(Arc::clone(&guards.auth)), tls, ..ServerOptions::default() };
        let api = Arc::new(guards.around(engine.api()));
        let closing = async move { drop(closing.await) };
        let serving = tokio::spawn(solti_grpc::serve(api, Listener::Tcp(listener), options, closing));
        Ok(Self { address, close, serving })
    }
}

/// The one that HTTP has, made where there is none yet.
fn certificate(dir: &Path, address: SocketAddr, hosts: &[String]) -> Result<TlsIdentity, CliError> {
    let files = CertificateFiles::generated(dir, &certificate_names(address, hosts))?;
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| CliError::Input { what: path.display().to_string(), source })
    };
    Ok(TlsIdentity { certificate_pem: read(&files.certificate)?, key_pem: read(&files.key)? })
}
