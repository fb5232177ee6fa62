//! The fork server: takes orders from the app and forks a shim for each, until the app is gone.
//!
//! It has one thread and nothing open but its socket, so a fork of it is as clean as a new process, without the time that
//! loading a program takes. All its shims are in its session: where the kernel shares the processors out by session
//! (`sched_autogroup`), all runs together then get as much as the app or a terminal, and the app does not wait behind
//! a hundred runs of a hundred sessions. What an order is made of is the library's `fork_order`.

use std::fs::File;
use std::io::{PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use solti_shim::cgroup::GroupBase;
use solti_shim::exit_record::boot_id_hash;
use solti_shim::fork_order::{ForkOrder, MAX_LEN};
use solti_shim::start_report::{Stage, StartFailure, StartReport};

use crate::start::{GivenSpec, Order};
use crate::sys::{self, Forked};

/// Returns an order in each shim, and `None` in the server once the app has closed its end.
pub fn serve(socket: OwnedFd) -> Option<Order> {
    sys::detach();
    sys::new_session();
    sys::reap_by_itself();
    let (boot, ignored) = (boot_id_hash(), sys::ignored_signals());
    let home = sys::current_dir().ok()?;
    let mut groups = None;
    let mut bytes = vec![0; MAX_LEN];
    loop {
        let (len, descriptors) = sys::receive(socket.as_fd(), &mut bytes)?;
        if len == 0 {
            return None;
        }
        let Ok(ForkOrder { run_dir, spec }) = ForkOrder::decode(&bytes[..len]) else { continue };
        let mut descriptors = descriptors.into_iter();
        let (Some(status), Some(client)) = (descriptors.next(), descriptors.next()) else { continue };
        let spec_file = descriptors.next();
        let mut status = PipeWriter::from(status);
        // Not before the first order: until then the app may have us moved into a scope.
        let groups = groups.get_or_insert_with(GroupBase::find).clone();
        // SAFETY: this process has one thread.
        let forked = match unsafe { sys::fork() } {
            Ok(Forked::Parent { child }) => StartReport::Forked { shim_pid: child },
            Ok(Forked::Child) => {
                sys::new_group();
                let in_file = || spec_file.map(|file| GivenSpec::File(File::from(file)));
                let spec = spec.map(|spec| GivenSpec::Bytes(spec.to_vec())).or_else(in_file);
                let (client, status) = (Some(UnixStream::from(client)), Some(status));
                let run_dir = run_dir.into();
                return Some(Order { run_dir, home, status, spec, client, boot, groups, ignored });
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                StartReport::Failed(StartFailure { stage: Stage::Spawn, errno })
            }
        };
        // An app that is gone needs no word.
        status.write_all(&forked.encode()).ok();
    }
}
