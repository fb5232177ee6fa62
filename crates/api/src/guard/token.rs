//! The token that lets a caller in from elsewhere: 256 random bits in a file of this user's.

use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;

const FILE: &str = "token";
/// Hexadecimal digits of 256 bits.
const DIGITS: usize = 64;

/// Made at first use, kept until it is rotated. Every transport holds the same one.
pub struct AccessToken {
    path: PathBuf,
    text: RwLock<String>,
    rotated: watch::Sender<()>,
}

impl AccessToken {
    /// Reads `<dir>/token`, or makes it (folder 0700, file 0600).
    ///
    /// # Errors
    /// When it can be neither read nor made, or when others may read or have written it.
    pub fn open(dir: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(of(dir))?;
        Self::in_file(dir.join(FILE), "delete it to get a new one")
    }

    /// Reads the token from a file of one's own choice, or makes it there.
    ///
    /// # Errors
    /// As [`AccessToken::open`].
    pub fn open_file(path: PathBuf) -> io::Result<Self> {
        Self::in_file(path, "name another file; one that is not there is made")
    }

    /// `instead`: what to do when the file that is there holds no token of ours.
    fn in_file(path: PathBuf, instead: &str) -> io::Result<Self> {
        let text = match read(&path, instead) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
            read => read?,
        };
        Ok(Self { path, text: RwLock::new(text), rotated: watch::Sender::new(()) })
    }

    /// The file that holds it, for whoever is told where to look.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For the person who is to enter it elsewhere.
    pub fn text(&self) -> String {
        self.text.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Replaces the token: the old one lets nobody in any more, and who came in by it has to go.
    ///
    /// # Errors
    /// When the file cannot be written; the old token stays.
    pub fn rotate(&self) -> io::Result<String> {
        let mut text = self.text.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        *text = make(&self.path)?;
        self.rotated.send_replace(());
        Ok(text.clone())
    }

    /// Changes with the token.
    pub(super) fn rotations(&self) -> watch::Receiver<()> {
        self.rotated.subscribe()
    }

    /// Whether `presented` is the token; takes as long whichever byte differs.
    pub fn is(&self, presented: &[u8]) -> bool {
        let text = self.text.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        text.as_bytes().ct_eq(presented).into()
    }
}

/// Says which file could not be used.
fn of(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn read(path: &Path, instead: &str) -> io::Result<String> {
    let refused = |what: &str| Err(of(path)(io::Error::new(io::ErrorKind::PermissionDenied, what)));
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path);
    let file = file.map_err(of(path))?;
    let about = file.metadata().map_err(of(path))?;
    if !about.is_file() {
        return refused("it is not a regular file");
    }
    if about.uid() != geteuid().as_raw() {
        return refused("it belongs to another user, who may have written it");
    }
    if about.mode() & 0o077 != 0 {
        return refused(&format!("other users may read it; {instead}"));
    }
    let mut text = Vec::new();
    // A longer file is no token of ours; no more of it is read than tells.
    file.take(DIGITS as u64 + 2).read_to_end(&mut text).map_err(of(path))?;
    let text = text.trim_ascii();
    match str::from_utf8(text) {
        Ok(text) if text.len() == DIGITS && text.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            Ok(text.to_owned())
        }
        _ => refused(&format!("it holds no token; {instead}")),
    }
}

/// Puts a new token in the place of the one that is there.
fn make(path: &Path) -> io::Result<String> {
    let bits: [u8; DIGITS / 2] = rand::random();
    let text: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("{text}\n");
    solti_whole_file::write(path, line.as_bytes(), solti_whole_file::PRIVATE).map_err(of(path))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_token_is_made_once_kept_private_and_replaced_on_demand() {
        let dir = tempfile::tempdir().expect("temp dir");
        let api = dir.path().join("api");
        let token = AccessToken::open(&api).expect("made");
        let first = token.text();
        assert_eq!(first.len(), 64);
        assert!(token.is(first.as_bytes()));
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&api), mode(&api.join("token"))), (0o700, 0o600));
        assert_eq!(AccessToken::open(&api).expect("read").text(), first);

        let second = token.rotate().expect("rotated");
        assert!(token.is(second.as_bytes()) && !token.is(first.as_bytes()));
        assert_eq!(AccessToken::open(&api).expect("read").text(), second);
        assert!(!token.is(b"") && !token.is(&second.as_bytes()[..63]));
    }

    #[test]
    fn a_token_that_others_can_read_or_that_is_none_is_refused() {
        let dir = tempfile::tempdir().expect("temp dir");
        AccessToken::open(dir.path()).expect("made");
        let path = dir.path().join("token");
        let set_mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("own file");
        };
        let shown = path.display();
        let refused = |opened: io::Result<AccessToken>| opened.map(drop).expect_err("refused").to_string();
        let (anew, other) =
            ("delete it to get a new one", "name another file; one that is not there is made");
        set_mode(0o644);
        let why = format!("{shown}: other users may read it; ");
        assert_eq!(refused(AccessToken::open(dir.path())), format!("{why}{anew}"));
        // What somebody has named may be anything, and is not to be deleted.
        assert_eq!(refused(AccessToken::open_file(path.clone())), format!("{why}{other}"));
        set_mode(0o600);
        // An empty token would let everybody in.
        for none in [&b""[..], b"no token", b"\xff\xfe", &[b'a'; 65]] {
            std::fs::write(&path, none).expect("own file");
            let why = format!("{shown}: it holds no token; ");
            assert_eq!(refused(AccessToken::open(dir.path())), format!("{why}{anew}"));
            assert_eq!(refused(AccessToken::open_file(path.clone())), format!("{why}{other}"));
        }
        let nowhere = dir.path().join("none/token");
        let refused = refused(AccessToken::open_file(nowhere.clone()));
        assert!(refused.starts_with(&format!("{}: No such file", nowhere.display())), "{refused}");
    }

    #[test]
    fn a_token_that_another_user_has_put_there_is_refused() {
        let dir = tempfile::tempdir().expect("temp dir");
        AccessToken::open(dir.path()).expect("made");
        let path = dir.path().join("token");
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_err() {
            eprintln!("skipped: not root");
            return;
        }
        let refused = AccessToken::open(dir.path()).map(drop).expect_err("not ours");
        assert!(refused.to_string().contains("another user"), "{refused}");
        assert!(path.exists(), "nothing is taken away");
    }
}
