//! Parts of logs: for the minimap, a long line, a copy, an export, several logs at once; and marked rows.

use super::{Answer, Api, args::Arg};
use solti_api::{ApiError, ExportStream, save_export};
use solti_model::{
    Bookmark, ExportedLog, LineChunk, LogDensity, LogSource, LogText, MergedRows, SourceRow, TaskId,
    TextPosition,
};
use tauri::{Runtime, WebviewWindow, command};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

#[command]
pub async fn log_density(
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    buckets: Arg<u32>,
    search_id: Arg<Option<String>>,
) -> Answer<LogDensity> {
    api.log_density(&id.0, attempt.0, buckets.0, search_id.0.as_deref()).await
}

#[command]
pub async fn read_line(
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    row: Arg<u64>,
    from_byte: Arg<u64>,
    count: Arg<u32>,
) -> Answer<LineChunk> {
    api.read_line(&id.0, attempt.0, row.0, from_byte.0, count.0).await
}

#[command]
pub async fn read_log_text(
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    start: Arg<TextPosition>,
    end: Arg<TextPosition>,
    timestamps: Arg<bool>,
    search_id: Arg<Option<String>>,
) -> Answer<LogText> {
    api.read_log_text(&id.0, attempt.0, start.0, end.0, timestamps.0, search_id.0.as_deref()).await
}

/// The page never names a path: the person picks the file in the system's dialog.
#[command]
pub async fn export_log<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    timestamps: Arg<bool>,
    search_id: Arg<Option<String>>,
) -> Answer<Option<ExportedLog>> {
    let export = api.export_log(&id.0, attempt.0, timestamps.0, search_id.0.as_deref()).await?;
    save(&window, &format!("{}-{}.log", id.0, attempt.0), export).await
}

/// As [`export_log`], for several logs.
#[command]
pub async fn export_merged<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    sources: Arg<Vec<LogSource>>,
    timestamps: Arg<bool>,
    search_id: Arg<Option<String>>,
) -> Answer<Option<ExportedLog>> {
    let export = api.export_merged(sources.0, timestamps.0, search_id.0.as_deref()).await?;
    save(&window, "merged.log", export).await
}

/// Asks where to, and writes it there; `None` when the person thought better of it.
async fn save<R: Runtime>(
    window: &WebviewWindow<R>,
    name: &str,
    export: ExportStream,
) -> Answer<Option<ExportedLog>> {
    let (picked, answer) = oneshot::channel();
    window.dialog().file().set_parent(window).set_title("Save log").set_file_name(name).save_file(
        move |path| {
            // The command may have ended with its window.
            let _ = picked.send(path);
        },
    );
    let Ok(Some(path)) = answer.await else { return Ok(None) };
    let path = path.into_path().map_err(|error| ApiError::internal(&error))?;
    save_export(export, &path).await.map(Some)
}

#[command]
pub async fn merged_density(
    api: Api,
    sources: Arg<Vec<LogSource>>,
    buckets: Arg<u32>,
    search_id: Arg<Option<String>>,
) -> Answer<LogDensity> {
    api.merged_density(sources.0, buckets.0, search_id.0.as_deref()).await
}

#[command]
pub async fn read_merged(
    api: Api,
    sources: Arg<Vec<LogSource>>,
    from: Arg<u64>,
    count: Arg<u32>,
) -> Answer<MergedRows> {
    api.read_merged(sources.0, from.0, count.0).await
}

#[command]
pub async fn merged_positions(
    api: Api,
    sources: Arg<Vec<LogSource>>,
    rows: Arg<Vec<SourceRow>>,
) -> Answer<Vec<u64>> {
    api.merged_positions(sources.0, rows.0).await
}

#[command]
pub async fn merged_position_at(api: Api, sources: Arg<Vec<LogSource>>, at: Arg<u64>) -> Answer<u64> {
    api.merged_position_at(sources.0, at.0).await
}

#[command]
pub async fn list_bookmarks(api: Api, id: Arg<TaskId>) -> Answer<Vec<Bookmark>> {
    api.list_bookmarks(&id.0).await
}

#[command]
pub async fn set_bookmark(
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    row: Arg<u64>,
    note: Arg<String>,
) -> Answer<Bookmark> {
    api.set_bookmark(&id.0, attempt.0, row.0, note.0).await
}

#[command]
pub async fn delete_bookmark(api: Api, id: Arg<TaskId>, attempt: Arg<u32>, row: Arg<u64>) -> Answer<()> {
    api.delete_bookmark(&id.0, attempt.0, row.0).await
}
