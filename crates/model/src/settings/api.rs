//! The doors over the network.

use crate::problems::Problems;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use ts_rs::TS;
use url::Host;

/// The doors over the network, which are shut until they are opened here. The Unix socket, for this user alone, is always open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApiSettings {
    /// HTTP over TCP.
    pub http: HttpSettings,
    /// gRPC over TCP.
    pub grpc: GrpcSettings,
}

/// HTTP over TCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Whether the door is open.
    pub enabled: bool,
    /// Address and port, as in `127.0.0.1:7654` or `[::1]:7654`.
    pub address: String,
    /// Whether it is encrypted.
    pub tls: TlsMode,
    /// Names under which other machines may call this one, beside its address.
    pub allowed_hosts: Vec<String>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            address: "127.0.0.1:7654".into(),
            tls: TlsMode::Auto,
            allowed_hosts: Vec::new(),
        }
    }
}

/// Whether a door is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TlsMode {
    /// On, except where only this machine can connect.
    #[default]
    Auto,
    /// Off, also where others can listen.
    Off,
}

/// gRPC over TCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GrpcSettings {
    /// Whether the door is open.
    pub enabled: bool,
    /// Address and port, as in `127.0.0.1:7655`.
    pub address: String,
}

impl Default for GrpcSettings {
    fn default() -> Self {
        Self { enabled: false, address: "127.0.0.1:7655".into() }
    }
}

impl ApiSettings {
    pub(super) fn examine(&self, problems: &mut Problems) {
        let mut read = |field: &str, text: &str| {
            let address = text.parse::<SocketAddr>().ok();
            if address.is_none() {
                problems.refuse(field, "must be an address and a port, as in 127.0.0.1:7654");
            }
            address
        };
        let http = read("api.http.address", &self.http.address);
        let grpc = read("api.grpc.address", &self.grpc.address);
        if self.http.tls == TlsMode::Off && http.is_some_and(|http| !http.ip().is_loopback()) {
            problems.refuse("api.http.tls", "can be off only where this machine alone can connect");
        }
        let taken = http.is_some_and(|http| grpc == Some(http) && http.port() != 0);
        if self.http.enabled && self.grpc.enabled && taken {
            problems.refuse("api.grpc.address", "is the address of HTTP already");
        }
        for (i, host) in self.http.allowed_hosts.iter().enumerate() {
            let plain = matches!(Host::parse(host), Ok(Host::Domain(name)) if name == *host);
            if !plain && host.parse::<IpAddr>().is_err() {
                problems.refuse(
                    format!("api.http.allowedHosts[{i}]"),
                    "must be a host's name in lower case or an address, without a port",
                );
            }
        }
    }
}
