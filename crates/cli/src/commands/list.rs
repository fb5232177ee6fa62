//! `list`: tasks, newest first unless they are sorted.

use super::{print_json, tell_of_hold};
use crate::args::{List, Options};
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::say;
use crate::{order, server, show};
use serde_json::json;
use solti_api::operations::{ListTasks, Operations as _};
use solti_model::{ListQuery, TaskRow, Waiting};

/// Rows of one request; more are asked for page by page.
const PAGE: u32 = 500;

pub async fn list(options: &Options, list: List) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let mut query = ListQuery {
        phases: list.status,
        slot: list.lane,
        labels: order::labels(list.label)?,
        text: list.text,
        since_ms: list.since.map(solti_model::unix_ms),
        sort: list.sort,
        reverse: list.reverse,
        ..ListQuery::default()
    };
    let (mut rows, mut total) = (Vec::new(), 0);
    loop {
        let left = list.limit - u32::try_from(rows.len()).unwrap_or(list.limit);
        query.limit = Some(left.min(PAGE));
        let page = client.ask(ListTasks { query: query.clone() }).await?;
        rows.extend(page.rows);
        total = page.total.max(total);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() || rows.len() >= list.limit as usize {
            break;
        }
    }
    if options.json {
        let tasks: Vec<_> = rows.into_iter().map(|row| row.task).collect();
        print_json(&json!({"tasks": tasks, "total": total}))?;
        return Ok(0);
    }
    let cells: Vec<_> = rows.iter().map(cells).collect();
    table::print(["ID", "STATUS", "NAME", "LANE", "CREATED", "TOOK"], 2, &cells)?;
    if rows.iter().any(|row| row.waiting == Some(Waiting::Held)) {
        tell_of_hold(&client).await?;
    }
    if total > rows.len() as u64 {
        say!("{} of {total} tasks; --limit shows more", rows.len());
    }
    Ok(0)
}

fn cells(row: &TaskRow) -> [Cell; 6] {
    let task = &row.task;
    [
        Cell::whole(task.metadata.id.as_str()),
        show::status(row),
        Cell::new(task.spec.name.as_str()),
        Cell::new(task.spec.slot.as_str()),
        Cell::new(show::ago(task.metadata.created_at)),
        Cell::new(show::duration(row)),
    ]
}
