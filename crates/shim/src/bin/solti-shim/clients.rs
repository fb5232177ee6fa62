//! The control socket: who is connected, what each is owed. What a request does to the run is decided in `run`.
//!
//! Never waits for a client. A doorbell that finds no room is remembered as one flag, so a client that does not read
//! costs a constant; one that sends requests without reading the answers is dropped.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use solti_shim::control::{REPLY_LEN, REQUEST_LEN, Reply, Request};
use solti_shim::layout;

use crate::sys;

/// More than an app, a command line and a test need at once.
const MAX_CLIENTS: usize = 32;
/// Unread answers that a client may pile up.
const MAX_OWED: usize = 64 * REPLY_LEN;
const BETWEEN_DOORBELLS: Duration = Duration::from_millis(1);
/// A run this old has a socket for everybody, whether or not its first client is still there.
const DOOR_AFTER: Duration = Duration::from_millis(200);
/// After a socket that could not be made.
const DOOR_RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Clients {
    door: Door,
    clients: Vec<Client>,
    /// The last number that was rung, and when.
    rung: u64,
    rung_at: Option<Instant>,
    /// Word of a main program that has ended.
    main_ended: Option<Reply>,
}

/// The socket that anybody of this user can connect to.
#[derive(Debug)]
enum Door {
    Open(UnixListener),
    /// To be made at this time, or at once when nobody is connected.
    Due(Instant),
    /// Could not be made, and is tried again at this time.
    Refused(Instant),
    /// There is none.
    Walled,
}

#[derive(Debug)]
struct Client {
    stream: UnixStream,
    request: [u8; REQUEST_LEN],
    request_len: usize,
    owed: Vec<u8>,
    subscribed: bool,
    /// It is to be told when the main program ends; a client of an earlier release would not understand.
    knows_main_ended: bool,
    must_ring: bool,
    gone: bool,
}

impl Clients {
    /// With a socket from the start.
    pub fn listen() -> io::Result<Self> {
        Ok(Self::new(Door::Open(bind()?), Vec::new()))
    }

    /// With a client from the start, and a socket later.
    pub fn with_first(client: UnixStream) -> io::Result<Self> {
        client.set_nonblocking(true)?;
        Ok(Self::new(Door::Due(Instant::now() + DOOR_AFTER), vec![Client::new(client)]))
    }

    /// Nobody, ever.
    pub fn nobody() -> Self {
        Self::new(Door::Walled, Vec::new())
    }

    fn new(door: Door, clients: Vec<Client>) -> Self {
        Self { door, clients, rung: 0, rung_at: None, main_ended: None }
    }

    /// Makes the socket when its time has come. A disk that refuses is asked again.
    pub fn open_door(&mut self, now: Instant) {
        let is_time = match self.door {
            Door::Open(_) | Door::Walled => false,
            Door::Due(at) => at <= now || self.clients.is_empty(),
            Door::Refused(at) => at <= now,
        };
        if is_time {
            self.door = match bind() {
                Ok(listener) => Door::Open(listener),
                Err(_) => Door::Refused(now + DOOR_RETRY),
            };
        }
    }

    /// Adds the listener and every client to the poll list.
    pub fn add_slots(&self, slots: &mut Vec<libc::pollfd>) {
        let door = if let Door::Open(listener) = &self.door { listener.as_raw_fd() } else { -1 };
        slots.push(sys::poll_slot(door, libc::POLLIN));
        slots.extend(self.clients.iter().map(|client| {
            let events = if client.owes_nothing() { libc::POLLIN } else { libc::POLLIN | libc::POLLOUT };
            sys::poll_slot(client.stream.as_raw_fd(), events)
        }));
    }

    /// Handles the slots that [`add_slots`](Self::add_slots) added, and hands each request to `answer`.
    pub fn serve(
        &mut self,
        slots: &[libc::pollfd],
        log_bytes: u64,
        mut answer: impl FnMut(Request) -> Reply,
    ) {
        let Some((listener, rest)) = slots.split_first() else { return };
        for (client, _) in self.clients.iter_mut().zip(rest).filter(|(_, slot)| slot.revents != 0) {
            client.read(log_bytes, self.main_ended, &mut answer);
            client.send(log_bytes);
        }
        self.clients.retain(|client| !client.gone);
        if listener.revents != 0 {
            self.accept();
        }
    }

    /// Rings when the log has grown, at most about once a millisecond.
    pub fn ring(&mut self, log_bytes: u64, now: Instant) {
        if log_bytes == self.rung || self.next_ring().is_some_and(|at| now < at) {
            return;
        }
        self.rung = log_bytes;
        self.rung_at = Some(now);
        for client in self.clients.iter_mut().filter(|client| client.subscribed) {
            client.must_ring = true;
            client.send(log_bytes);
        }
        self.clients.retain(|client| !client.gone);
    }

    /// Tells that the main program has ended and who keeps the run going, now and to whoever subscribes later.
    pub fn tell_main_ended(&mut self, word: Reply, log_bytes: u64) {
        if self.main_ended == Some(word) {
            return;
        }
        self.main_ended = Some(word);
        for client in self.clients.iter_mut().filter(|client| client.subscribed && client.knows_main_ended) {
            client.owed.extend_from_slice(&word.encode());
            client.send(log_bytes);
            client.gone |= client.owed.len() > MAX_OWED;
        }
        self.clients.retain(|client| !client.gone);
    }

    /// When a doorbell that was held back, or the socket, is due.
    pub fn due(&self, log_bytes: u64) -> Option<Instant> {
        let bell = if log_bytes == self.rung { None } else { self.next_ring() };
        let door = match self.door {
            Door::Open(_) | Door::Walled => None,
            Door::Due(at) | Door::Refused(at) => Some(at),
        };
        [bell, door].into_iter().flatten().min()
    }

    /// The last message to everybody who listens; no more is asked of us after it. Whether any of them has it.
    pub fn exited(mut self, dir: BorrowedFd<'_>, log_bytes: u64) -> bool {
        let mut reported = false;
        for client in &mut self.clients {
            client.must_ring = false;
            if client.subscribed {
                client.owed.extend_from_slice(&Reply::Exited { log_bytes }.encode());
            }
            client.send(log_bytes);
            reported |= client.subscribed && client.owed.is_empty() && !client.gone;
        }
        if let Door::Open(_) = self.door {
            // One left behind would refuse connections, and cost an inode.
            sys::remove_at(dir, c"control.sock").ok();
        }
        reported
    }

    fn next_ring(&self) -> Option<Instant> {
        self.rung_at.map(|at| at + BETWEEN_DOORBELLS)
    }

    fn accept(&mut self) {
        let Door::Open(listener) = &self.door else { return };
        while let Ok((stream, _)) = listener.accept() {
            let wanted = self.clients.len() < MAX_CLIENTS && sys::is_own_user(&stream);
            if wanted && stream.set_nonblocking(true).is_ok() {
                self.clients.push(Client::new(stream));
            }
        }
    }
}

/// In the run folder, which we are in: a socket's address has no room for every path.
fn bind() -> io::Result<UnixListener> {
    let listener = UnixListener::bind(layout::SOCKET)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Client {
    fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            request: [0; REQUEST_LEN],
            request_len: 0,
            owed: Vec::new(),
            subscribed: false,
            knows_main_ended: false,
            must_ring: false,
            gone: false,
        }
    }

    fn owes_nothing(&self) -> bool {
        self.owed.is_empty() && !self.must_ring
    }

    fn read(&mut self, log_bytes: u64, main_ended: Option<Reply>, answer: &mut impl FnMut(Request) -> Reply) {
        while !self.gone {
            match self.stream.read(&mut self.request[self.request_len..]) {
                Ok(0) => self.gone = true,
                Ok(len) => self.request_len += len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.gone = true,
            }
            if self.request_len == REQUEST_LEN {
                self.request_len = 0;
                match Request::decode(&self.request) {
                    Ok(Request::Subscribe { main_ended: knows }) => {
                        (self.subscribed, self.knows_main_ended) = (true, knows);
                        self.must_ring = log_bytes > 0;
                        let word = main_ended.filter(|_| knows);
                        self.owed.extend(word.iter().flat_map(|word| word.encode()));
                    }
                    Ok(request) => self.owed.extend_from_slice(&answer(request).encode()),
                    Err(_) => self.gone = true,
                }
                self.send(log_bytes);
                self.gone |= self.owed.len() > MAX_OWED;
            }
        }
    }

    /// Sends what is owed as far as the socket takes it; answers first, then one doorbell with the newest number.
    fn send(&mut self, log_bytes: u64) {
        while !self.gone {
            if self.owed.is_empty() {
                if !std::mem::take(&mut self.must_ring) {
                    return;
                }
                self.owed.extend_from_slice(&Reply::Doorbell { log_bytes }.encode());
            }
            match self.stream.write(&self.owed) {
                Ok(len) => drop(self.owed.drain(..len)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.gone = true,
            }
        }
    }
}
