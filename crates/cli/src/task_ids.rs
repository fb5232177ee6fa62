//! Ids as a person gives them: the beginning is enough where only one task begins so.

use crate::error::CliError;
use solti_api::ApiHandler as _;
use solti_api::operations::{ListTasks, Operations as _};
use solti_http::HttpClient;
use solti_model::{ListQuery, TaskId};

/// Tasks looked at with one request.
const PAGE: u32 = 1_000;
/// Matches that an error names.
const NAMED: usize = 4;

/// The id that `given` is, or is the beginning of.
///
/// # Errors
/// [`CliError::NoSuchTask`], [`CliError::AmbiguousId`].
pub async fn resolve(client: &HttpClient, given: &str) -> Result<TaskId, CliError> {
    let Ok(exact) = TaskId::new(given) else { return Err(CliError::NoSuchTask(given.into())) };
    if client.get_task_status(&exact).await?.is_some() {
        return Ok(exact);
    }
    let (mut matches, mut cursor) = (Vec::new(), None);
    loop {
        let query = ListQuery { limit: Some(PAGE), cursor, ..ListQuery::default() };
        let page = client.ask(ListTasks { query }).await?;
        let ids = page.rows.into_iter().map(|row| row.task.metadata.id);
        let mut passed = false;
        for id in ids {
            if id.as_str().starts_with(given) {
                matches.push(id);
            } else {
                // Ids sort by creation and lists are newest first: none of the rest can begin so.
                passed = passed || id.as_str() < given;
            }
        }
        cursor = page.next_cursor;
        if passed || cursor.is_none() || matches.len() > NAMED {
            break;
        }
    }
    match matches.as_slice() {
        [] => Err(CliError::NoSuchTask(given.into())),
        [one] => Ok(one.clone()),
        several => {
            let matches = several.iter().take(NAMED).map(ToString::to_string).collect();
            Err(CliError::AmbiguousId { prefix: given.into(), matches, more: several.len() > NAMED })
        }
    }
}
