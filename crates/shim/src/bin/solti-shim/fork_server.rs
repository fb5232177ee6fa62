//! The fork server: takes orders from the app and forks a shim for each, until the app is gone.
//!
//! It has one thread and nothing open but its socket, so a fork of it is as clean as a new process, without the time that
//! loading a program takes. What an order is made of is the library's `fork_order`.

use std::fs::File;
use std::io::{PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use solti_shim::cgroup::GroupBase;
use solti_shim::exit_record::boot_id_hash;
use solti_shim::fork_order::{self, DESCRIPTORS, MAX_LEN};
use solti_shim::start_report::{Stage, StartFailure, StartReport};

use crate::start::Order;
use crate::sys::{self, Forked};

/// Returns an order in each shim, and `None` in the server once the app has closed its end.
pub fn serve(socket: OwnedFd) -> Option<Order> {
    sys::detach();
    sys::new_session();
    sys::reap_by_itself();
    let (boot, ignored) = (boot_id_hash(), sys::ignored_signals());
    let mut groups = None;
    let mut bytes = vec![0; MAX_LEN];
    loop {
        let (len, descriptors) = sys::receive(socket.as_fd(), &mut bytes)?;
        if len == 0 {
            return None;
        }
        let Ok([status, spec, client]) = <[OwnedFd; DESCRIPTORS]>::try_from(descriptors) else { continue };
        let mut status = PipeWriter::from(status);
        let Ok(run_dir) = fork_order::decode(&bytes[..len]) else { continue };
        // Not before the first order: until then the app may have us moved into a scope.
        let groups = groups.get_or_insert_with(GroupBase::find).clone();
        // SAFETY: this process has one thread.
        let forked = match unsafe { sys::fork() } {
            Ok(Forked::Parent { child }) => StartReport::Forked { shim_pid: child },
            Ok(Forked::Child) => {
                let (spec, client) = (Some(File::from(spec)), Some(UnixStream::from(client)));
                let (run_dir, status) = (run_dir.into(), Some(status));
                return Some(Order { run_dir, status, spec, client, boot, groups, ignored });
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                StartReport::Failed(StartFailure { stage: Stage::Spawn, errno })
            }
        };
        // An app that is gone needs no word.
        let _ = status.write_all(&forked.encode());
    }
}
