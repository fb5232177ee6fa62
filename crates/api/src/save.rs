//! Writes an export to a file: under another name first, so that the file is whole or not there.

use crate::ApiError;
use crate::operations::ExportStream;
use futures::StreamExt;
use solti_model::ExportedLog;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file in the making; removed unless it was put in place.
struct Partial {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            // A failed export leaves nothing behind, if that can be helped.
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Writes all of `export` to `path`, replacing what is there.
///
/// # Errors
/// `Unavailable` with the reason when the file cannot be written, such as a full disk; what `export` says otherwise.
pub async fn save_export(mut export: ExportStream, path: &Path) -> Result<ExportedLog, ApiError> {
    let mut partial = on_disk(path, {
        let path = path.to_owned();
        move || begin(&path)
    })
    .await?;
    let (mut bytes, mut rows) = (0, 0);
    while let Some(chunk) = export.next().await {
        let chunk = chunk?;
        bytes += chunk.bytes.len() as u64;
        rows += chunk.rows;
        partial = on_disk(path, move || write(partial, &chunk.bytes)).await?;
    }
    let to = path.to_owned();
    on_disk(path, move || put_in_place(partial, &to)).await?;
    Ok(ExportedLog { path: path.to_string_lossy().into_owned(), bytes, rows })
}

fn begin(path: &Path) -> io::Result<Partial> {
    path.file_name().ok_or(ErrorKind::InvalidInput)?;
    // A name that nobody can foresee, and a file that is new: where others may write too, they could have put a link there.
    let beside = path.with_file_name(format!(".solti-{:016x}.partial", rand::random::<u64>()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // A log may hold what only its owner should read.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&beside)?;
    Ok(Partial { path: beside, file, kept: false })
}

fn write(mut partial: Partial, bytes: &[u8]) -> io::Result<Partial> {
    partial.file.write_all(bytes)?;
    Ok(partial)
}

fn put_in_place(mut partial: Partial, path: &Path) -> io::Result<()> {
    partial.file.sync_all()?;
    fs::rename(&partial.path, path)?;
    partial.kept = true;
    Ok(())
}

/// Does one step; what goes wrong with it is told in words of the file that was to be written.
async fn on_disk<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let folder = path.parent().unwrap_or(path).display();
            let reason = match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    format!("there is no space left in {folder}")
                }
                ErrorKind::PermissionDenied => format!("{folder} is not yours to write to"),
                _ => format!("{} cannot be written: {error}", path.display()),
            };
            Err(ApiError::Unavailable { reason })
        }
        Err(error) => Err(ApiError::internal(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::ExportChunk;

    fn export(chunks: Vec<Result<&'static str, ApiError>>) -> ExportStream {
        let chunk = |text: &'static str| ExportChunk { bytes: text.into(), rows: 1 };
        Box::pin(futures::stream::iter(chunks.into_iter().map(move |text| text.map(chunk))))
    }

    fn names(dir: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        fs::read_dir(dir).unwrap().map(name).collect()
    }

    #[tokio::test]
    async fn a_file_is_there_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let saved = save_export(export(vec![Ok("one\n"), Ok("two\n")]), &path).await.unwrap();
        assert_eq!((saved.bytes, saved.rows), (8, 2));
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");

        let lost = ApiError::Unavailable { reason: "gone".into() };
        let failed = save_export(export(vec![Ok("x"), Err(lost.clone())]), &path).await;
        assert_eq!(failed, Err(lost));
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
        assert_eq!(names(dir.path()), ["a.log"]);
    }

    #[tokio::test]
    async fn a_file_in_the_making_is_a_new_one_whose_name_nobody_can_foresee() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a".repeat(250));
        let (one, two) = (begin(&path).unwrap(), begin(&path).unwrap());
        assert_ne!(one.path, two.path);
        let bystander = dir.path().join("bystander");
        fs::write(&bystander, "theirs").unwrap();
        // What was foreseeable: the name of the file and the number of the process.
        let foreseen = dir.path().join(format!(".a.log.{}.partial", std::process::id()));
        std::os::unix::fs::symlink(&bystander, &foreseen).unwrap();
        save_export(export(vec![Ok("one\n")]), &dir.path().join("a.log")).await.unwrap();
        assert_eq!(fs::read(&bystander).unwrap(), b"theirs");
    }

    #[tokio::test]
    async fn a_full_disk_is_said_in_plain_words() {
        // Every write to it fails as one to a full disk does.
        let full = Path::new("/dev/full");
        let refused = on_disk(full, move || File::options().write(true).open(full)?.write_all(b"x")).await;
        assert_eq!(refused, Err(ApiError::Unavailable { reason: "there is no space left in /dev".into() }));
    }
}
