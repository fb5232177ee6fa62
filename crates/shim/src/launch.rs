//! The launch spec: all that a shim is told about its run, and the bytes of the `launch` file.
//!
//! It travels as a 0600 file and never by argv, because it holds the task's environment. Looking a program up in the
//! PATH is done before, by the runner (for a job of a cluster on its node). Format: mark `SLTL`, version, fields in the order of the struct, checksum.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use solti_logstore::SegmentSizes;

use crate::format::{Cursor, FormatError, checksum};

const MAGIC: &[u8; 4] = b"SLTL";
const VERSION: u8 = 7;
/// Written by apps of earlier versions, which may meet a newer shim in their place: the sixth has segments of the usual sizes, the
/// fifth is never of a cluster, the fourth has nothing to clean up, the third has nothing to read, the second has the milliseconds
/// that output was read for after the leader's end, where there is now what follows that, and the first has no limits either.
const WITHOUT_SEGMENTS: u8 = 6;
const WITHOUT_CLUSTER: u8 = 5;
const WITHOUT_CLEANUP: u8 = 4;
const WITHOUT_STDIN: u8 = 3;
const WITHOUT_AFTER_MAIN: u8 = 2;
const WITHOUT_LIMITS: u8 = 1;

/// What to run and how to end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchSpec {
    /// `<task id>/<attempt>`; the child gets it as `SOLTI_RUN_ID`, which marks every process of the run.
    pub run_id: String,
    /// `argv[0]` is a resolved path (taken relative to `cwd` when it is relative), or of a job of a cluster a name that is looked up on
    /// its node; never empty.
    pub argv: Vec<OsString>,
    /// The whole environment of the child; nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// `None`: where the shim was started.
    pub cwd: Option<PathBuf>,
    /// Counted from the child's start; the sleep of the machine counts.
    pub timeout_ms: Option<u64>,
    /// From TERM to KILL.
    pub grace_ms: u64,
    /// What the run waits for, once the leader has ended by itself.
    pub after_main: AfterMain,
    /// Those that cannot be kept are named in the start report.
    pub limits: Limits,
    /// What the child reads, absolute; nothing when absent. Opening it waits for nobody.
    pub stdin: Option<PathBuf>,
    /// What takes away that the run leaves outside of its processes, as a container is. With it the leader alone is asked to end: it
    /// stands for others, and hands that on to them.
    pub cleanup: Option<Cleanup>,
    /// It is a job of a cluster, on whatever machine: whoever started it shares a folder with it and nothing else, so that there is no
    /// control socket, and it is ended by a file ([`layout::STOP`](crate::layout::STOP)). The child has the environment of the job below
    /// `env`, which says what of the machine is the job's, and the shim exits as the child did, for the cluster to see.
    pub cluster: bool,
    /// How the log is divided.
    pub segments: SegmentSizes,
}

/// A command that the shim runs with the environment of the child once the tree is gone, also while the app is away: before the
/// end is recorded where the tree was ended by the shim, which may have ended only what stands for the rest, and behind it where
/// the leader ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// `argv[0]` is an absolute path; never empty.
    pub argv: Vec<OsString>,
    /// Exit codes of the leader after which it is not run: whoever looks at the run next wants to see what is left, and cleans up.
    pub except_after: Vec<u8>,
}

/// What becomes of the processes that the leader leaves behind when it ends by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AfterMain {
    /// The run lasts until none of them holds its output open any more. Those that have closed it are left alone.
    #[default]
    Wait,
    /// All are ended: TERM, grace, KILL.
    End,
}

/// What the run may use of the machine; `None` is unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of all processes together.
    pub memory_bytes: Option<u64>,
    /// Of all processes together; 100 is one processor.
    pub cpu_percent: Option<u32>,
    /// Of each process.
    pub open_files: Option<u32>,
    /// At a time, threads counted.
    pub processes: Option<u32>,
    /// Standard output and standard error together.
    pub output_bytes: Option<u64>,
}

impl LaunchSpec {
    /// The bytes of the `launch` file.
    ///
    /// # Panics
    /// When a single field is 4 GiB or longer, far above what `execve` accepts.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        put(&mut out, self.run_id.as_bytes());
        put_len(&mut out, self.argv.len());
        self.argv.iter().for_each(|arg| put(&mut out, arg.as_bytes()));
        put_len(&mut out, self.env.len());
        for (key, value) in &self.env {
            put(&mut out, key.as_bytes());
            put(&mut out, value.as_bytes());
        }
        put_option(&mut out, self.cwd.as_ref(), |out, cwd| put(out, cwd.as_os_str().as_bytes()));
        put_option(&mut out, self.timeout_ms, |out, ms| out.extend_from_slice(&ms.to_le_bytes()));
        out.extend_from_slice(&self.grace_ms.to_le_bytes());
        out.push(u8::from(self.after_main == AfterMain::End));
        let Limits { memory_bytes, cpu_percent, open_files, processes, output_bytes } = self.limits;
        put_option(&mut out, memory_bytes, |out, n| out.extend_from_slice(&n.to_le_bytes()));
        for limit in [cpu_percent, open_files, processes] {
            put_option(&mut out, limit, |out, n| out.extend_from_slice(&n.to_le_bytes()));
        }
        put_option(&mut out, output_bytes, |out, n| out.extend_from_slice(&n.to_le_bytes()));
        put_option(&mut out, self.stdin.as_ref(), |out, path| put(out, path.as_os_str().as_bytes()));
        put_option(&mut out, self.cleanup.as_ref(), |out, cleanup| {
            put_len(out, cleanup.argv.len());
            cleanup.argv.iter().for_each(|arg| put(out, arg.as_bytes()));
            put(out, &cleanup.except_after);
        });
        out.push(u8::from(self.cluster));
        let SegmentSizes { head, rest } = self.segments;
        [head, rest].iter().for_each(|bytes| out.extend_from_slice(&bytes.to_le_bytes()));
        let sum = checksum(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`FormatError`] for anything else; it never panics and never allocates more than the input's length implies.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(FormatError::Truncated)?;
        let mut from = Cursor::new(body);
        if from.take(4)? != MAGIC {
            return Err(FormatError::Magic);
        }
        let version = from.u8()?;
        if !(WITHOUT_LIMITS..=VERSION).contains(&version) {
            return Err(FormatError::Version(version));
        }
        if checksum(body) != u32::from_le_bytes(*sum) {
            return Err(FormatError::Checksum);
        }
        let run_id =
            String::from_utf8(from.bytes()?.to_vec()).map_err(|_| FormatError::Value { field: "run_id" })?;
        let argv = words(&mut from, "argv")?;
        let env = (0..from.u32()?)
            .map(|_| Ok((os_string(&mut from)?, os_string(&mut from)?)))
            .collect::<Result<Vec<_>, FormatError>>()?;
        let cwd = option(&mut from, "cwd", |from| os_string(from).map(PathBuf::from))?;
        let timeout_ms = option(&mut from, "timeout_ms", Cursor::u64)?;
        let grace_ms = from.u64()?;
        let after_main = if version <= WITHOUT_AFTER_MAIN {
            from.u64()?;
            AfterMain::default()
        } else {
            after_main(&mut from)?
        };
        let limits = if version == WITHOUT_LIMITS { Limits::default() } else { limits(&mut from)? };
        let stdin = if version <= WITHOUT_STDIN {
            None
        } else {
            option(&mut from, "stdin", |from| os_string(from).map(PathBuf::from))?
        };
        let cleanup = if version <= WITHOUT_CLEANUP {
            None
        } else {
            option(&mut from, "cleanup", |from| {
                Ok(Cleanup { argv: words(from, "cleanup")?, except_after: from.bytes()?.to_vec() })
            })?
        };
        let cluster = version > WITHOUT_CLUSTER && option(&mut from, "cluster", |_| Ok(()))?.is_some();
        let segments = if version <= WITHOUT_SEGMENTS {
            SegmentSizes::default()
        } else {
            SegmentSizes { head: from.u64()?, rest: from.u64()? }
        };
        from.end()?;
        Ok(Self {
            run_id,
            argv,
            env,
            cwd,
            timeout_ms,
            grace_ms,
            after_main,
            limits,
            stdin,
            cleanup,
            cluster,
            segments,
        })
    }

    /// The program, `argv[0]`.
    pub fn program(&self) -> &OsStr {
        self.argv.first().map_or(OsStr::new(""), OsString::as_os_str)
    }
}

/// At least one.
fn words(from: &mut Cursor<'_>, field: &'static str) -> Result<Vec<OsString>, FormatError> {
    let words = (0..from.u32()?).map(|_| os_string(from)).collect::<Result<Vec<_>, _>>()?;
    if words.is_empty() { Err(FormatError::Value { field }) } else { Ok(words) }
}

fn after_main(from: &mut Cursor<'_>) -> Result<AfterMain, FormatError> {
    match from.u8()? {
        0 => Ok(AfterMain::Wait),
        1 => Ok(AfterMain::End),
        _ => Err(FormatError::Value { field: "after_main" }),
    }
}

fn limits(from: &mut Cursor<'_>) -> Result<Limits, FormatError> {
    Ok(Limits {
        memory_bytes: option(from, "memory_bytes", Cursor::u64)?,
        cpu_percent: option(from, "cpu_percent", Cursor::u32)?,
        open_files: option(from, "open_files", Cursor::u32)?,
        processes: option(from, "processes", Cursor::u32)?,
        output_bytes: option(from, "output_bytes", Cursor::u64)?,
    })
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    let len = u32::try_from(len).expect("a launch field is below 4 GiB");
    out.extend_from_slice(&len.to_le_bytes());
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        write(out, value);
    }
}

fn os_string(from: &mut Cursor<'_>) -> Result<OsString, FormatError> {
    from.bytes().map(|bytes| OsString::from_vec(bytes.to_vec()))
}

fn option<'a, T>(
    from: &mut Cursor<'a>,
    field: &'static str,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, FormatError>,
) -> Result<Option<T>, FormatError> {
    match from.u8()? {
        0 => Ok(None),
        1 => read(from).map(Some),
        _ => Err(FormatError::Value { field }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::unhex;

    /// Bytes of the sizes of segments.
    const SIZES: usize = 16;

    fn spec() -> LaunchSpec {
        LaunchSpec {
            run_id: "01J/3".into(),
            argv: vec!["/bin/sh".into(), OsString::from_vec(vec![0xFF, b'x']), "".into()],
            env: vec![("K".into(), "V=1\n".into())],
            cwd: Some("/tmp".into()),
            timeout_ms: Some(7),
            grace_ms: 5_000,
            after_main: AfterMain::End,
            limits: Limits { memory_bytes: Some(1), processes: Some(2), ..Limits::default() },
            stdin: Some("/home/me/words".into()),
            cleanup: Some(Cleanup {
                argv: vec!["/bin/rm".into(), "-f".into()],
                except_after: vec![125, 126],
            }),
            cluster: true,
            segments: SegmentSizes { head: 1000, rest: 2000 },
        }
    }

    /// What earlier versions wrote had no sizes.
    fn usual(spec: LaunchSpec) -> LaunchSpec {
        LaunchSpec { segments: SegmentSizes::default(), ..spec }
    }

    /// The bytes of release 0.1.0.
    #[test]
    fn a_spec_of_the_last_release_is_read_as_one_that_waits() {
        const RECORDED: &str = "534c544c0203000000612f3101000000090000002f62696e2f7472756501000000010000004b010000005601040000\
                                002f746d700107000000000000008813000000000000e80300000000000001010000000000000000000000abf9d959";
        let read = LaunchSpec::decode(&unhex(RECORDED)).unwrap();
        let expected = LaunchSpec {
            run_id: "a/1".into(),
            argv: vec!["/bin/true".into()],
            env: vec![("K".into(), "V".into())],
            after_main: AfterMain::Wait,
            limits: Limits { memory_bytes: Some(1), ..Limits::default() },
            stdin: None,
            cleanup: None,
            cluster: false,
            ..usual(spec())
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_spec_of_the_first_version_has_no_limits() {
        let mut bytes = unhex(
            "534c544c0203000000612f3101000000090000002f62696e2f7472756501000000010000004b0100000056010400000\
             02f746d700107000000000000008813000000000000e803000000000000",
        );
        bytes[4] = WITHOUT_LIMITS;
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        assert_eq!(LaunchSpec::decode(&bytes).unwrap().limits, Limits::default());
    }

    #[test]
    fn a_spec_of_the_third_version_has_nothing_to_read() {
        let before = LaunchSpec { stdin: None, cleanup: None, cluster: false, ..usual(spec()) };
        let mut bytes = before.encode();
        // Its last three fields, the sizes, and the sum.
        bytes.truncate(bytes.len() - 7 - SIZES);
        bytes[4] = WITHOUT_STDIN;
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        assert_eq!(LaunchSpec::decode(&bytes), Ok(before));
    }

    #[test]
    fn a_spec_of_the_fourth_version_has_nothing_to_clean_up() {
        let before = LaunchSpec { cleanup: None, cluster: false, ..usual(spec()) };
        let mut bytes = before.encode();
        bytes.truncate(bytes.len() - 6 - SIZES);
        bytes[4] = WITHOUT_CLEANUP;
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        assert_eq!(LaunchSpec::decode(&bytes), Ok(before));
    }

    #[test]
    fn a_spec_of_the_fifth_version_is_of_no_cluster() {
        let before = LaunchSpec { cluster: false, ..usual(spec()) };
        let mut bytes = before.encode();
        bytes.truncate(bytes.len() - 5 - SIZES);
        bytes[4] = WITHOUT_CLUSTER;
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        assert_eq!(LaunchSpec::decode(&bytes), Ok(before));
    }

    #[test]
    fn a_spec_of_the_sixth_version_has_segments_of_the_usual_sizes() {
        let before = usual(spec());
        let mut bytes = before.encode();
        bytes.truncate(bytes.len() - 4 - SIZES);
        bytes[4] = WITHOUT_SEGMENTS;
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        assert_eq!(LaunchSpec::decode(&bytes), Ok(before));
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(LaunchSpec::decode(&spec().encode()), Ok(spec()));
        let bare =
            LaunchSpec { cwd: None, timeout_ms: None, env: vec![], stdin: None, cleanup: None, ..spec() };
        assert_eq!(LaunchSpec::decode(&bare.encode()), Ok(bare));
    }

    #[test]
    fn a_cut_or_flipped_file_is_refused() {
        let bytes = spec().encode();
        for len in 0..bytes.len() {
            assert!(LaunchSpec::decode(&bytes[..len]).is_err(), "cut at {len}");
        }
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            assert!(LaunchSpec::decode(&bad).is_err(), "flipped at {at}");
        }
    }
}
