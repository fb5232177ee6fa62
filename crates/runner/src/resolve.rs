//! Finds the program of a task and checks it, so that a failed start can say why in one sentence.
//!
//! The rules are those of `execvp`, applied to the task's own PATH and directory. A check here can be overtaken by a
//! change on disk; the shim's own errno is then what counts (`start_failure.rs`). Nothing is ever run through a shell.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::{Stage, StartCause, StartFailure};

/// What `execvp` uses when there is no PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// The kernel reads so much of a file to find its `#!` line.
const SHEBANG_BYTES: usize = 256;

/// Checks the working directory.
pub(crate) fn check_cwd(cwd: &Path) -> Result<(), StartFailure> {
    let failure = |errno, cause| Err(StartFailure::new(Stage::Chdir, errno, cwd, cause));
    match std::fs::metadata(cwd) {
        Ok(meta) if !meta.is_dir() => failure(libc::ENOTDIR, StartCause::CwdNotDirectory),
        Ok(_) if !may_execute(cwd) => failure(libc::EACCES, StartCause::CwdDenied),
        Ok(_) => Ok(()),
        Err(error) => match error.raw_os_error().unwrap_or(0) {
            libc::ENOENT => failure(libc::ENOENT, StartCause::CwdMissing),
            libc::ENOTDIR => failure(libc::ENOTDIR, StartCause::CwdNotDirectory),
            libc::EACCES => failure(libc::EACCES, StartCause::CwdDenied),
            errno => failure(errno, StartCause::System),
        },
    }
}

/// The path to execute for `command`. A name without `/` is looked up in `path`, anything else is relative to `cwd`.
pub(crate) fn program(command: &OsStr, path: Option<&OsStr>, cwd: &Path) -> Result<PathBuf, StartFailure> {
    let program = if command.as_bytes().contains(&b'/') {
        let program = cwd.join(command);
        check_file(&program)?;
        program
    } else {
        look_up(command, path.unwrap_or(OsStr::new(DEFAULT_PATH)), cwd)?
    };
    check_interpreter(&program, cwd)?;
    Ok(program)
}

/// Goes on after a file that may not be run, as a shell does, but then tells of it instead of "not found"; and so it does
/// where it could not look.
fn look_up(name: &OsStr, path: &OsStr, cwd: &Path) -> Result<PathBuf, StartFailure> {
    let mut entries = 0;
    let mut unusable = None;
    for entry in path.as_bytes().split(|&byte| byte == b':') {
        // An empty PATH names nothing, though it is looked for where an empty entry stands for.
        entries += usize::from(!path.is_empty());
        // An empty entry is the current directory.
        let candidate = cwd.join(OsStr::from_bytes(entry)).join(name);
        match check_file(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(failure)
                if failure.cause == StartCause::NotExecutable
                    || failure.cause == StartCause::System && failure.errno != libc::EACCES =>
            {
                unusable.get_or_insert(failure);
            }
            Err(_) => {}
        }
    }
    Err(unusable.unwrap_or_else(|| {
        StartFailure::new(Stage::Resolve, libc::ENOENT, name, StartCause::NotInPath { entries })
    }))
}

fn check_file(program: &Path) -> Result<(), StartFailure> {
    let failure = |errno, cause| Err(StartFailure::new(Stage::Resolve, errno, program, cause));
    match std::fs::metadata(program) {
        Ok(meta) if meta.is_dir() => failure(libc::EISDIR, StartCause::IsDirectory),
        Ok(_) if !may_execute(program) => failure(libc::EACCES, StartCause::NotExecutable),
        Ok(_) => Ok(()),
        Err(error) => match error.raw_os_error().unwrap_or(0) {
            errno @ (libc::ENOENT | libc::ENOTDIR) => failure(errno, StartCause::NoSuchProgram),
            errno => failure(errno, StartCause::System),
        },
    }
}

/// Checks what a `#!` line names. An unreadable program may still be run, so it passes.
fn check_interpreter(program: &Path, cwd: &Path) -> Result<(), StartFailure> {
    let mut head = Vec::with_capacity(SHEBANG_BYTES);
    let read = File::open(program).and_then(|file| file.take(SHEBANG_BYTES as u64).read_to_end(&mut head));
    if read.is_err() {
        return Ok(());
    }
    if let Some(problem) = unseen_before(&head) {
        let cause = StartCause::BadFirstLine { problem };
        return Err(StartFailure::new(Stage::Resolve, libc::ENOEXEC, program, cause));
    }
    let Some(interpreter) = interpreter_of(&head) else { return Ok(()) };
    let errno = match std::fs::metadata(cwd.join(&interpreter)) {
        Ok(meta) if meta.is_dir() => libc::EISDIR,
        Ok(_) if !may_execute(&cwd.join(&interpreter)) => libc::EACCES,
        Ok(_) => return Ok(()),
        Err(error) => error.raw_os_error().unwrap_or(0),
    };
    let cause = StartCause::BadInterpreter { interpreter };
    Err(StartFailure::new(Stage::Resolve, errno, program, cause))
}

/// What an editor has put before or behind a first line that names an interpreter, where nobody sees it.
fn unseen_before(head: &[u8]) -> Option<&'static str> {
    if let Some(rest) = head.strip_prefix(b"#!")
        && !rest.starts_with(&[0])
    {
        let line = rest.split(|byte| *byte == b'\n').next()?;
        let is_whole = line.len() < rest.len();
        return match line.iter().position(|byte| *byte == b'\r')? {
            at if is_whole && at + 1 == line.len() => {
                Some("has a first line that ends in CR LF, as Windows has them")
            }
            _ => Some("has a first line that ends in CR alone, as those of old Macs"),
        };
    }
    // Of one letter there are four bytes at most, and so of the mark before it.
    let mut wide = head.iter().take(12).filter(|byte| ![0, 0xfe, 0xff].contains(*byte));
    if head.iter().take(4).any(|byte| [0, 0xfe, 0xff].contains(byte))
        && wide.next() == Some(&b'#')
        && wide.next() == Some(&b'!')
    {
        return Some("is UTF-16 or UTF-32, in which no #! line is read; save it as UTF-8");
    }
    let text = String::from_utf8_lossy(head);
    let before = text.split_once("#!")?.0;
    match before {
        "\u{feff}" => Some("has a byte order mark (BOM) before its #! line"),
        _ if !before.is_empty() && before.chars().all(is_unseen) => {
            Some("has blanks or characters that nobody sees before its #! line")
        }
        _ => None,
    }
}

/// What takes no room in a text, or is blank.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{feff}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}')
}

/// The path after `#!`, up to the first blank.
fn interpreter_of(head: &[u8]) -> Option<PathBuf> {
    let line = head.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = line.iter().position(|byte| !blank(byte))?;
    let path = line[start..].split(blank).next()?;
    Some(PathBuf::from(OsStr::from_bytes(path)))
}

/// Whether the effective user may execute the file or search the directory.
pub(crate) fn may_execute(path: &Path) -> bool {
    accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// The user's home, from the environment the task gets or else from the user database.
pub(crate) fn home(home: Option<&OsStr>) -> io::Result<PathBuf> {
    match home {
        Some(home) if home.as_bytes().starts_with(b"/") => Ok(PathBuf::from(home)),
        _ => std::env::home_dir()
            .filter(|home| home.is_absolute())
            .ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn put(dir: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_name_is_looked_up_in_the_given_path_only() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(first.path().join("tool")).unwrap();
        let tool = put(second.path(), "tool", "#!/bin/sh\n", 0o755);
        let path = format!("{}:{}", first.path().display(), second.path().display());
        let find = |path: &str, cwd| program(OsStr::new("tool"), Some(OsStr::new(path)), cwd);
        assert_eq!(find(&path, Path::new("/")).unwrap(), tool);
        assert_eq!(find("/nowhere:", second.path()).unwrap(), tool, "an empty entry is the directory itself");
        let failure = find("/nowhere:/neither:/x", Path::new("/")).unwrap_err();
        assert_eq!(failure.to_string(), "program not found: tool (PATH has 3 entries)");
        let failure = find("", Path::new("/")).unwrap_err();
        assert_eq!(failure.to_string(), "program not found: tool (PATH is empty)");
        assert_eq!(find("", second.path()).unwrap(), tool, "as execvp has it");
    }

    #[test]
    fn a_file_without_run_bit_is_named_instead_of_not_found() {
        let dir = tempfile::tempdir().unwrap();
        let tool = put(dir.path(), "tool", "#!/bin/sh\n", 0o644);
        let found = program(OsStr::new("tool"), Some(dir.path().as_os_str()), Path::new("/"));
        assert_eq!(
            found.unwrap_err().to_string(),
            format!("not executable (no run bit): {}", tool.display())
        );
    }

    #[test]
    fn what_is_not_seen_beside_a_first_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |name: &str, text: &[u8]| {
            let path = put(dir.path(), name, "", 0o755);
            fs::write(&path, text).unwrap();
            program(path.as_os_str(), None, Path::new("/")).map(drop).map_err(|failure| failure.to_string())
        };
        const LINE: &str = "#!/bin/sh\n";
        let of_u16 =
            |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let of_u32 = |text: &str, bytes: fn(u32) -> [u8; 4]| {
            text.chars().flat_map(|c| bytes(c.into())).collect::<Vec<u8>>()
        };
        let marked = format!("\u{feff}{LINE}");
        let before = |unseen: &str| format!("{unseen}{LINE}").into_bytes();
        for (name, text, word) in [
            ("bom", before("\u{feff}"), "byte order mark"),
            ("two", before("\u{feff}\u{feff}"), "nobody sees"),
            ("no-break", before("\u{a0}"), "nobody sees"),
            ("zero", before("\u{200b}"), "nobody sees"),
            ("blank", before(" "), "blanks"),
            ("line", before("\n"), "blanks"),
            ("utf16le", of_u16(LINE, u16::to_le_bytes), "UTF-16"),
            ("utf16be", of_u16(LINE, u16::to_be_bytes), "UTF-16"),
            ("utf16le-bom", of_u16(&marked, u16::to_le_bytes), "UTF-16"),
            ("utf16be-bom", of_u16(&marked, u16::to_be_bytes), "UTF-16"),
            ("utf32le", of_u32(LINE, u32::to_le_bytes), "UTF-32"),
            ("utf32be", of_u32(LINE, u32::to_be_bytes), "UTF-32"),
            ("utf32le-bom", of_u32(&marked, u32::to_le_bytes), "UTF-32"),
            ("utf32be-bom", of_u32(&marked, u32::to_be_bytes), "UTF-32"),
            ("crlf", b"#!/bin/sh\r\ntrue\r\n".to_vec(), "CR LF"),
            ("cr", b"#!/bin/sh\recho\r".to_vec(), "CR alone"),
            ("cr-end", b"#!/bin/sh\r".to_vec(), "CR alone"),
        ] {
            let said = refused(name, &text).unwrap_err();
            assert!(said.starts_with("bad interpreter: ") && said.contains(word), "{name}: {said}");
        }
        for text in [&b""[..], b"\0", b"\x7fELF\0#!", b"true #!", b"# #!/bin/sh"] {
            assert_eq!(refused("other", text), Ok(()), "{text:?}");
        }
        assert_eq!(refused("plain", b"#!/bin/sh\necho '\r'\n"), Ok(()));
    }

    #[test]
    fn why_an_interpreter_cannot_be_used_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let plain = put(dir.path(), "plain", "", 0o644);
        for (interpreter, why) in [
            (Path::new("/tmp"), "is a directory"),
            (&plain, "may not be executed"),
            (Path::new("/no/such/shell"), "does not exist"),
        ] {
            let path = put(dir.path(), "script", &format!("#!{}\n", interpreter.display()), 0o755);
            let said = program(path.as_os_str(), None, Path::new("/")).unwrap_err().to_string();
            assert!(said.ends_with(&format!("asks for {}, which {why}", interpreter.display())), "{said}");
        }
    }

    #[test]
    fn the_interpreter_is_what_stands_after_the_mark() {
        for (head, path) in [
            ("#!/bin/sh\nx", Some("/bin/sh")),
            ("#! \t/usr/bin/env python3\n", Some("/usr/bin/env")),
            ("#!/bin/sh", Some("/bin/sh")),
            ("#!\n", None),
            ("# /bin/sh\n", None),
            ("", None),
        ] {
            assert_eq!(interpreter_of(head.as_bytes()), path.map(PathBuf::from), "{head:?}");
        }
    }
}
