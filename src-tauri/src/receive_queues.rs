//! WebKit's threads that receive the messages of the pages, put back among the ordinary ones.
//!
//! WebKitGTK gives them a real-time priority where the system lets it. They wait for locks by yielding, which among real-time
//! threads yields to no other: on a machine of as few processors as there are busy pages, whoever holds the lock does not
//! run, and nothing else does, until the kernel takes real time its processors away after 0.95 s. Both windows of a fast log,
//! and all the rest of the machine, stood still for a second, now and then. As ordinary threads they are as fast.

/// To be called when a page begins and when it is loaded: each process of a page has a thread of its own here.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "nothing else sets the priority of a thread")]
pub fn make_ordinary() {
    const NAME: &str = "ReceiveQueue";
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
    for thread in threads.flatten() {
        let name = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        let id = thread.file_name().to_str().and_then(|id| id.parse::<libc::pid_t>().ok());
        if let Some(id) = id.filter(|_| name.trim_end() == NAME) {
            let ordinary = libc::sched_param { sched_priority: 0 };
            // SAFETY: a valid parameter. Everybody may give a real-time priority up, and a thread that is gone is an error.
            unsafe { libc::sched_setscheduler(id, libc::SCHED_OTHER, &raw const ordinary) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub fn make_ordinary() {}
