//! Which data folder this is. One that was copied has the tasks of another: their programs, jobs and logs elsewhere belong to that one,
//! which goes on, so that nothing of them is ended or run here.

use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// In the data folder: an id, and where the folder was when it was last opened.
const FILE: &str = "instance.json";

/// What a data folder is found to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    path: PathBuf,
    id: String,
    /// The folder says something else of itself.
    is_new: bool,
    /// Where the folder is that it was copied from.
    pub(crate) copied_from: Option<PathBuf>,
}

impl Instance {
    /// Looks; to be called by who holds the folder.
    pub(crate) fn of(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.canonicalize()?;
        let fresh = || format!("{:032x}", rand::random::<u128>());
        let Some((id, was_at)) = read(&path)? else {
            return Ok(Self { path, id: fresh(), is_new: true, copied_from: None });
        };
        if was_at == path {
            return Ok(Self { path, id, is_new: false, copied_from: None });
        }
        Ok(match is_there(&was_at, &id, &path) {
            true => Self { path, id: fresh(), is_new: true, copied_from: Some(was_at) },
            // It was moved.
            false => Self { path, id, is_new: true, copied_from: None },
        })
    }

    /// Has the folder say so, once what follows from it is stored, and answers its id.
    pub(crate) fn settle(self) -> io::Result<String> {
        if self.is_new {
            let text = json!({"id": self.id, "path": written(&self.path)}).to_string();
            solti_whole_file::write(&self.path.join(FILE), text.as_bytes(), solti_whole_file::PRIVATE)?;
        }
        Ok(self.id)
    }
}

/// `None` where it says nothing, or what nobody can read.
fn read(data_dir: &Path) -> io::Result<Option<(String, PathBuf)>> {
    let text = match fs::read_to_string(data_dir.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut said: Value = serde_json::from_str(&text).unwrap_or_default();
    let path = path_of(said["path"].take());
    Ok(said["id"].as_str().zip(path).map(|(id, path)| (id.to_owned(), path)))
}

/// A path as JSON has it: a text, or the bytes of one that is none.
fn written(path: &Path) -> Value {
    match path.to_str() {
        Some(text) => text.into(),
        None => path.as_os_str().as_bytes().into(),
    }
}

fn path_of(written: Value) -> Option<PathBuf> {
    match written {
        Value::String(text) => Some(text.into()),
        bytes => Some(OsString::from_vec(serde_json::from_value(bytes).ok()?).into()),
    }
}

/// Whether the folder of this id is still where it was, and not this one by another name. Who cannot look takes it for being there: then
/// nothing is ended, and what waits is held.
fn is_there(was_at: &Path, id: &str, here: &Path) -> bool {
    let (Ok(own), found) = (fs::metadata(here), fs::metadata(was_at)) else { return true };
    let gone = |error: &io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    match found {
        Ok(found) if (found.dev(), found.ino()) == (own.dev(), own.ino()) => false,
        Ok(_) => match read(was_at) {
            Ok(said) => said.is_some_and(|(said, _)| said == id),
            Err(_) => true,
        },
        Err(error) => !gone(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(data_dir: &Path) -> Option<PathBuf> {
        let found = Instance::of(data_dir).expect("looked at");
        let copied_from = found.copied_from.clone();
        found.settle().expect("written");
        copied_from
    }

    #[test]
    fn a_folder_keeps_its_id_where_it_is_and_two_have_different_ones() {
        let dir = tempfile::tempdir().expect("temp dir");
        let id = |data_dir: &Path| Instance::of(data_dir).and_then(Instance::settle).expect("written");
        let other = tempfile::tempdir().expect("temp dir");
        let first = id(dir.path());
        assert_eq!(id(dir.path()), first);
        assert_ne!(id(other.path()), first);
    }

    #[test]
    fn a_path_that_is_no_text_is_known_again() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path =
            dir.path().canonicalize().expect("it is there").join(OsString::from_vec(b"b\xff".to_vec()));
        fs::create_dir(&path).expect("made");
        assert_eq!((opened(&path), opened(&path)), (None, None));
        assert_eq!(read(&path).expect("legible").map(|(_, was_at)| was_at), Some(path));
    }

    #[test]
    fn a_copy_is_told_from_a_folder_that_was_moved_or_has_another_name() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = dir.path().canonicalize().expect("it is there");
        let (first, second, third) = (dir.join("first"), dir.join("second"), dir.join("third"));
        fs::create_dir(&first).expect("made");
        assert_eq!((opened(&first), opened(&first)), (None, None));
        std::os::unix::fs::symlink(&first, &third).expect("made");
        assert_eq!(opened(&third), None, "another name");
        fs::remove_file(&third).expect("removed");

        let copy = |from: &Path, to: &Path| {
            fs::create_dir(to).expect("made");
            fs::copy(from.join(FILE), to.join(FILE)).expect("copied");
        };
        copy(&first, &second);
        assert_eq!(Instance::of(&second).expect("looked at").copied_from, Some(first.clone()));
        assert_eq!(opened(&second), Some(first.clone()), "until it is stored");
        assert_eq!((opened(&second), opened(&first)), (None, None), "each is one of its own");

        fs::rename(&first, &third).expect("moved");
        assert_eq!((opened(&third), opened(&third)), (None, None));
        // A new one at the place of one that was set aside.
        copy(&third, &first);
        assert_eq!(opened(&first), Some(third.clone()));
        fs::remove_dir_all(&first).expect("removed");
        fs::rename(&third, &first).expect("moved");
        fs::create_dir(&third).expect("made");
        assert_eq!((opened(&third), opened(&first)), (None, None));
    }
}
