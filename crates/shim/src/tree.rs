//! The process tree of a run: who belongs to it, and signals that cannot hit anybody else.
//!
//! While the shim lives, the run is its descendants: orphans come back to it, their subreaper, whatever sessions, groups and user
//! namespaces they have made, so nobody else's process has to be looked at. (Only root can leave it, by entering a PID namespace
//! that somebody else has made; where the run has a control group, such a one is in that.) When the shim is gone, a run is every
//! process that carries its mark in its environment, for which all processes are looked at. When to end a tree, and how politely,
//! is decided by the shim's run loop or, for a lost shim, by the runner. Linux: read from `/proc`.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::Duration;

use crate::layout::RUN_ID_VAR;

/// Environments are read up to here; the kernel's own limit for arguments and environment is usually 2 MiB.
const MAX_ENVIRON: u64 = 8 << 20;

/// How often, and how long apart, a process is looked at that is in the middle of an execve(2), which takes microseconds.
const EXEC_LOOKS: u32 = 200;
const EXEC_PAUSE: Duration = Duration::from_millis(1);

/// A process, told apart from a later one with the same pid by its start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// The number, which may be used again once it is gone.
    pub pid: u32,
    /// Pid of the parent; 0 when it has none in this namespace.
    pub parent: u32,
    /// The process group.
    pub group: u32,
    /// In clock ticks since boot.
    pub start_ticks: u64,
    /// Ended, but not yet waited for.
    pub zombie: bool,
}

impl Process {
    /// The process with this pid, if there is one. None also where that cannot be looked at.
    pub fn find(pid: u32) -> Option<Self> {
        Self::look_for(pid).ok()?
    }

    /// The process with this pid, if there is one.
    ///
    /// # Errors
    /// When that is not known: for want of descriptors, say.
    pub fn look_for(pid: u32) -> io::Result<Option<Self>> {
        let stat = unless_gone(fs::read(format!("/proc/{pid}/stat")))?;
        Ok(stat.and_then(|stat| parse_stat(pid, &stat)))
    }

    /// Sends a signal to this very process; `false` when it is gone.
    ///
    /// # Errors
    /// What the kernel says, above all `EPERM` for a process that changed its user.
    pub fn signal(&self, signal: i32) -> io::Result<bool> {
        // SAFETY: pidfd_open takes two integers and returns a descriptor or -1.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, self.pid as libc::pid_t, 0) };
        if fd < 0 {
            return gone_or(io::Error::last_os_error());
        }
        // SAFETY: a descriptor just returned by the kernel that nobody else owns.
        let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        // The descriptor pins whoever has the pid now; only the start time says that it is the one we saw.
        if Self::look_for(self.pid)?.is_none_or(|now| now.start_ticks != self.start_ticks) {
            return Ok(false);
        }
        // SAFETY: an open pidfd, and no siginfo.
        let sent = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                fd.as_raw_fd(),
                signal,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        if sent == 0 { Ok(true) } else { gone_or(io::Error::last_os_error()) }
    }
}

fn gone_or(error: io::Error) -> io::Result<bool> {
    if error.raw_os_error() == Some(libc::ESRCH) { Ok(false) } else { Err(error) }
}

/// The descendants of this process, zombies included. They may fork and end meanwhile: repeat until none is left, which
/// [`children`] tells for certain.
///
/// # Errors
/// When `/proc` cannot be read. A process that vanishes while it is looked at is no error.
pub fn descendants(ancestor: u32) -> io::Result<Vec<Process>> {
    let (mut found, mut seen) = (Vec::new(), HashSet::from([ancestor]));
    let mut left = children(ancestor)?;
    while let Some(pid) = left.pop() {
        if let Some(process) = Process::look_for(pid)?.filter(|_| seen.insert(pid)) {
            found.push(process);
            // A zombie may have threads that live, and they children.
            left.extend(unless_gone(children(pid))?.unwrap_or_default());
        }
    }
    Ok(found)
}

/// The children of a process, whichever of its threads they are of, zombies included. Of the own process, none is ever missed
/// that is there before and after.
///
/// # Errors
/// When there is no such process, or `/proc` cannot be read.
pub fn children(pid: u32) -> io::Result<Vec<u32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        match unless_gone(fs::read_to_string(thread?.path().join("children")))? {
            Some(listed) => {
                children.extend(listed.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()))
            }
            None if fs::exists("/proc/thread-self/children")? => {} // It has ended.
            // A kernel without these lists (CONFIG_PROC_CHILDREN).
            None => {
                let all = all_processes()?.into_iter();
                return Ok(all.filter(|process| process.parent == pid).map(|process| process.pid).collect());
            }
        }
    }
    Ok(children)
}

/// What makes a process a member of a run whose shim is gone.
#[derive(Debug, Clone, Copy)]
pub struct Membership<'a> {
    /// The value of the mark in the environment.
    pub run_id: &'a str,
    /// A marked process that started before this (clock ticks since boot) does not belong.
    pub not_before_ticks: u64,
}

impl Membership<'_> {
    /// All members at this moment, zombies included. They may fork meanwhile: repeat until none is left.
    ///
    /// # Errors
    /// When `/proc` cannot be listed, or a process in it not be looked at: for want of descriptors, say. One that vanishes
    /// meanwhile is no error.
    pub fn members(&self) -> io::Result<Vec<Process>> {
        let own_pid = std::process::id();
        // SAFETY: no arguments, cannot fail.
        let uid = unsafe { libc::geteuid() };
        let mark = format!("{RUN_ID_VAR}={}", self.run_id);
        let mut members = Vec::new();
        for process in all_processes()? {
            let candidate = process.pid != own_pid && process.start_ticks >= self.not_before_ticks;
            if candidate && carries(process.pid, uid, mark.as_bytes())? {
                members.push(process);
            }
        }
        Ok(members)
    }
}

/// How many living processes of this user carry the mark of each run.
///
/// # Errors
/// As [`Membership::members`].
pub fn marks() -> io::Result<HashMap<String, usize>> {
    // SAFETY: no arguments, cannot fail.
    let uid = unsafe { libc::geteuid() };
    let mut marks = HashMap::new();
    for process in all_processes()?.into_iter().filter(|process| !process.zombie) {
        let environ = environ(process.pid, uid)?;
        let mut entries = environ.split(|&byte| byte == 0);
        let mark = entries.find_map(|entry| entry.strip_prefix(RUN_ID_VAR.as_bytes())?.strip_prefix(b"="));
        if let Some(mark) = mark {
            *marks.entry(String::from_utf8_lossy(mark).into_owned()).or_insert(0) += 1;
        }
    }
    Ok(marks)
}

fn all_processes() -> io::Result<Vec<Process>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        all.extend(Process::look_for(pid)?);
    }
    Ok(all)
}

fn carries(pid: u32, uid: u32, mark: &[u8]) -> io::Result<bool> {
    Ok(environ(pid, uid)?.split(|&byte| byte == 0).any(|entry| entry == mark))
}

/// Nothing for a process of another user, or one that is gone. One that is becoming another program has no environment for a moment;
/// that is waited for.
fn environ(pid: u32, uid: u32) -> io::Result<Vec<u8>> {
    for _ in 0..EXEC_LOOKS {
        match environ_now(pid, uid)? {
            Some(environ) if environ.is_empty() && is_in_exec(pid)? => thread::sleep(EXEC_PAUSE),
            environ => return Ok(environ.unwrap_or_default()),
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, format!("process {pid} is being made another program")))
}

fn environ_now(pid: u32, uid: u32) -> io::Result<Option<Vec<u8>>> {
    let read = || -> io::Result<Option<Vec<u8>>> {
        if fs::metadata(format!("/proc/{pid}"))?.uid() != uid {
            return Ok(None);
        }
        let mut environ = Vec::new();
        fs::File::open(format!("/proc/{pid}/environ"))?.take(MAX_ENVIRON).read_to_end(&mut environ)?;
        Ok(Some(environ))
    };
    Ok(unless_gone(read())?.flatten())
}

/// Whether the kernel has not given it an environment yet, as it does at the end of execve(2). Of a process that may be read.
fn is_in_exec(pid: u32) -> io::Result<bool> {
    let stat = unless_gone(fs::read(format!("/proc/{pid}/stat")))?;
    Ok(stat.and_then(|stat| has_no_environment_yet(&stat)).unwrap_or(false))
}

/// By proc_pid_stat(5): the state, which is neither asleep nor stopped; `vsize`, which only a kernel thread and a process that has
/// ended have none of; and `env_end`, which is 0 until there is an environment.
fn has_no_environment_yet(stat: &[u8]) -> Option<bool> {
    let after_name = stat.iter().rposition(|&byte| byte == b')')?;
    let text = std::str::from_utf8(stat.get(after_name + 1..)?).ok()?;
    // The first field behind the name is the third.
    let field = |number: usize| text.split_ascii_whitespace().nth(number - 3);
    let number = |of: usize| field(of)?.parse::<u64>().ok();
    Some(matches!(field(3)?, "R" | "D") && number(23)? > 0 && number(51)? == 0)
}

/// `None` for a process that is gone, or not ours to look at; everything else is not known rather than not there.
fn unless_gone<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.raw_os_error() {
            Some(libc::ENOENT | libc::ESRCH | libc::EACCES | libc::EPERM) => Ok(None),
            _ => Err(error),
        },
    }
}

/// `pid (any name, even with brackets) state ppid pgrp … starttime …`; see proc_pid_stat(5).
fn parse_stat(pid: u32, stat: &[u8]) -> Option<Process> {
    let after_name = stat.iter().rposition(|&byte| byte == b')')?;
    let text = std::str::from_utf8(stat.get(after_name + 1..)?).ok()?;
    let mut fields = text.split_ascii_whitespace();
    let zombie = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let start_ticks = fields.nth(16)?.parse().ok()?;
    Some(Process { pid, parent, group, start_ticks, zombie })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = b"42 (a) R 1 (x) S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 10\n";
        let expected = Process { pid: 42, parent: 7, group: 8, start_ticks: 12345, zombie: false };
        assert_eq!(parse_stat(42, stat), Some(expected));
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_gone() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let own = std::process::id();
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let looked = {
            // SAFETY: a limit of this process, read into and set from a value of ours.
            unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
            let none = libc::rlimit { rlim_cur: 0, ..limit };
            // SAFETY: as above.
            unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const none) };
            let looked =
                (Process::look_for(child.id()), children(own), descendants(own), Process::find(child.id()));
            // SAFETY: as above.
            unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
            looked
        };
        let (found, listed, tree, known) = looked;
        assert!(found.is_err() && listed.is_err() && tree.is_err() && known.is_none());
        let process = Process::look_for(child.id()).unwrap().unwrap();
        assert!(descendants(own).unwrap().contains(&process));
        assert!(process.signal(libc::SIGKILL).unwrap());
        child.wait().unwrap();
        assert_eq!(Process::look_for(child.id()).unwrap(), None);
    }

    #[test]
    fn a_process_without_an_environment_yet_is_told_from_one_that_has_none() {
        let stat = |state: char, vsize: u64, env_end: u64| {
            let fields = (4..=52).map(|number| match number {
                23 => vsize,
                51 => env_end,
                other => other,
            });
            let fields: Vec<String> = fields.map(|field| field.to_string()).collect();
            format!("1 (a (b) c) {state} {}\n", fields.join(" ")).into_bytes()
        };
        assert_eq!(has_no_environment_yet(&stat('R', 4096, 0)), Some(true), "in the middle of an execve");
        assert_eq!(has_no_environment_yet(&stat('R', 4096, 140_000)), Some(false));
        assert_eq!(has_no_environment_yet(&stat('R', 0, 0)), Some(false), "a kernel thread");
        assert_eq!(has_no_environment_yet(&stat('S', 4096, 0)), Some(false), "it has taken its own away");

        let mut bare = Command::new("sleep").arg("600").env_clear().spawn().unwrap();
        // SAFETY: no arguments, cannot fail.
        let uid = unsafe { libc::geteuid() };
        assert_eq!(environ(bare.id(), uid).unwrap(), b"", "started with an empty one");
        bare.kill().unwrap();
        bare.wait().unwrap();
    }

    #[test]
    fn a_reused_pid_is_not_signalled() {
        let me = Process::find(std::process::id()).unwrap();
        assert!(me.signal(0).unwrap());
        let earlier = Process { start_ticks: me.start_ticks - 1, ..me };
        assert!(!earlier.signal(0).unwrap());
    }

    #[test]
    fn only_the_marked_process_is_a_member() {
        let mut child = std::process::Command::new("cat")
            .env(RUN_ID_VAR, "tree-test/1")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let members = |run_id, not_before_ticks| {
            let members = Membership { run_id, not_before_ticks }.members().unwrap();
            members.into_iter().map(|process| process.pid).collect::<Vec<_>>()
        };
        assert_eq!(members("tree-test/1", 0), [child.id()]);
        assert!(members("tree-test/11", 0).is_empty());
        assert!(members("tree-test/1", u64::MAX).is_empty());
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
