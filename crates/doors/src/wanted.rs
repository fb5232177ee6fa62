//! Which doors are to be open: what the settings say, and the command line over them.

use crate::door::{Certificate, Door};
use crate::error::BadAddress;
use solti_model::{ApiSettings, TlsMode};
use std::net::SocketAddr;

/// Addresses that the command line gives. They hold over the settings, which stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DoorFlags {
    /// Opens HTTP here whatever the settings say; as they say when absent.
    pub http: Option<SocketAddr>,
    /// Opens gRPC here whatever the settings say; as they say when absent.
    pub grpc: Option<SocketAddr>,
}

/// `None` is a door that is to be shut.
pub(crate) type Wanted = Option<Result<Door, BadAddress>>;

/// The socket, HTTP and gRPC.
pub(crate) fn wanted(api: &ApiSettings, flags: DoorFlags) -> [Wanted; 3] {
    let address = |flag: Option<SocketAddr>, enabled: bool, text: &str| match flag {
        Some(address) => Some(Ok(address)),
        None => enabled.then(|| text.parse().map_err(|_| BadAddress { address: text.to_owned() })),
    };
    let http = address(flags.http, api.http.enabled, &api.http.address).map(|address| {
        let certificate = match api.http.tls {
            TlsMode::Auto => Certificate::Generated,
            TlsMode::Off => Certificate::None,
        };
        Ok(Door::Http { address: address?, hosts: api.http.allowed_hosts.clone(), certificate })
    });
    let grpc = address(flags.grpc, api.grpc.enabled, &api.grpc.address).map(|address| {
        Ok(Door::Grpc { address: address?, hosts: vec![], certificate: Certificate::Generated })
    });
    // Always: it is this user's alone, and what `solti` and the window of another program come in by.
    [Some(Ok(Door::Socket)), http, grpc]
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::Settings;

    #[test]
    fn a_flag_opens_its_door_whatever_the_settings_say_and_no_other() {
        let api = Settings::default().api;
        assert_eq!(wanted(&api, DoorFlags::default()), [Some(Ok(Door::Socket)), None, None]);
        let grpc: SocketAddr = "127.0.0.1:1".parse().expect("an address");
        let [Some(Ok(Door::Socket)), None, Some(Ok(Door::Grpc { address, .. }))] =
            wanted(&api, DoorFlags { grpc: Some(grpc), http: None })
        else {
            panic!("gRPC alone is open beside the socket");
        };
        assert_eq!(address, grpc);
    }

    #[test]
    fn what_is_no_address_is_named_and_shuts_no_other_door() {
        let mut api = Settings::default().api;
        api.http.enabled = true;
        api.http.address = "localhost".into();
        let bad = BadAddress { address: "localhost".into() };
        assert_eq!(wanted(&api, DoorFlags::default()), [Some(Ok(Door::Socket)), Some(Err(bad)), None]);
    }
}
