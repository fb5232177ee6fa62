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

#[derive(Debug)]
pub struct Clients {
    listener: UnixListener,
    clients: Vec<Client>,
    /// The last number that was rung, and when.
    rung: u64,
    rung_at: Option<Instant>,
}

#[derive(Debug)]
struct Client {
    stream: UnixStream,
    request: [u8; REQUEST_LEN],
    request_len: usize,
    owed: Vec<u8>,
    subscribed: bool,
    must_ring: bool,
    gone: bool,
}

impl Clients {
    pub fn listen(dir: BorrowedFd<'_>) -> io::Result<Self> {
        let listener = UnixListener::bind(layout::socket_path(dir))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, clients: Vec::new(), rung: 0, rung_at: None })
    }

    /// Adds the listener and every client to the poll list.
    pub fn add_slots(&self, slots: &mut Vec<libc::pollfd>) {
        slots.push(sys::poll_slot(self.listener.as_raw_fd(), libc::POLLIN));
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
            client.read(log_bytes, &mut answer);
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

    /// When a doorbell that was held back is due.
    pub fn due(&self, log_bytes: u64) -> Option<Instant> {
        if log_bytes == self.rung { None } else { self.next_ring() }
    }

    /// The last message to everybody who listens; the socket closes with the process.
    pub fn exited(mut self, log_bytes: u64) {
        for client in &mut self.clients {
            client.must_ring = false;
            if client.subscribed {
                client.owed.extend_from_slice(&Reply::Exited { log_bytes }.encode());
            }
            client.send(log_bytes);
        }
    }

    fn next_ring(&self) -> Option<Instant> {
        self.rung_at.map(|at| at + BETWEEN_DOORBELLS)
    }

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            let wanted = self.clients.len() < MAX_CLIENTS && sys::is_own_user(&stream);
            if wanted && stream.set_nonblocking(true).is_ok() {
                self.clients.push(Client::new(stream));
            }
        }
    }
}

impl Client {
    fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            request: [0; REQUEST_LEN],
            request_len: 0,
            owed: Vec::new(),
            subscribed: false,
            must_ring: false,
            gone: false,
        }
    }

    fn owes_nothing(&self) -> bool {
        self.owed.is_empty() && !self.must_ring
    }

    fn read(&mut self, log_bytes: u64, answer: &mut impl FnMut(Request) -> Reply) {
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
                    Ok(Request::Subscribe) => {
                        self.subscribed = true;
                        self.must_ring = true;
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
