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
    /// Its registry has none of this name and tag.
    ImageUnknown,
    /// Its name does not say where it is from, or is no name.
    ImageName,
    /// Its registry wants to know who asks, or refuses.
    ImageDenied,
    /// Its registry does not answer.
    RegistryUnreachable,
    /// The image has no such program.
    ProgramMissing,
    /// The program cannot be executed.
    ProgramNotExecutable,
    /// A path of this machine that it was to see is not there.
    VolumeMissing,
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
    /// Anything else.
    Refused,
}

impl ContainerTrouble {
    fn words(self) -> &'static str {
        match self {
            Self::EngineUnusable => "the container engine cannot be used",
            Self::ImageAbsent => "the image is not on this machine, and is not to be pulled",
            Self::ImageUnknown => "the image cannot be pulled: its registry has none of this name and tag",
            Self::ImageName => {
                "the image cannot be found by this name: it has to say which registry it is from, as in docker.io/library/alpine"
            }
            Self::ImageDenied => {
                "the image cannot be pulled: its registry refuses it, or there is none of this name; log in to it if it is private"
            }
            Self::RegistryUnreachable => "the image cannot be pulled: its registry cannot be reached",
            Self::ProgramMissing => "the program is not in the image",
            Self::ProgramNotExecutable => "the program in the image cannot be executed",
            Self::VolumeMissing => "a path that the container was to see is not there",
            Self::UserUnknown => "the image does not know the user",
            Self::WorkdirMissing => "the working directory is not in the image",
            Self::NetworkUnknown => "there is no such network",
            Self::NetworkUnusable => {
                "the container engine cannot make a network on this machine; a container with the network \"none\" or \"host\" needs none"
            }
            Self::LimitRefused => "a limit cannot be kept by the container engine on this machine",
            Self::Refused => "the container could not be started",
        }
    }

    /// By what engines say. The first that fits counts: the later ones are looser.
    fn of(said: &str) -> Self {
        let said = said.to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if any(&[
            "cannot connect to the docker daemon",
            "is the docker daemon running",
            "permission denied while trying to connect",
        ]) {
            Self::EngineUnusable
        } else if any(&["image not known", "no such image", "image does not exist"]) {
            Self::ImageAbsent
        } else if any(&[
            "short-name",
            "unqualified-search",
            "invalid reference format",
            "repository name must be",
        ]) {
            Self::ImageName
        } else if any(&[
            "manifest unknown",
            "name unknown",
            "manifest for ",
            "no matching manifest",
            "repository not found",
        ]) {
            Self::ImageUnknown
        } else if any(&[
            "unauthorized",
            "access to the resource is denied",
            "authentication required",
            "no basic auth credentials",
            "403 (forbidden)",
        ]) {
            Self::ImageDenied
        } else if any(&[
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

impl ContainerFailure {
    pub(crate) fn new(trouble: ContainerTrouble, said: impl Into<String>) -> Self {
        let mut said = said.into();
        if said.len() > MAX_WORDS {
            said.truncate(said.floor_char_boundary(MAX_WORDS));
            said.push('…');
        }
        Self { trouble, said }
    }

    pub(crate) fn of(said: &str) -> Self {
        Self::new(ContainerTrouble::of(said), said)
    }
}

impl fmt::Display for ContainerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.trouble, self.said.as_str()) {
            (trouble, "") => f.write_str(trouble.words()),
            (ContainerTrouble::EngineUnusable, said) => f.write_str(said),
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
            ("crun: the requested cgroup controller `memory` is not available", LimitRefused),
            (
                "runc: runc create failed: unable to start container process: error during container init: error setting cgroup config for procHooks process: openat2 /sys/fs/cgroup/c81f/pids.max: no such file or directory: OCI runtime attempted to invoke a command that was not found",
                LimitRefused,
            ),
            ("failed to create task: exec: \"docker-init\": executable file not found in $PATH", Refused),
            ("something new", Refused),
        ] {
            assert_eq!(ContainerTrouble::of(said), trouble, "{said}");
        }
        let failure = ContainerFailure::of("localhost/no:1: image not known");
        assert_eq!(
            failure.to_string(),
            "the image is not on this machine, and is not to be pulled (localhost/no:1: image not known)"
        );
    }
}
