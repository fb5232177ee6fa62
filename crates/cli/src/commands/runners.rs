//! `runners`: where tasks run, and what that stands on.

use super::print_json;
use crate::args::Options;
use crate::error::CliError;
use crate::server;
use crate::table::{self, Cell};
use serde_json::json;
use solti_api::operations::{ListRunners, Operations as _};
use solti_model::RunnerInfo;

pub async fn runners(options: &Options) -> Result<u8, CliError> {
    let runners = server::client(options).await?.ask(ListRunners {}).await?;
    match options.json {
        true => print_json(&json!({"runners": runners}))?,
        false => {
            let rows: Vec<_> = runners.iter().map(cells).collect();
            table::print(["RUNNER", "TAKES", "LABELS", ""], 3, &rows)?;
        }
    }
    Ok(0)
}

fn cells(runner: &RunnerInfo) -> [Cell; 4] {
    let labels: Vec<_> = runner.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    [
        Cell::new(runner.name.as_str()),
        Cell::new(runner.kinds.join(", ")),
        Cell::new(labels.join(", ")),
        Cell::new(runner.state()),
    ]
}
