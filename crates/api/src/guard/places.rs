//! Places for connections: few and short ones for callers that nobody knows yet, others for those whose token was right.
//!
//! A connection begins as a stranger's, unless the kernel says that it is the own user's. It is a known one from its first
//! call that passes [`Auth`] until that token is replaced. Where strangers hold all of their places, the newest of them
//! takes that of the oldest, from whichever address holds most: to come with many connections keeps nobody else out.

use crate::guard::{Auth, Caller, Origin};
use futures::future::{BoxFuture, FutureExt as _};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// So long a stranger keeps its place whoever else comes: enough to say who it is.
const GRACE: Duration = Duration::from_millis(250);

/// Of one listener.
#[derive(Debug, Clone, Copy)]
pub struct PlaceLimits {
    /// Connections of known callers. Strangers who become known as the last place is taken are let in nevertheless, so that
    /// there are never more connections than this and `unknown` together.
    pub known: usize,
    /// Connections of callers who have not shown the token yet; a TLS handshake is one.
    pub unknown: usize,
    /// For how long a connection may be one of those.
    pub unknown_time: Duration,
    /// For how long a caller may take nothing of what is written to it. The own user may for ever.
    pub write_time: Duration,
}

/// The connections of one listener.
pub struct Places {
    /// `None` where everybody is known.
    auth: Option<Arc<Auth>>,
    limits: PlaceLimits,
    state: Mutex<TakenPlaces>,
    freed: Notify,
}

#[derive(Default)]
struct TakenPlaces {
    last: u64,
    known: usize,
    /// In the order in which they came.
    unknown: BTreeMap<u64, Stranger>,
}

struct Stranger {
    origin: Origin,
    since: Instant,
    waker: Option<Waker>,
}

impl TakenPlaces {
    fn add_stranger(&mut self, origin: Origin, limit: usize) -> u64 {
        if self.unknown.len() >= limit
            && let Some(stranger) = self.next_to_go().and_then(|oldest| self.unknown.remove(&oldest))
        {
            tracing::debug!("a connection of {:?} makes room for that of {origin:?}", stranger.origin);
            stranger.waker.iter().for_each(Waker::wake_by_ref);
        }
        self.last += 1;
        self.unknown.insert(self.last, Stranger { origin, since: Instant::now(), waker: None });
        self.last
    }

    /// The oldest stranger of the address that holds most.
    fn next_to_go(&self) -> Option<u64> {
        let mut held = HashMap::<Origin, (usize, u64)>::new();
        for (number, stranger) in &self.unknown {
            held.entry(neighbours(stranger.origin)).or_insert((0, *number)).0 += 1;
        }
        held.into_values().max_by_key(|(held, oldest)| (*held, u64::MAX - oldest)).map(|(_, oldest)| oldest)
    }
}

/// Whoever has one address of IPv6 has all of its network of 64 bits.
fn neighbours(origin: Origin) -> Origin {
    let Origin::Network { address } = origin else { return origin };
    let address = match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)).into(),
        address => address,
    };
    Origin::Network { address }
}

impl Places {
    /// `auth` says who is known; without it everybody is.
    pub fn new(auth: Option<Arc<Auth>>, limits: PlaceLimits) -> Arc<Self> {
        Arc::new(Self { auth, limits, state: Mutex::default(), freed: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, TakenPlaces> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits until one more connection may be accepted; until then it waits in the system's queue and costs no descriptor.
    /// For one caller at a time.
    pub async fn room(&self) {
        loop {
            let until = {
                let state = self.state();
                if state.known >= self.limits.known {
                    None
                } else {
                    let oldest = state.next_to_go().and_then(|number| state.unknown.get(&number));
                    let full = oldest.filter(|_| state.unknown.len() >= self.limits.unknown);
                    let Some(until) = full.map(|stranger| stranger.since + GRACE) else { return };
                    if until <= Instant::now() {
                        return;
                    }
                    Some(until)
                }
            };
            tokio::select! {
                () = self.freed.notified() => {}
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
            }
        }
    }

    /// Gives a connection its place. Asked for after [`Places::room`].
    pub fn enter(self: &Arc<Self>, origin: Origin) -> Arc<Place> {
        let by_origin = Caller { origin, token: None };
        let own = self.auth.as_ref().is_none_or(|auth| auth.knows(&by_origin));
        let mut state = self.state();
        let standing = if own {
            state.known += 1;
            CallerStanding::Own
        } else {
            let number = state.add_stranger(origin, self.limits.unknown);
            CallerStanding::stranger(number, self.limits.unknown_time)
        };
        drop(state);
        Arc::new(Place { places: Arc::clone(self), origin, own, standing: Mutex::new(standing) })
    }
}

enum CallerStanding {
    Own,
    Unknown {
        number: u64,
        until: Pin<Box<Sleep>>,
    },
    Known {
        /// Done when the token that was shown is none any more.
        revoked: BoxFuture<'static, ()>,
    },
}

impl CallerStanding {
    fn stranger(number: u64, time: Duration) -> Self {
        Self::Unknown { number, until: Box::pin(sleep(time)) }
    }
}

/// What one connection holds; given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    origin: Origin,
    own: bool,
    standing: Mutex<CallerStanding>,
}

impl Place {
    /// Where the connection came from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    fn standing(&self) -> MutexGuard<'_, CallerStanding> {
        self.standing.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether nobody known has called on this connection.
    pub fn is_unknown(&self) -> bool {
        !self.own && matches!(*self.standing(), CallerStanding::Unknown { .. })
    }

    /// A call of `caller` on this connection has passed [`Auth`].
    pub fn admitted(&self, caller: &Arc<Caller>) {
        let Some(auth) = self.places.auth.as_ref().filter(|_| !self.own) else { return };
        let mut standing = self.standing();
        if let CallerStanding::Unknown { number, .. } = &*standing {
            let mut state = self.places.state();
            // One that was displaced meanwhile ends as it would have.
            if state.unknown.remove(number).is_none() {
                return;
            }
            state.known += 1;
            drop(state);
            *standing = CallerStanding::Known { revoked: auth.revoked(Arc::clone(caller)).boxed() };
            self.places.freed.notify_one();
        }
    }

    /// Ready when the connection has to end.
    pub(super) fn poll_lost(&self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.own {
            return Poll::Pending;
        }
        let mut standing = self.standing();
        if let CallerStanding::Known { revoked } = &mut *standing {
            ready!(revoked.as_mut().poll(cx));
            let mut state = self.places.state();
            state.known -= 1;
            let number = state.add_stranger(self.origin, self.places.limits.unknown);
            *standing = CallerStanding::stranger(number, self.places.limits.unknown_time);
            self.places.freed.notify_one();
        }
        let CallerStanding::Unknown { number, until } = &mut *standing else { return Poll::Pending };
        match self.places.state().unknown.get_mut(number) {
            None => return Poll::Ready(io::ErrorKind::ConnectionAborted.into()),
            Some(stranger) => match &mut stranger.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                waker => *waker = Some(cx.waker().clone()),
            },
        }
        ready!(until.as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    /// `None` where a caller may take as long as it likes.
    pub(super) fn write_time(&self) -> Option<Duration> {
        (!self.own).then_some(self.places.limits.write_time)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match &*self.standing() {
            CallerStanding::Unknown { number, .. } => drop(self.places.state().unknown.remove(number)),
            CallerStanding::Own | CallerStanding::Known { .. } => self.places.state().known -= 1,
        }
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{AccessToken, PresentedToken};
    use futures::future::poll_fn;
    use tempfile::TempDir;
    use tokio::time::timeout;

    const LIMITS: PlaceLimits = PlaceLimits {
        known: 2,
        unknown: 3,
        unknown_time: Duration::from_secs(10),
        write_time: Duration::from_secs(60),
    };
    const SOON: Duration = Duration::from_millis(10);

    fn places() -> (Arc<Places>, Arc<AccessToken>, TempDir) {
        let dir = tempfile::tempdir().expect("temp dir");
        let token = Arc::new(AccessToken::open(dir.path()).expect("made"));
        let auth = Arc::new(Auth::new(Arc::clone(&token), 1_000));
        (Places::new(Some(auth), LIMITS), token, dir)
    }

    fn from(n: u8) -> Origin {
        Origin::Network { address: [192, 0, 2, n].into() }
    }

    async fn lost(place: &Place) -> io::ErrorKind {
        poll_fn(|cx| place.poll_lost(cx)).await.kind()
    }

    async fn is_lost(place: &Place) -> bool {
        poll_fn(|cx| Poll::Ready(place.poll_lost(cx).is_ready())).await
    }

    fn showing(token: &AccessToken, origin: Origin) -> Arc<Caller> {
        Arc::new(Caller { origin, token: Some(PresentedToken::new(token.text())) })
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_with_many_strangers_gives_way_and_one_with_few_stays() {
        let (places, _, _dir) = places();
        let few = places.enter(from(1));
        let many = [places.enter(from(2)), places.enter(from(2))];
        assert!(timeout(SOON, places.room()).await.is_err(), "no one is displaced at once");
        timeout(GRACE, places.room()).await.expect("room for a newer one");
        let newest = places.enter(from(2));
        assert_eq!(lost(&many[0]).await, io::ErrorKind::ConnectionAborted);
        for stays in [&few, &many[1], &newest] {
            assert!(!is_lost(stays).await);
        }
        drop(many);
        timeout(SOON, places.room()).await.expect("what is given back can be had at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_has_to_say_who_it_is_in_time() {
        let (places, token, _dir) = places();
        let (silent, known) = (places.enter(from(1)), places.enter(from(1)));
        known.admitted(&showing(&token, from(1)));
        assert_eq!(lost(&silent).await, io::ErrorKind::TimedOut);
        tokio::time::sleep(LIMITS.unknown_time * 100).await;
        assert!(!known.is_unknown() && !is_lost(&known).await);
    }

    #[tokio::test(start_paused = true)]
    async fn known_callers_have_places_of_their_own_until_their_token_is_replaced() {
        let (places, token, _dir) = places();
        let known = places.enter(from(1));
        known.admitted(&showing(&token, from(1)));
        for _ in 0..10 {
            drop(places.enter(from(2)));
        }
        let own = places.enter(Origin::Socket { uid: 1_000 });
        assert!(timeout(LIMITS.unknown_time, places.room()).await.is_err(), "all of theirs are taken");
        assert!(places.enter(Origin::Socket { uid: 1_001 }).is_unknown(), "another user");
        token.rotate().expect("rotated");
        assert!(!is_lost(&known).await && known.is_unknown());
        assert_eq!(lost(&known).await, io::ErrorKind::TimedOut);
        assert!(!own.is_unknown() && !is_lost(&own).await);
    }
}
