//! A control group (cgroup v2) of a run's own: all its processes are in it, wherever they have gone, so that they can be
//! counted, limited and ended together. Files and their meaning: the kernel's admin-guide/cgroup-v2.
//!
//! A group is made beside the one of the shims when those have a scope of their own, which is ours to arrange ([`settle`]);
//! else below the group of the app, when this user may: with a delegated group, or as root. There controllers are used
//! where they are on already. Where there is no group, a run is its process group, its descendants and its mark (`tree`).

use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::launch::Limits;
use crate::layout;

/// The microseconds over which a share of the processors is counted.
const CPU_PERIOD_US: u64 = 100_000;

/// The names that scopes of runs begin and end with: groups that were asked of the system, each for one start of the app.
pub const SCOPE_PREFIX: &str = "solti-runs-";
/// See [`SCOPE_PREFIX`].
pub const SCOPE_SUFFIX: &str = ".scope";
/// Where the shims are in such a scope: with controllers on, a group has processes in it or groups, not both.
const SHIMS: &str = "shims";
/// All that runs are limited by.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "io"];

/// Where groups of runs are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupBase {
    path: PathBuf,
    counted: Counted,
}

/// What is counted for a group as a whole. To ask for the rest costs a short run more than it would seem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted {
    memory: bool,
    io: bool,
}

/// The group of one run, opened.
#[derive(Debug)]
pub struct RunGroup {
    path: PathBuf,
    dir: File,
    counted: Counted,
}

/// Limits that this system cannot enforce.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unenforced {
    /// The bytes of all processes together.
    pub memory: bool,
    /// The share of the processors.
    pub cpu: bool,
    /// The number of processes.
    pub processes: bool,
}

impl GroupBase {
    /// The group of this process; `None` without a cgroup2 hierarchy. Whether groups may be made in it shows when one is.
    pub fn find() -> Option<Self> {
        Some(Self::of(&own_group()?))
    }

    /// Whether a group made here ends as a whole. Only making one tells: the root group itself has no file to be ended by.
    pub fn has_groups(&self) -> bool {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let Ok(group) = RunGroup::create(self, &format!("probe-{}/{made}", std::process::id())) else {
            return false;
        };
        let ends = group.path.join("cgroup.kill").exists();
        group.remove();
        ends
    }

    /// For processes in this group.
    fn of(group: &Path) -> Self {
        let scope = group.parent().filter(|above| group.ends_with(SHIMS) && is_scope(above));
        Self::at(scope.unwrap_or(group).to_owned())
    }

    fn at(path: PathBuf) -> Self {
        let on = fs::read_to_string(path.join("cgroup.subtree_control")).unwrap_or_default();
        let is_on = |controller| on.split_ascii_whitespace().any(|word| word == controller);
        let counted = Counted { memory: is_on("memory"), io: is_on("io") };
        Self { path, counted }
    }

    /// Wherever groups of runs may be: that of this process, and the scopes of this user's manager.
    fn all() -> Vec<Self> {
        let Some(root) = root() else { return Vec::new() };
        // SAFETY: it has no conditions.
        let user = unsafe { libc::geteuid() };
        let slice = root.join(format!("user.slice/user-{user}.slice/user@{user}.service/{SCOPE_SLICE}"));
        let scopes = fs::read_dir(slice).into_iter().flatten().flatten().map(|entry| entry.path());
        Self::find().into_iter().chain(scopes.filter(|path| is_scope(path)).map(Self::at)).collect()
    }

    fn path_of(&self, run_id: &str) -> PathBuf {
        self.path.join(name_of(run_id))
    }
}

/// The slice of the user's manager that scopes of runs are in.
pub const SCOPE_SLICE: &str = "app.slice";

/// Arranges the scope that a process was given, if it is in a new one alone: it gets a group of its own in it, and the
/// controllers are turned on for the groups of runs beside that.
///
/// # Errors
/// When the process is in no scope of runs, or the scope is not ours to arrange. Which controllers are on shows in what a
/// run's group can be limited by.
pub fn settle(pid: u32) -> io::Result<()> {
    let missing = |what: &str| io::Error::new(io::ErrorKind::NotFound, what.to_owned());
    let root = root().ok_or_else(|| missing("there is no cgroup2 hierarchy"))?;
    let group = group_of(&pid.to_string()).ok_or_else(|| missing("the process is in no group"))?;
    let scope = root.join(group);
    if !is_scope(&scope) {
        return Err(missing("the process is in no scope of runs"));
    }
    let shims = scope.join(SHIMS);
    fs::create_dir(&shims)?;
    fs::write(shims.join("cgroup.procs"), pid.to_string())?;
    for controller in CONTROLLERS {
        // One by one: a manager hands on some of them, and all or none of a line are turned on.
        fs::write(scope.join("cgroup.subtree_control"), format!("+{controller}")).ok();
    }
    Ok(())
}

fn is_scope(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(SCOPE_PREFIX) && name.ends_with(SCOPE_SUFFIX))
}

/// Where the groups are mounted.
fn root() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    // Device, mount point, type, options …; spaces in a path are written as \040, and such a one is passed over.
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let (root, kind) = (fields.nth(1)?, fields.next()?);
        (kind == "cgroup2").then(|| root.into())
    })
}

/// The group of this process; `None` without a cgroup2 hierarchy.
pub fn own_group() -> Option<PathBuf> {
    Some(root()?.join(group_of("self")?))
}

/// The path of a process's group, without the slash before it.
fn group_of(process: &str) -> Option<String> {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    groups.lines().find_map(|line| line.strip_prefix("0::/")).map(str::to_owned)
}

/// A run id has the letters of a task id and one slash.
fn name_of(run_id: &str) -> String {
    format!("solti-{}", run_id.replace('/', "."))
}

impl RunGroup {
    /// Makes an empty group.
    ///
    /// # Errors
    /// What `mkdir` says: this user may not, or there is one of that name.
    pub fn create(base: &GroupBase, run_id: &str) -> io::Result<Self> {
        let path = base.path_of(run_id);
        fs::create_dir(&path)?;
        Self::open(path, base.counted)
    }

    /// The group of the run, if this process is in it.
    pub fn of_process(pid: u32, run_id: &str) -> Option<Self> {
        let path = group_of(&pid.to_string())?;
        let is_of_run = Path::new(&path).file_name().is_some_and(|name| name == name_of(run_id).as_str());
        is_of_run.then(|| Self::open(root()?.join(path), Counted { memory: true, io: true }).ok()).flatten()
    }

    /// The group of a run whose shim is gone, if it is still there.
    pub fn left_behind(run_id: &str) -> Option<Self> {
        GroupBase::all().into_iter().find_map(|base| Self::open(base.path_of(run_id), base.counted).ok())
    }

    fn open(path: PathBuf, counted: Counted) -> io::Result<Self> {
        let dir = layout::open_run_dir(&path)?;
        Ok(Self { path, dir, counted })
    }

    /// KILL for every process in it, and for those that they fork meanwhile.
    ///
    /// # Errors
    /// A kernel before 5.14 has no such file.
    pub fn kill(&self) -> io::Result<()> {
        fs::write(self.path.join("cgroup.kill"), "1")
    }

    /// Has everything in it stand still, also what is forked just now, or go on.
    ///
    /// # Errors
    /// A kernel before 5.2 has no such file.
    pub fn freeze(&self, frozen: bool) -> io::Result<()> {
        fs::write(self.path.join("cgroup.freeze"), if frozen { "1" } else { "0" })
    }

    /// Whether a living process is in it.
    pub fn is_populated(&self) -> bool {
        self.number(c"cgroup.events", "populated ").is_some_and(|n| n > 0)
    }

    /// The pids in it; none when it is gone.
    pub fn processes(&self) -> Vec<u32> {
        let listed = fs::read_to_string(self.path.join("cgroup.procs")).unwrap_or_default();
        listed.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Limits what is in it. Open files are limited for each process on its own, output by the shim.
    pub fn limit(&self, limits: &Limits) -> Unenforced {
        let refused = |file: &str, value: Option<String>| {
            value.is_some_and(|value| fs::write(self.path.join(file), value).is_err())
        };
        let cpu = limits.cpu_percent.map(|percent| {
            let quota = u64::from(percent) * CPU_PERIOD_US / 100;
            format!("{} {CPU_PERIOD_US}", quota.max(1_000))
        });
        let memory = limits.memory_bytes.map(|bytes| bytes.to_string());
        let unenforced = Unenforced {
            memory: refused("memory.max", memory.clone()),
            cpu: refused("cpu.max", cpu),
            processes: refused("pids.max", limits.processes.map(|most| most.to_string())),
        };
        // Else a program over its limit would be moved to the swap bit by bit. Not every system counts swap.
        let _refused = refused("memory.swap.max", memory.map(|_| "0".to_owned()));
        unenforced
    }

    /// Processor time so far, also of processes that have ended, in microseconds.
    pub fn cpu_us(&self) -> Option<u64> {
        self.number(c"cpu.stat", "usage_usec ")
    }

    /// Bytes now, where memory is counted.
    pub fn memory(&self) -> Option<u64> {
        self.counted.memory.then(|| self.number(c"memory.current", ""))?
    }

    /// The most bytes at a time, where memory is counted.
    pub fn peak_memory(&self) -> Option<u64> {
        self.counted.memory.then(|| self.number(c"memory.peak", ""))?
    }

    /// How many of its processes the kernel has killed for want of memory.
    pub fn oom_kills(&self) -> u64 {
        let kills = self.counted.memory.then(|| self.number(c"memory.events", "oom_kill "));
        kills.flatten().unwrap_or(0)
    }

    /// Bytes read from and written to disks, where that is counted.
    pub fn io_bytes(&self) -> Option<(u64, u64)> {
        let stat = self.counted.io.then(|| fs::read_to_string(self.path.join("io.stat")).ok())??;
        let sum = |key: &str| -> u64 {
            let values = stat.split_ascii_whitespace().filter_map(|field| field.strip_prefix(key));
            values.filter_map(|value| value.parse::<u64>().ok()).sum()
        };
        Some((sum("rbytes="), sum("wbytes=")))
    }

    /// Takes an empty group away. One with processes in it stays, as they do.
    pub fn remove(&self) {
        fs::remove_dir(&self.path).ok();
    }

    /// Of one of the short files, which the kernel gives in one go.
    fn number(&self, file: &CStr, prefix: &str) -> Option<u64> {
        let mut file = layout::open_at(self.dir.as_fd(), file, libc::O_RDONLY).ok()?;
        let mut text = [0; 4_096];
        let len = file.read(&mut text).ok()?;
        let text = str::from_utf8(&text[..len]).ok()?;
        text.lines().find_map(|line| line.strip_prefix(prefix)?.trim().parse().ok())
    }
}

/// For a clone into the group.
impl AsFd for RunGroup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

impl Unenforced {
    /// Of these limits all that only a group could enforce.
    pub fn without_group(limits: &Limits) -> Self {
        Self {
            memory: limits.memory_bytes.is_some(),
            cpu: limits.cpu_percent.is_some(),
            processes: limits.processes.is_some(),
        }
    }

    pub(crate) fn bits(self) -> u8 {
        u8::from(self.memory) | u8::from(self.cpu) << 1 | u8::from(self.processes) << 2
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self { memory: bits & 1 != 0, cpu: bits & 2 != 0, processes: bits & 4 != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_runs_are_beside_the_shims_of_a_scope_and_else_below_the_apps_own() {
        let base = |group: &str| GroupBase::of(Path::new(group)).path;
        let slice = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice";
        let scope = format!("{slice}/{SCOPE_PREFIX}7-1{SCOPE_SUFFIX}");
        assert_eq!(base(&format!("{scope}/{SHIMS}")), Path::new(&scope));
        for other in [slice.to_owned(), format!("{slice}/app-solti.scope"), format!("{slice}/{SHIMS}")] {
            assert_eq!(base(&other), Path::new(&other));
        }
    }

    #[test]
    fn whether_groups_are_to_be_had_is_found_by_making_one_and_leaves_none() {
        let parent = tempfile::tempdir().expect("temp dir");
        // A folder of no hierarchy takes a group, and gives it no file to be ended by.
        assert!(!GroupBase::at(parent.path().to_owned()).has_groups());
        assert_eq!(fs::read_dir(parent.path()).expect("there").count(), 0);
        assert!(!GroupBase::at(parent.path().join("none")).has_groups());
        let Some(base) = GroupBase::find() else { return };
        let made = RunGroup::create(&base, &format!("test-{}/1", std::process::id()));
        let ends = made.as_ref().is_ok_and(|group| group.kill().is_ok());
        made.iter().for_each(RunGroup::remove);
        assert_eq!(base.has_groups(), ends);
    }
}
