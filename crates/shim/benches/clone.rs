//! What a start right into a control group costs: `cargo bench -p solti-shim --bench clone`.
//!
//! The way of the shim (clone3 that borrows its memory, in assembly because libc has no function for it), beside clone3 by
//! libc's `syscall`, which copies the memory's tables, and beside a clone that is moved into the group afterwards. Processor
//! time of both sides, which other programs disturb less than the clock on the wall.

#![allow(unsafe_code, reason = "system calls that std does not offer")]

#[path = "../../../benches/shared/measure.rs"]
mod measure;

#[path = "../src/bin/solti-shim/clone.rs"]
#[allow(dead_code, reason = "of the shim's module, its clones")]
mod clone;

/// What the shim's module takes from its crate.
mod sys {
    use std::io;

    pub fn check(result: libc::c_int) -> io::Result<libc::c_int> {
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
    }
}

use measure::{Parts, median};
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::ptr;

const ROUNDS: usize = 15;
const STARTS: u32 = 1_000;
const CLONE_INTO_CGROUP: u64 = 1 << 33;
/// Where version 2 of control groups is mounted: alone, and beside version 1.
const MOUNTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

fn main() {
    if Parts::asked().is_none() {
        return;
    }
    let Some(group) = MOUNTS.iter().find_map(|mount| Group::within(Path::new(mount))) else {
        println!("skipped: no control group of version 2 can be made here");
        return;
    };
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (way, times) in [borrowed, copied, moved].into_iter().zip(&mut times) {
            let before = processor_time();
            for _ in 0..STARTS {
                way(&group);
            }
            times.push((processor_time() - before) / f64::from(STARTS));
        }
    }
    let [borrowed, copied, moved] = times.map(median);
    println!(
        "a start of /bin/true in a group of its own, processor time, median of {ROUNDS} rounds of {STARTS}"
    );
    for (what, time) in [("memory borrowed (ours)", borrowed), ("by syscall", copied), ("moved there", moved)]
    {
        println!("  {what:<24} {time:>6.0} us   {:.2}", time / borrowed);
    }
}

/// A control group that is gone with this value.
struct Group {
    path: PathBuf,
    dir: File,
}

impl Group {
    fn within(mount: &Path) -> Option<Self> {
        mount.join("cgroup.controllers").exists().then_some(())?;
        let path = mount.join(format!("solti-bench-{}", std::process::id()));
        fs::create_dir(&path).ok()?;
        Some(Self { dir: File::open(&path).ok()?, path })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        fs::remove_dir(&self.path).ok();
    }
}

fn borrowed(group: &Group) {
    let argv = argv();
    // SAFETY: `entry` executes a program or ends, and `argv` outlives that; this program has one thread.
    let (pid, _) = unsafe { clone::clone_into(group.dir.as_fd(), entry, passed(&argv)) }.unwrap();
    reap(pid);
}

fn copied(group: &Group) {
    reap(by_syscall(group.dir.as_fd(), passed(&argv())));
}

fn moved(group: &Group) {
    let argv = argv();
    // SAFETY: as in `borrowed`.
    let (pid, _) = unsafe { clone::clone_here(entry, passed(&argv)) }.unwrap();
    // One that has ended meanwhile is moved nowhere.
    fs::write(group.path.join("cgroup.procs"), pid.to_string()).ok();
    reap(pid);
}

fn by_syscall(group: BorrowedFd<'_>, passed: *mut libc::c_void) -> libc::pid_t {
    let mut pidfd = -1;
    // SAFETY: zeroed arguments are valid.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = (libc::CLONE_VFORK | libc::CLONE_PIDFD) as u64 | CLONE_INTO_CGROUP;
    arguments.pidfd = (&raw mut pidfd) as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    arguments.cgroup = group.as_raw_fd() as u64;
    // SAFETY: the kernel is told the arguments' size; the child has memory of its own and calls nothing but `entry`.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of::<libc::clone_args>()) };
    if pid == 0 {
        entry(passed);
    }
    // SAFETY: a new descriptor that nobody else owns.
    drop((pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) }));
    pid.try_into().unwrap()
}

fn argv() -> [*const libc::c_char; 2] {
    [c"/bin/true".as_ptr(), ptr::null()]
}

fn passed(argv: &[*const libc::c_char; 2]) -> *mut libc::c_void {
    argv.as_ptr().cast_mut().cast()
}

extern "C" fn entry(argv: *mut libc::c_void) -> libc::c_int {
    let argv = argv.cast::<*const libc::c_char>();
    let envp = [ptr::null()];
    // SAFETY: `argv` is what `passed` made of an array with a program and a null.
    unsafe {
        libc::execve(*argv, argv, envp.as_ptr());
        libc::_exit(127)
    }
}

fn reap(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: a child of ours, and a place for its status.
    let reaped = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!((reaped, status), (pid, 0), "/bin/true did not start or did not succeed");
}

/// Microseconds, of this process and of the children that it has waited for.
fn processor_time() -> f64 {
    let of = |whose| {
        // SAFETY: zeroed usage is valid, and the kernel writes no more than that.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            assert_eq!(libc::getrusage(whose, &raw mut usage), 0);
            usage
        };
        let time = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
        time(usage.ru_utime) + time(usage.ru_stime)
    };
    of(libc::RUSAGE_SELF) + of(libc::RUSAGE_CHILDREN)
}
