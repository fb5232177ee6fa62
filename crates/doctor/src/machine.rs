//! What the machine has to offer: the shim, cgroups, descriptors and processes, a session bus.

use rustix::process::{Resource, getrlimit};
use solti_model::Finding;
use solti_runner::{GroupBase, own_group};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn shim(path: &Path) -> Finding {
    const WHAT: &str = "Shim";
    const ADVICE: &str =
        "Without it no task can start. Install the app again, or name the program in SOLTI_SHIM.";
    let shown = path.display();
    let runnable = path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    if !runnable {
        return Finding::problem(WHAT, format!("{shown} is missing, or cannot be run"), ADVICE);
    }
    let said = Command::new(path).arg("--version").output();
    let version = said.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.as_deref().and_then(|text| text.trim().strip_prefix("solti-shim "));
    match version {
        Some(version) if version == env!("CARGO_PKG_VERSION") => {
            Finding::ok(WHAT, format!("{shown}, version {version}"))
        }
        Some(version) => Finding::warning(
            WHAT,
            format!("{shown} is of version {version}, the app of {}", env!("CARGO_PKG_VERSION")),
            "They work together; install the app again to have both of the same version.",
        ),
        None => Finding::problem(WHAT, format!("{shown} does not say what it is"), ADVICE),
    }
}

/// Whether a run can have a cgroup of its own, by which all of its processes end at once.
pub(crate) fn process_groups() -> Finding {
    const WHAT: &str = "Process trees";
    Finding::ok(
        WHAT,
        if GroupBase::find().is_some_and(|base| base.has_groups()) {
            "each run can have a cgroup of its own"
        } else {
            "runs cannot have a cgroup of their own; processes are found by group, parent and mark, and ended one by one"
        },
    )
}

/// Descriptors that the engine has open beside those of runs, with room for readers of logs and callers.
const OWN_DESCRIPTORS: u64 = 256;
/// A shim and its program, at least.
const PROCESSES_A_TASK: u64 = 2;
/// With less, a person meets the limit.
const ENOUGH_TASKS: u64 = 1_000;

/// How many tasks can run at once, by what the system lets this user have.
pub(crate) fn limits() -> Finding {
    const WHAT: &str = "Limits";
    let descriptors = getrlimit(Resource::Nofile).maximum.map(|most| most.saturating_sub(OWN_DESCRIPTORS));
    let processes = most_processes().map(|most| most / PROCESSES_A_TASK);
    let words = |tasks: Option<u64>| tasks.map_or("any number".to_owned(), solti_model::grouped);
    let said =
        format!("{} running tasks by open files, {} by processes", words(descriptors), words(processes));
    let least = descriptors.into_iter().chain(processes).min();
    if least.is_none_or(|least| least >= ENOUGH_TASKS) {
        return Finding::ok(WHAT, said);
    }
    Finding::warning(
        WHAT,
        said,
        "Tasks over that wait until others end. The hard limits of open files and processes are raised in \
         /etc/security/limits.conf, for services with LimitNOFILE= and TasksMax=.",
    )
}

/// The smallest of the user's limit, the kernel's, and that of the control group and those above it; `None` when nothing
/// limits them.
fn most_processes() -> Option<u64> {
    let number = |path: &Path| std::fs::read_to_string(path).ok()?.trim().parse().ok();
    let kernel = ["/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"];
    let kernel = kernel.into_iter().filter_map(|path| number(Path::new(path)));
    let own = own_group();
    let groups =
        own.iter().flat_map(|own| own.ancestors()).filter_map(|group| number(&group.join("pids.max")));
    // The superuser has none of his own.
    let user = if rustix::process::geteuid().is_root() { None } else { getrlimit(Resource::Nproc).maximum };
    kernel.chain(groups).chain(user).min()
}

pub(crate) fn session_bus() -> Finding {
    const WHAT: &str = "Session bus";
    const ADVICE: &str =
        "Without it there are no notifications, and starting the app twice does not bring its window up.";
    let Some(path) = bus_path() else {
        return Finding::warning(WHAT, "none is named", ADVICE);
    };
    match UnixStream::connect(&path) {
        Ok(_) => Finding::ok(WHAT, path.display().to_string()),
        Err(error) => Finding::warning(WHAT, format!("{} does not answer: {error}", path.display()), ADVICE),
    }
}

/// As the D-Bus specification has it: the address that is named, else the socket in the runtime folder.
fn bus_path() -> Option<PathBuf> {
    let named = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().and_then(|address| {
        let path = address.split(';').find_map(|one| one.strip_prefix("unix:path="))?;
        Some(PathBuf::from(path.split(',').next()?))
    });
    named.or_else(|| {
        let socket = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?).join("bus");
        socket.exists().then_some(socket)
    })
}
