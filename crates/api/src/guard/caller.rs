//! Who calls: set by a transport, read by guards.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Where a call came from, as the transport has checked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Origin {
    /// Nobody said. Trusted as little as the network.
    #[default]
    Unknown,
    /// This process itself.
    App,
    /// A Unix socket, and the user at its other end as the kernel names it.
    Socket {
        /// 0 is root.
        uid: u32,
    },
    /// TCP, from this machine or another one.
    Network {
        /// Of the other end, which may be a proxy.
        address: IpAddr,
    },
}

/// A token as it was presented, right or wrong. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedToken(String);

impl PresentedToken {
    /// Any text; whether it is right is for [`Auth`](crate::guard::Auth) to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for PresentedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedToken(…)")
    }
}

/// Who calls, as far as the transport knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// From where.
    pub origin: Origin,
    /// As it came with the call; `None` when there was none.
    pub token: Option<PresentedToken>,
}

tokio::task_local! {
    static CALLER: Arc<Caller>;
}

impl Caller {
    /// Runs `work` as called by `self`: guards asked within find it.
    pub async fn scope<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        CALLER.scope(self, work).await
    }

    /// The caller of the call under way; an unknown one outside of [`Caller::scope`].
    pub fn current() -> Arc<Self> {
        CALLER.try_with(Arc::clone).unwrap_or_default()
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Unknown => f.write_str("unknown"),
            Origin::App => f.write_str("app"),
            Origin::Socket { uid } => write!(f, "user {uid}"),
            Origin::Network { address } => write!(f, "{address}"),
        }
    }
}
