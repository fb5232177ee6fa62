//! Rows that a person has marked.

use super::Server;
use crate::server::answer::{Answer, no_content, ok};
use crate::server::request::{Id, Json, Row};
use crate::server::route::{Content, Route};
use crate::wire::{Bookmarked, Note};
use axum::extract::State;
use http::Method;
use solti_model::{Bookmark, TaskId};

const ROW: &str = "/api/v1/desktop/tasks/{id}/bookmarks/{attempt}/{row}";

pub fn routes() -> Vec<Route> {
    let of_row = |route: Route| {
        route
            .in_path::<TaskId>("id", "The task")
            .in_path::<u32>("attempt", "From 1")
            .in_path::<u64>("row", "The row, from 0")
    };
    vec![
        Route::new(Method::GET, "/api/v1/desktop/tasks/{id}/bookmarks", "listBookmarks", list)
            .about("The marked rows of a task, by attempt and row.")
            .in_path::<TaskId>("id", "The task")
            .answers::<Bookmarked>(200)
            .fails(&[404]),
        of_row(Route::new(Method::PUT, ROW, "setBookmark", set))
            .about("Mark a row, or change the note of a marked one.")
            .takes::<Note>()
            .answers::<Bookmark>(200)
            .fails(&[404, 413]),
        of_row(Route::new(Method::DELETE, ROW, "deleteBookmark", delete))
            .about("Take a mark off. Also fine for a row that is not marked.")
            .answers_with(204, Content::Nothing)
            .fails(&[404]),
    ]
}

async fn list(State(server): State<Server>, Id(id): Id) -> Answer {
    ok(&Bookmarked { bookmarks: server.api.list_bookmarks(&id).await? })
}

async fn set(
    State(server): State<Server>,
    Row(id, attempt, row): Row,
    Json(Note { note }): Json<Note>,
) -> Answer {
    ok(&server.api.set_bookmark(&id, attempt, row, note).await?)
}

async fn delete(State(server): State<Server>, Row(id, attempt, row): Row) -> Answer {
    server.api.delete_bookmark(&id, attempt, row).await?;
    Ok(no_content())
}
