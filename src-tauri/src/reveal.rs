//! Shows a file in the system's file manager. What the platforms have for it is the opener plugin's knowledge: on Linux the
//! file manager on the session bus, which marks the file. Where none answers, what opens folders opens its folder.

use std::path::PathBuf;
use tauri::async_runtime::spawn_blocking;
use tauri_plugin_opener::{open_path, reveal_item_in_dir};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum RevealError {
    #[error("the file is not there")]
    NoFile,
    #[error("no file manager can be reached")]
    NoFileManager(#[source] tauri_plugin_opener::Error),
}

/// Returns when the file manager has been told; its window comes when it likes.
pub async fn reveal(file: PathBuf) -> Result<(), RevealError> {
    // The bus may start a file manager before it answers.
    let reported = spawn_blocking(move || {
        if !file.exists() {
            return Err(RevealError::NoFile);
        }
        reveal_item_in_dir(&file).or_else(|error| {
            tracing::debug!("no file manager marks a file: {error}");
            let folder = file.parent().unwrap_or(&file);
            open_path(folder, None::<&str>).map_err(RevealError::NoFileManager)
        })
    });
    reported.await.unwrap_or(Err(RevealError::NoFile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_not_there_is_told_of() {
        let dir = tempfile::tempdir().expect("a folder");
        let revealed = reveal(dir.path().join("output.log")).await;
        assert!(matches!(revealed, Err(RevealError::NoFile)));
    }
}
