//! A clone of this process that executes a program: as posix_spawn makes one, and the same right into a control group.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use crate::sys;

/// For the child between clone and exec; it calls a handful of small functions.
const STACK: usize = 64 << 10;
/// A flag of clone3 alone, which has room for it.
const CLONE_INTO_CGROUP: u64 = 1 << 33;

/// What the child does; it does not come back.
pub type Entry = extern "C" fn(*mut libc::c_void) -> libc::c_int;

/// A clone's pid, and a pidfd where the kernel has them.
pub type Cloned = (libc::pid_t, Option<OwnedFd>);

/// A value that a clone shares with its parent: plain memory where every clone is in ours, else a page of its own, which
/// takes the kernel longer than it would seem.
pub struct Shared<T>(ptr::NonNull<T>);

#[cfg(target_arch = "x86_64")]
impl<T> Shared<T> {
    pub fn new(value: T) -> io::Result<Self> {
        Ok(Self(ptr::NonNull::from(Box::leak(Box::new(value)))))
    }
}

#[cfg(target_arch = "x86_64")]
impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: from the box that `new` leaked; no child is in our memory any more.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<T> Shared<T> {
    pub fn new(value: T) -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping of our own; a page is large enough, and aligned, for what is put into it.
        unsafe {
            let page = libc::mmap(ptr::null_mut(), size_of::<T>(), protection, flags, -1, 0);
            if page == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let place = page.cast::<T>();
            place.write(value);
            Ok(Self(ptr::NonNull::new_unchecked(place)))
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping that `new` made, in which nothing needs to be dropped.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<T>()) };
    }
}

impl<T: Copy> Shared<T> {
    /// What is in it now.
    ///
    /// # Safety
    /// No child writes to it meanwhile.
    pub unsafe fn get(&self) -> T {
        // SAFETY: made by `new`, of a value.
        unsafe { self.0.as_ptr().read_volatile() }
    }

    /// For the child, which may do no more than this with our memory.
    ///
    /// # Safety
    /// Nobody reads or writes it meanwhile.
    pub unsafe fn set(&self, value: T) {
        // SAFETY: as for `get`.
        unsafe { self.0.as_ptr().write_volatile(value) };
    }
}

/// As posix_spawn does it: the child borrows our memory until it executes the program, which spares the copy of it, and
/// we stand still meanwhile.
///
/// # Safety
/// `entry` executes a program or ends, and does with `passed`, and with our memory, what such a child may. This process has
/// one thread.
pub unsafe fn clone_here(entry: Entry, passed: *mut libc::c_void) -> io::Result<Cloned> {
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut stack = Vec::<u128>::with_capacity(STACK / size_of::<u128>());
    let mut pidfd: RawFd = -1;
    // SAFETY: the stack is large enough for the handful of functions that are called on it, aligned, and lives until the
    // child is done with it, as does `pidfd`; the rest is the caller's word.
    let pid = sys::check(unsafe {
        libc::clone(entry, stack.as_mut_ptr().add(stack.capacity()).cast(), flags, passed, &raw mut pidfd)
    })?;
    Ok((pid, owned(pidfd)))
}

/// The same right into a control group: to move there later costs milliseconds, and a moment outside.
///
/// # Safety
/// As for [`clone_here`].
pub unsafe fn clone_into(
    group: BorrowedFd<'_>,
    entry: Entry,
    passed: *mut libc::c_void,
) -> io::Result<Cloned> {
    let mut stack = Vec::<u128>::with_capacity(STACK / size_of::<u128>());
    let mut pidfd: RawFd = -1;
    // SAFETY: zeroed arguments are valid.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = (libc::CLONE_VFORK | libc::CLONE_PIDFD) as u64 | CLONE_INTO_CGROUP;
    arguments.pidfd = (&raw mut pidfd) as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    arguments.cgroup = group.as_raw_fd() as u64;
    // SAFETY: as for `clone_here`, and the arguments are as clone3 wants them.
    let pid = unsafe { clone3(&mut arguments, stack.spare_capacity_mut(), entry, passed) };
    match libc::pid_t::try_from(pid) {
        Ok(pid) if pid > 0 => Ok((pid, owned(pidfd))),
        Ok(error) => Err(io::Error::from_raw_os_error(-error)),
        Err(_) => Err(io::ErrorKind::Other.into()),
    }
}

/// clone3 for a child that borrows our memory and runs `entry`, which does not come back, on `stack`. libc has no function
/// for it. Returns the child's pid, or a negative errno.
///
/// # Safety
/// The arguments' pointers, `stack` and what is passed are good until the child has executed a program or ended, which CLONE_VFORK
/// waits for. This process has one thread.
#[cfg(target_arch = "x86_64")]
unsafe fn clone3(
    arguments: &mut libc::clone_args,
    stack: &mut [MaybeUninit<u128>],
    entry: Entry,
    passed: *mut libc::c_void,
) -> i64 {
    arguments.flags |= libc::CLONE_VM as u64;
    arguments.stack = stack.as_mut_ptr() as u64;
    arguments.stack_size = size_of_val(stack) as u64;
    let mut result = libc::SYS_clone3;
    // SAFETY: the kernel gives the child our registers but for rax and the stack pointer, which is the aligned end of `stack`;
    // it calls `entry` there and never gets to what follows. For us this is a system call like any other.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r8",
            "call r9",
            "ud2",
            "2:",
            inlateout("rax") result,
            in("rdi") ptr::from_mut(arguments),
            in("rsi") size_of::<libc::clone_args>(),
            in("r8") passed,
            in("r9") entry,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// The same where nobody has written the assembly: the child gets a copy of our memory, which takes longer.
///
/// # Safety
/// What is passed is good. This process has one thread.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn clone3(
    arguments: &mut libc::clone_args,
    _stack: &mut [MaybeUninit<u128>],
    entry: Entry,
    passed: *mut libc::c_void,
) -> i64 {
    // SAFETY: the kernel is told the arguments' size; the child calls nothing but `entry`.
    let pid =
        unsafe { libc::syscall(libc::SYS_clone3, ptr::from_mut(arguments), size_of::<libc::clone_args>()) };
    match pid {
        0 => {
            entry(passed);
            // It does not come back.
            std::process::abort()
        }
        -1 => -i64::from(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)),
        pid => i64::from(pid),
    }
}

fn owned(pidfd: RawFd) -> Option<OwnedFd> {
    // SAFETY: where the kernel has left a number it is of a new descriptor (close-on-exec) that nobody else owns.
    (pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) })
}
