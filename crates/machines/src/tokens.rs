//! The tokens that other machines ask for, in one file of this user's. Each belongs to a name and a URL: a connection that
//! leads elsewhere does not take the token of the one before along. They are never logged and never sent to a page.

use serde::{Deserialize, Serialize};
use solti_model::Connection;
use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// In the data folder.
const FOLDER: &str = "connections";
const FILE: &str = "tokens.json";
/// Far more than the connections of a person need.
const MOST: u64 = 1 << 20;

pub(crate) struct Tokens {
    path: PathBuf,
}

type Kept = BTreeMap<String, Token>;

// Without Debug: it must not be printed by mistake.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    url: String,
    token: String,
}

impl Tokens {
    pub(crate) fn in_folder(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FOLDER).join(FILE) }
    }

    /// # Errors
    /// When the file cannot be read, or others may read it.
    pub(crate) fn of(&self, connection: &Connection) -> io::Result<Option<String>> {
        let kept = self.read()?.remove(&connection.name);
        Ok(kept.filter(|kept| kept.url == connection.url).map(|kept| kept.token))
    }

    /// Keeps the token of a connection; `None` forgets it.
    ///
    /// # Errors
    /// When it cannot be stored; what was kept stays.
    pub(crate) fn set(&self, connection: &Connection, token: Option<String>) -> io::Result<()> {
        self.change(|kept| {
            match &token {
                Some(token) => {
                    let token = Token { url: connection.url.clone(), token: token.clone() };
                    kept.insert(connection.name.clone(), token)
                }
                None => kept.remove(&connection.name),
            };
        })
    }

    /// Forgets what belongs to no connection.
    pub(crate) fn keep_only(&self, connections: &[Connection]) -> io::Result<()> {
        self.change(|kept| {
            kept.retain(|name, token| connections.iter().any(|c| c.name == *name && c.url == token.url));
        })
    }

    fn change(&self, change: impl Fn(&mut Kept)) -> io::Result<()> {
        let (before, mut kept) = (self.read()?, self.read()?);
        change(&mut kept);
        if kept == before {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // One after the other: two that change it at once would undo each other's change.
        let turn = File::open(folder)?;
        turn.lock()?;
        let mut kept = self.read()?;
        change(&mut kept);
        self.write(&kept)
    }

    fn read(&self) -> io::Result<Kept> {
        let file = match OpenOptions::new().read(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::new()),
            Err(error) => return Err(error),
        };
        if file.metadata()?.mode() & 0o077 != 0 {
            let open = format!("{} can be read by others", self.path.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, open));
        }
        let mut text = String::new();
        file.take(MOST).read_to_string(&mut text)?;
        // The parser's own error may quote what it read.
        serde_json::from_str(&text).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} holds no tokens", self.path.display()))
        })
    }

    fn write(&self, kept: &Kept) -> io::Result<()> {
        solti_whole_file::write(&self.path, &serde_json::to_vec(kept)?, solti_whole_file::PRIVATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn to(name: &str, url: &str) -> Connection {
        Connection { name: name.into(), url: url.into(), fingerprint: None }
    }

    #[test]
    fn a_token_is_kept_for_one_name_at_one_place_and_for_nobody_else_to_read() {
        let dir = tempfile::tempdir().expect("temp dir");
        let tokens = Tokens::in_folder(dir.path());
        let (build, lab) = (to("build", "https://build"), to("lab", "https://lab"));
        assert_eq!(tokens.of(&build).expect("no file is no token"), None);
        tokens.set(&build, Some("b-secret".into())).expect("kept");
        tokens.set(&lab, Some("l-secret".into())).expect("kept");
        let file = dir.path().join("connections/tokens.json");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&dir.path().join("connections"))), (0o600, 0o700));

        let again = Tokens::in_folder(dir.path());
        assert_eq!(again.of(&build).expect("readable").as_deref(), Some("b-secret"));
        assert_eq!(again.of(&to("build", "https://elsewhere")).expect("readable"), None);

        again.keep_only(&[to("build", "https://build")]).expect("kept");
        assert_eq!(again.of(&lab).expect("readable"), None);
        again.set(&build, None).expect("forgotten");
        assert!(!std::fs::read_to_string(&file).expect("there").contains("secret"));
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_none_is_refused_and_not_overwritten() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (tokens, build) = (Tokens::in_folder(dir.path()), to("build", "https://build"));
        tokens.set(&build, Some("b-secret".into())).expect("kept");
        let file = dir.path().join("connections/tokens.json");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("own file");
        assert!(tokens.of(&build).is_err() && tokens.set(&build, None).is_err());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("own file");
        std::fs::write(&file, "b-secret").expect("own file");
        let error = tokens.of(&build).expect_err("no tokens");
        assert!(!error.to_string().contains("b-secret"), "{error}");
        assert!(tokens.set(&build, None).is_err());
    }
}
