//! Places for connections: few and short ones for callers that nobody knows yet, others for those whose token was right.
//!
//! A connection begins as a stranger's, unless the kernel says that it is the own user's. It is a known one from its first
//! call that passes [`Auth`] until that token is replaced. Where strangers hold all of their places, the newest of them
//! takes that of the oldest, from whichever address holds most: to come with many connections keeps nobody else out.
//! Where known callers hold all of theirs, a newer one takes that of who has kept us waiting for longest, with a request that it
//! has not sent, or not in whole. Nobody who waits for us gives way.

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

/// So long a stranger keeps its place whoever else comes, and a known caller one that it does nothing with: enough to say who it
/// is, or what it wants.
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
    unknown: Awaited,
    /// Known callers who keep us waiting, in the order in which they began to.
    waiting: Awaited,
}

/// Connections that may give way to newer ones.
#[derive(Default)]
struct Awaited(BTreeMap<u64, AwaitedCaller>);

struct AwaitedCaller {
    origin: Origin,
    since: Instant,
    waker: Option<Waker>,
}

impl TakenPlaces {
    fn add_stranger(&mut self, origin: Origin, limit: usize) -> u64 {
        if self.unknown.0.len() >= limit {
            self.unknown.displace(origin);
        }
        self.last += 1;
        self.unknown.add(self.last, origin)
    }

    /// One more whom we know; in the place of another where there is none left.
    fn add_known(&mut self, origin: Origin, limit: usize) {
        if self.known < limit || !self.waiting.displace(origin) {
            self.known += 1;
        }
    }
}

impl Awaited {
    fn add(&mut self, number: u64, origin: Origin) -> u64 {
        self.0.insert(number, AwaitedCaller { origin, since: Instant::now(), waker: None });
        number
    }

    /// The oldest one of the address that holds most.
    fn next_to_go(&self) -> Option<u64> {
        let mut held = HashMap::<Origin, (usize, u64)>::new();
        for (number, caller) in &self.0 {
            held.entry(neighbours(caller.origin)).or_insert((0, *number)).0 += 1;
        }
        held.into_values().max_by_key(|(held, oldest)| (*held, u64::MAX - oldest)).map(|(_, oldest)| oldest)
    }

    /// When that one may be made to go.
    fn may_go_at(&self) -> Option<Instant> {
        Some(self.0.get(&self.next_to_go()?)?.since + GRACE)
    }

    /// Ends that one; `false` where there is none.
    fn displace(&mut self, newer: Origin) -> bool {
        let Some(caller) = self.next_to_go().and_then(|oldest| self.0.remove(&oldest)) else { return false };
        tracing::debug!("a connection of {:?} makes room for that of {newer:?}", caller.origin);
        caller.waker.iter().for_each(Waker::wake_by_ref);
        true
    }

    /// Whether this one is still there; if so, it is told when it is not.
    fn poll_stays(&mut self, number: u64, cx: &mut Context<'_>) -> bool {
        let Some(caller) = self.0.get_mut(&number) else { return false };
        match &mut caller.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        true
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
                let (state, now) = (self.state(), Instant::now());
                let full_until = |is_full: bool, held: &Awaited| {
                    let until = is_full.then(|| held.may_go_at());
                    until.filter(|until| until.is_none_or(|until| until > now))
                };
                let known = full_until(state.known >= self.limits.known, &state.waiting);
                let unknown = full_until(state.unknown.0.len() >= self.limits.unknown, &state.unknown);
                let Some(until) = known.or(unknown) else { return };
                until
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
            state.add_known(origin, self.limits.known);
            CallerStanding::Own
        } else {
            let number = state.add_stranger(origin, self.limits.unknown);
            CallerStanding::stranger(number, self.limits.unknown_time)
        };
        drop(state);
        let (standing, turn) = (Mutex::new(standing), Mutex::new(Turn::Ours));
        Arc::new(Place { places: Arc::clone(self), origin, own, standing, turn })
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

/// Who is waited for.
enum Turn {
    Ours,
    /// Under this number; where that is gone, somebody else has the place.
    Callers(u64),
}

/// What one connection holds; given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    origin: Origin,
    own: bool,
    standing: Mutex<CallerStanding>,
    turn: Mutex<Turn>,
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
            if state.unknown.0.remove(number).is_none() {
                return;
            }
            state.add_known(self.origin, self.places.limits.known);
            drop(state);
            *standing = CallerStanding::Known { revoked: auth.revoked(Arc::clone(caller)).boxed() };
            self.places.freed.notify_one();
        }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// From now on the caller keeps us waiting: with a request, or more of one.
    pub fn waits_for_caller(&self) {
        if self.is_unknown() {
            return;
        }
        let mut turn = self.turn();
        let mut state = self.places.state();
        if let Turn::Callers(number) = *turn
            && state.waiting.0.remove(&number).is_none()
        {
            return;
        }
        state.last += 1;
        let number = state.last;
        *turn = Turn::Callers(state.waiting.add(number, self.origin));
        drop(state);
        self.places.freed.notify_one();
    }

    /// It has sent all of its request, and waits for us. If somebody else has its place there is one more for it: what was asked
    /// is answered.
    pub fn is_waited_for(&self) {
        if !self.ends_wait() {
            self.places.state().known += 1;
        }
    }

    /// `false` where somebody else has got the place meanwhile.
    fn ends_wait(&self) -> bool {
        let mut turn = self.turn();
        match std::mem::replace(&mut *turn, Turn::Ours) {
            Turn::Ours => true,
            Turn::Callers(number) => self.places.state().waiting.0.remove(&number).is_some(),
        }
    }

    /// Ready when a newer caller has the place of one who keeps us waiting.
    pub(super) fn poll_displaced(&self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let turn = self.turn();
        let Turn::Callers(number) = *turn else { return Poll::Pending };
        if self.places.state().waiting.poll_stays(number, cx) {
            return Poll::Pending;
        }
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

    /// Ready when the connection has to end.
    pub(super) fn poll_lost(&self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.own {
            return Poll::Pending;
        }
        let mut standing = self.standing();
        if let CallerStanding::Known { revoked } = &mut *standing {
            ready!(revoked.as_mut().poll(cx));
            let held = self.ends_wait();
            let mut state = self.places.state();
            state.known -= usize::from(held);
            let number = state.add_stranger(self.origin, self.places.limits.unknown);
            *standing = CallerStanding::stranger(number, self.places.limits.unknown_time);
            self.places.freed.notify_one();
        }
        let CallerStanding::Unknown { number, until } = &mut *standing else { return Poll::Pending };
        if !self.places.state().unknown.poll_stays(*number, cx) {
            return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
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
            CallerStanding::Unknown { number, .. } => drop(self.places.state().unknown.0.remove(number)),
            CallerStanding::Own | CallerStanding::Known { .. } if !self.ends_wait() => {}
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
    async fn a_known_caller_who_keeps_us_waiting_gives_way_and_one_who_waits_for_us_stays() {
        let (places, token, _dir) = places();
        let own = Origin::Socket { uid: 1_000 };
        let displaced = async |place: &Place| {
            let error = timeout(SOON, poll_fn(|cx| place.poll_displaced(cx))).await;
            error.is_ok_and(|error| error.kind() == io::ErrorKind::ConnectionAborted)
        };
        let (asks, leaks) = (places.enter(own), places.enter(own));
        assert!(timeout(GRACE * 10, places.room()).await.is_err(), "both wait for us");
        leaks.waits_for_caller();
        assert!(timeout(SOON, places.room()).await.is_err(), "it may have more to say");
        timeout(GRACE, places.room()).await.expect("room for a newer one");
        // Whoever comes in without a token takes nothing of theirs.
        let stranger = places.enter(from(1));
        assert!(!displaced(&leaks).await);
        stranger.admitted(&showing(&token, from(1)));
        assert!(displaced(&leaks).await && !displaced(&asks).await && !displaced(&stranger).await);
        // Its request has come at the last moment.
        leaks.is_waited_for();
        assert!(!displaced(&leaks).await);
        drop(leaks);
        assert!(timeout(GRACE * 10, places.room()).await.is_err(), "its place was not given back twice");

        // Of two the one that began to earlier, unless it has sent something since.
        asks.waits_for_caller();
        stranger.waits_for_caller();
        asks.is_waited_for();
        asks.waits_for_caller();
        timeout(GRACE * 2, places.room()).await.expect("room for a newer one");
        let newest = places.enter(own);
        assert!(displaced(&stranger).await && !displaced(&asks).await && !displaced(&newest).await);
        token.rotate().expect("rotated");
        assert!(!is_lost(&stranger).await && stranger.is_unknown(), "one like any other");
        drop([asks, stranger, newest]);
        timeout(SOON, places.room()).await.expect("room");
        let state = places.state();
        assert_eq!((state.known, state.waiting.0.len()), (0, 0));
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
