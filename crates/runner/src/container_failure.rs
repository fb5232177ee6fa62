//! Why an engine has not started a container, by what it said.

use std::fmt;

/// Of the engine's words in a sentence.
const MAX_WORDS: usize = 400;

/// A container that was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerFailure {
    /// What was wrong.
    pub trouble: ContainerTrouble,
    /// The engine's own words.
    pub said: String,
}

/// What was wrong with a container that was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerTrouble {
    /// There is no engine, or it cannot be used.
    EngineUnusable,
    /// It is not on this machine, and is not to be fetched.
    ImageAbsent,
    /// Its registry has no image of this name and tag.
    ImageUnknown,
    /// Its name does not say where it is from.
    ImageName,
    /// Its name cannot be one of an image.
    ImageMalformed,
    /// Its registry wants to know who asks, or refuses.
    ImageDenied,
    /// It is there, but not for the architecture of this machine.
    ImageOfOtherMachine,
    /// Its registry does not answer.
    RegistryUnreachable,
    /// Its registry answers no more requests for a while.
    RegistryBusy,
    /// Its registry has failed.
    RegistryFailed,
    /// For another reason it could not be fetched.
    ImageNotPulled,
    /// The image has no such program.
    ProgramMissing,
    /// The program cannot be executed.
    ProgramNotExecutable,
    /// A path of this machine that it was to see is not there.
    VolumeMissing,
    /// It is there, but cannot be seen at the place where it was to be.
    VolumeUnfit,
    /// The image knows no such user.
    UserUnknown,
    /// The image has no such directory.
    WorkdirMissing,
    /// There is no such network.
    NetworkUnknown,
    /// What the engine makes networks by is missing, or may not.
    NetworkUnusable,
    /// The engine cannot keep a limit on this machine.
    LimitRefused,
    /// No process could be started in it.
    NoProcess,
    /// Anything else.
    Refused,
}

impl ContainerTrouble {
    fn words(self) -> &'static str {
        match self {
            Self::EngineUnusable => "the container engine cannot be used",
            Self::ImageAbsent => "the image is not on this machine, and is not to be pulled",
            Self::ImageUnknown => {
                "the image cannot be pulled: its registry has no image of this name and tag"
            }
            Self::ImageName => {
                "the image cannot be found by this name: it has to say which registry it is from, as in docker.io/library/alpine"
            }
            Self::ImageMalformed => "the image name is not valid",
            Self::ImageDenied => {
                "the image cannot be pulled: its registry denies access, or has no image of this name; log in to the registry if the image is private"
            }
            Self::ImageOfOtherMachine => {
                "the image cannot be pulled: it has no build for this machine's architecture"
            }
            Self::RegistryUnreachable => "the image cannot be pulled: its registry cannot be reached",
            Self::RegistryBusy => {
                "the image cannot be pulled: its registry accepts no more requests for a while"
            }
            Self::RegistryFailed => "the image cannot be pulled: its registry reports an error",
            Self::ImageNotPulled => "the image cannot be pulled",
            Self::ProgramMissing => "the program is not in the image",
            Self::ProgramNotExecutable => "the program in the image cannot be executed",
            Self::VolumeMissing => "a path to be mounted does not exist",
            Self::VolumeUnfit => {
                "a path cannot be mounted at its place in the container: a file can only be mounted over a file, a folder over a folder"
            }
            Self::UserUnknown => "the image has no such user",
            Self::WorkdirMissing => "the working directory is not in the image",
            Self::NetworkUnknown => "the network does not exist",
            Self::NetworkUnusable => {
                "the container engine cannot make a network on this machine; a container with the network \"none\" or \"host\" needs none"
            }
            Self::LimitRefused => "the container engine cannot enforce a limit on this machine",
            Self::NoProcess => {
                "no process could be started in the container: its limit of processes is too small, or the machine has no more"
            }
            Self::Refused => "the container could not be started",
        }
    }

    /// By what engines say. `own`: what of it are the task's words, which tell nothing of its trouble.
    fn of(said: &str, own: &[String]) -> Self {
        Self::by(&without(&said.to_lowercase(), own))
    }

    /// In lower case. The first that fits counts: the later ones are looser.
    fn by(said: &str) -> Self {
        let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if any(&[
            "cannot connect to the docker daemon",
            "is the docker daemon running",
            "error during connect",
            "permission denied while trying to connect",
        ]) {
            Self::EngineUnusable
        } else if any(&["image not known", "no such image", "image does not exist"]) {
            Self::ImageAbsent
        } else if any(&["short-name", "unqualified-search"]) {
            Self::ImageName
        } else if any(&["invalid reference format", "repository name must be", "hexadecimal value"]) {
            Self::ImageMalformed
        } else if let Some(trouble) = Self::of_pull(said) {
            trouble
        } else if any(&["docker-init", "container-init binary"]) {
            // What `--init` needs is not installed: nothing that a task could mend.
            Self::Refused
        } else if any(&["workdir", "working directory", "chdir to cwd"]) {
            Self::WorkdirMissing
        } else if any(&["setting cgroup config", "cgroup controller", "rlimit"]) {
            Self::LimitRefused
        } else if any(&["failed to exec pid1: no such file"]) {
            Self::ProgramMissing
        } else if any(&["failed to exec pid1", "exec format error"]) {
            Self::ProgramNotExecutable
        } else if any(&["failed to fork", "failed to spawn pid1", "fork failed"]) {
            Self::NoProcess
        } else if (said.contains("error mounting") && !said.contains("no such file"))
            || any(&["unable to find user", "unable to find group"])
                && any(&["not a directory", "is a directory", "permission denied"])
        {
            // Of the file with the users too: a folder was put in its place.
            Self::VolumeUnfit
        } else if any(&[
            "unable to find user",
            "unable to find group",
            "no matching entries in passwd",
            "no matching entries in group",
        ]) {
            Self::UserUnknown
        } else if any(&["network not found", "unable to find network"])
            || (said.contains("network ") && said.contains(" not found"))
        {
            Self::NetworkUnknown
        } else if any(&[
            "netavark",
            "aardvark",
            "slirp4netns",
            "pasta ",
            "pasta:",
            "failed to create endpoint",
            "cni ",
        ]) {
            Self::NetworkUnusable
        } else if any(&["statfs ", "bind source path does not exist", "error mounting"]) {
            Self::VolumeMissing
        } else if any(&["executable file not found", "a command that was not found", "[fatal tini"])
            && !said.contains("permission denied")
        {
            Self::ProgramMissing
        } else if any(&[
            "permission denied: oci",
            "permission denied: unknown",
            "is a directory: unknown",
            "[fatal tini",
        ]) {
            Self::ProgramNotExecutable
        } else if any(&["cgroup", "memory limit", "pids limit", "cpus", "range of cpu"]) {
            Self::LimitRefused
        } else {
            Self::Refused
        }
    }
}

impl ContainerTrouble {
    /// By what engines, and registries through them, say of a pull; in lower case.
    fn of_pull(said: &str) -> Option<Self> {
        let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
        // In these steps of it something is said, whatever that is.
        let is_pull = any(&[
            "docker://",
            "/v2/",
            "initializing source",
            "reading manifest",
            "choosing an image",
            "parsing image configuration",
            " blob",
            "toomanyrequests",
            "failed to resolve reference",
            "failed to register layer",
            "error pulling image",
            "pinging container registry",
        ]);
        let status = http_status(said).filter(|_| is_pull);
        let in_pull = |words: &[&str]| is_pull && any(words);
        Some(if any(&["no image found in", "no matching manifest"]) {
            Self::ImageOfOtherMachine
        } else if any(&["manifest unknown", "manifest for "])
            || in_pull(&["name unknown", "repository not found"])
            || (status == Some(404) && said.contains("manifest"))
        {
            Self::ImageUnknown
        } else if any(&[
            "access to the resource is denied",
            "authentication required",
            "no basic auth credentials",
        ]) || in_pull(&["unauthorized"])
            || matches!(status, Some(401 | 403))
        {
            Self::ImageDenied
        } else if any(&["toomanyrequests", "too many requests"]) || status == Some(429) {
            Self::RegistryBusy
        } else if matches!(status, Some(500..)) {
            Self::RegistryFailed
        } else if in_pull(&[
            "pinging container registry",
            "dial tcp",
            "no such host",
            "connection refused",
            "i/o timeout",
            "tls: ",
            "x509: ",
            "server misbehaving",
        ]) {
            Self::RegistryUnreachable
        } else if is_pull {
            Self::ImageNotPulled
        } else {
            return None;
        })
    }
}

/// What an engine may speak of where it names what is the task's.
const ABOUT: [&str; 4] = ["", "docker:// ", "error mounting ", "unable to find user "];

/// What is left of a sentence, in lower case, without the words of the task that could be taken for the engine's.
fn without(said: &str, own: &[String]) -> String {
    let tells = |words: &String| {
        ABOUT.iter().any(|what| ContainerTrouble::by(&format!("{what}{words}")) != ContainerTrouble::by(what))
    };
    let mut own: Vec<String> = own.iter().map(|words| words.to_lowercase()).filter(tells).collect();
    own.sort_by_key(|words| std::cmp::Reverse(words.len()));
    let mut left = said.to_owned();
    for words in own {
        let goes_on = |next: Option<char>| {
            next.is_some_and(|next| next.is_alphanumeric() || next == '_' || next == '-')
        };
        let mut kept = String::new();
        let mut rest = left.as_str();
        while let Some((before, behind)) = rest.split_once(&words) {
            let is_part = goes_on(before.chars().next_back()) || goes_on(behind.chars().next());
            kept.push_str(before);
            kept.push_str(if is_part { &words } else { "…" });
            rest = behind;
        }
        kept.push_str(rest);
        left = kept;
    }
    left
}

/// What a server has answered with, where that was a failure: `StatusCode: 403`, `unexpected HTTP status: 503 Service Unavailable`.
fn http_status(said: &str) -> Option<u16> {
    let (_, behind) = said.split_once("status")?;
    let mut numbers = behind.split_whitespace().map(|word| word.trim_end_matches([':', ',', '.']));
    numbers.find_map(|word| word.parse().ok().filter(|code| (400..600).contains(code)))
}

impl ContainerFailure {
    pub(crate) fn new(trouble: ContainerTrouble, said: impl Into<String>) -> Self {
        let mut said = said.into();
        if said.len() > MAX_WORDS {
            said.truncate(said.floor_char_boundary(MAX_WORDS));
            said.push('…');
        }
        Self { trouble, said }
    }

    /// By what the engine has said. `own`: the task's own words, which may be in that.
    pub(crate) fn of(said: &str, own: &[String]) -> Self {
        Self::new(ContainerTrouble::of(said, own), said)
    }
}

impl fmt::Display for ContainerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.trouble, self.said.as_str()) {
            (trouble, "") => f.write_str(trouble.words()),
            (trouble, said) => write!(f, "{} ({said})", trouble.words()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContainerTrouble::*;

    #[test]
    fn what_engines_say_is_told_in_plain_words() {
        for (said, trouble) in [
            ("localhost/no:1: image not known", ImageAbsent),
            (
                "short-name \"x\" did not resolve to an alias and no unqualified-search registries are defined",
                ImageName,
            ),
            (
                "initializing source docker://localhost:1/no:1: pinging container registry localhost:1: Get \"https://localhost:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
                RegistryUnreachable,
            ),
            (
                "initializing source docker://localhost:5000/x:1: reading manifest 1 in localhost:5000/x: manifest unknown: manifest unknown",
                ImageUnknown,
            ),
            ("requested access to the resource is denied", ImageDenied),
            ("Head \"http://127.0.0.1:5000/v2/x/manifests/1\": no basic auth credentials", ImageDenied),
            (
                "initializing source docker://127.0.0.1:5000/x:1: reading manifest 1 in 127.0.0.1:5000/x: unauthorized: authentication required",
                ImageDenied,
            ),
            ("statfs /nosuch: no such file or directory", VolumeMissing),
            ("unable to find user nosuch: no matching entries in passwd file", UserUnknown),
            ("workdir \"/nowhere\" does not exist on container 8d2900", WorkdirMissing),
            ("unable to find network with name or ID nosuch: network not found", NetworkUnknown),
            ("netavark: No such file or directory (os error 2)", NetworkUnusable),
            (
                "/usr/bin/slirp4netns failed: \"open(\\\"/dev/net/tun\\\"): Permission denied\\nWARNING: Support for seccomp is experimental\\n\"",
                NetworkUnusable,
            ),
            (
                "runc: runc create failed: unable to start container process: exec: \"nosuch\": executable file not found in $PATH: OCI runtime attempted to invoke a command that was not found",
                ProgramMissing,
            ),
            ("ERROR (catatonit:6): failed to exec pid1: No such file or directory", ProgramMissing),
            ("ERROR (catatonit:6): failed to exec pid1: Permission denied", ProgramNotExecutable),
            ("[FATAL tini (7)] exec nosuch failed: No such file or directory", ProgramMissing),
            ("[FATAL tini (7)] exec /etc/passwd failed: Permission denied", ProgramNotExecutable),
            (
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
                EngineUnusable,
            ),
            (
                "error during connect: Head \"http://10.0.0.9:2375/_ping\": dial tcp 10.0.0.9:2375: connect: connection refused",
                EngineUnusable,
            ),
            ("crun: the requested cgroup controller `memory` is not available", LimitRefused),
            (
                "runc: runc create failed: unable to start container process: error during container init: error setting cgroup config for procHooks process: openat2 /sys/fs/cgroup/c81f/pids.max: no such file or directory: OCI runtime attempted to invoke a command that was not found",
                LimitRefused,
            ),
            ("failed to create task: exec: \"docker-init\": executable file not found in $PATH", Refused),
            ("something new", Refused),
            ("repository name must be lowercase", ImageMalformed),
            ("invalid reference format", ImageMalformed),
            ("sha256:abcd: invalid format: no 64-byte hexadecimal value", ImageMalformed),
            (
                "initializing source docker://r:1/x:1: reading manifest 1 in r:1/x: StatusCode: 403, <html>no</html>",
                ImageDenied,
            ),
            (
                "initializing source docker://r:1/x:1: Requesting bearer token: invalid status code from registry 403 (Forbidden)",
                ImageDenied,
            ),
            (
                "initializing source docker://r:1/x:1: reading manifest 1 in r:1/x: StatusCode: 404, <html>no</html>",
                ImageUnknown,
            ),
            (
                "initializing source docker://r:1/x:1: reading manifest 1 in r:1/x: toomanyrequests: slow down",
                RegistryBusy,
            ),
            (
                "initializing source docker://r:1/x:1: reading manifest 1 in r:1/x: StatusCode: 429, slow down",
                RegistryBusy,
            ),
            (
                "initializing source docker://r:1/x:1: reading manifest 1 in r:1/x: received unexpected HTTP status: 503 Service Unavailable",
                RegistryFailed,
            ),
            (
                "unexpected status from HEAD request to https://r:500/v2/x/manifests/1: 500 Internal Server Error",
                RegistryFailed,
            ),
            (
                "initializing image from source docker://r:1/x:1: invalid character '<' looking for beginning of value",
                ImageNotPulled,
            ),
            ("initializing source docker://r:1/x:1: unexpected EOF", ImageNotPulled),
            (
                "choosing an image from manifest list docker://r:1/x:1: no image found in image index for architecture amd64, variant \"\", OS linux",
                ImageOfOtherMachine,
            ),
            ("no matching manifest for linux/amd64 in the manifest list entries", ImageOfOtherMachine),
            (
                "parsing image configuration: Error fetching blob: invalid status code from registry 404 (Not Found)",
                ImageNotPulled,
            ),
            (
                "reading blob sha256:bb: Error fetching blob: invalid status code from registry 404 (Not Found)",
                ImageNotPulled,
            ),
            ("writing blob: adding layer with blob \"sha256:bb\": no space left on device", ImageNotPulled),
            (
                "runc: runc create failed: unable to start container process: error during container init: error mounting \"/s/file\" to rootfs at \"/etc\": mount /s/file:/etc (via /proc/self/fd/6), flags: 0x5000: not a directory",
                VolumeUnfit,
            ),
            ("unable to find user 0: read /s/dir: is a directory", VolumeUnfit),
            (
                "runc: runc create failed: error mounting \"/s/gone\" to rootfs at \"/x\": no such file or directory",
                VolumeMissing,
            ),
            (
                "runc: runc create failed: error mounting \"/tmp\" to rootfs at \"/proc\": check proc-safety of /proc mount: \"/tmp\" cannot be mounted because it is inside /proc",
                VolumeUnfit,
            ),
            ("ERROR (catatonit:1): failed to spawn pid1: Resource temporarily unavailable", NoProcess),
            ("[FATAL tini (1)] fork failed: Resource temporarily unavailable", NoProcess),
        ] {
            assert_eq!(ContainerTrouble::of(said, &[]), trouble, "{said}");
        }
        let failure = ContainerFailure::of("localhost/no:1: image not known", &[]);
        assert_eq!(
            failure.to_string(),
            "the image is not on this machine, and is not to be pulled (localhost/no:1: image not known)"
        );
    }

    #[test]
    fn what_the_task_calls_its_own_tells_nothing_of_its_trouble() {
        let pull = "initializing source docker://localhost:2/unauthorized/x:1: pinging container registry localhost:2: Get \"https://localhost:2/v2/\": dial tcp 127.0.0.1:2: connect: connection refused";
        for (own, said, trouble) in [
            ("/srv/workdir/data", "statfs /srv/workdir/data: no such file or directory", VolumeMissing),
            ("/no/unauthorized", "statfs /no/unauthorized: no such file or directory", VolumeMissing),
            ("/data/slirp4netns", "statfs /data/slirp4netns: no such file or directory", VolumeMissing),
            ("/no/rlimit", "statfs /no/rlimit: no such file or directory", VolumeMissing),
            ("/home/me/short-name", "statfs /home/me/short-name: no such file or directory", VolumeMissing),
            (
                "chdir-workdir",
                "unable to find user chdir-workdir: no matching entries in passwd file",
                UserUnknown,
            ),
            (
                "unauthorized",
                "unable to find user unauthorized: no matching entries in passwd file",
                UserUnknown,
            ),
            ("/docker://x", "workdir \"/docker://x\" does not exist on container 8d2900", WorkdirMissing),
            (
                "/srv/repository not found",
                "workdir \"/srv/repository not found\" does not exist on container 8d2900",
                WorkdirMissing,
            ),
            ("workdir", "unable to find network with name or ID workdir: network not found", NetworkUnknown),
            ("localhost:2/unauthorized/x:1", pull, RegistryUnreachable),
            // Words that no trouble is told by stay, also where they are the engine's.
            ("network", "unable to find network with name or ID network: network not found", NetworkUnknown),
            ("0", "docker://r/x:1: StatusCode: 404, manifest 0", ImageUnknown),
            // A part of another word is none of the task's.
            ("rlimit", "crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: xrlimit", LimitRefused),
        ] {
            assert_eq!(ContainerTrouble::of(said, &[own.to_owned()]), trouble, "{said}");
        }
    }
}
