//! `doctor`: looks at what everything here stands on, whether a server runs or not. 1 when something is broken.

use super::{print, print_json};
use crate::args::Options;
use crate::error::CliError;
use crate::server;
use crate::terminal::harmless;
use anstyle::{AnsiColor, Style};
use solti_api::ApiError;
use solti_api::operations::{CheckClusterFolder, Operations as _};
use solti_doctor::{Scope, examine};
use solti_engine::Config;
use solti_model::{Finding, FindingState, Settings};

pub async fn doctor(options: &Options, cluster: bool) -> Result<u8, CliError> {
    let Config { shim, wasi, .. } = Config::locate()?;
    let place = Scope { data_dir: server::data_dir(options)?, shim, wasi, logs: Settings::default().logs };
    let looked = tokio::task::spawn_blocking(move || examine(&place, vec![]));
    let mut diagnosis = looked.await.map_err(std::io::Error::other)?;
    if cluster {
        diagnosis.findings.push(shared_folder(options).await?);
    }
    if options.json {
        print_json(&diagnosis)?;
    } else {
        let mut text = String::new();
        for finding in &diagnosis.findings {
            let (mark, color) = match finding.state {
                FindingState::Ok => ("✓", AnsiColor::Green),
                FindingState::Warning => ("!", AnsiColor::Yellow),
                FindingState::Problem => ("✗", AnsiColor::Red),
            };
            let style = Style::new().fg_color(Some(color.into()));
            text.push_str(&format!("{style}{mark}{style:#} {}: {}\n", finding.what, harmless(&finding.said)));
            if let Some(advice) = &finding.advice {
                text.push_str(&format!("  {}\n", harmless(advice)));
            }
        }
        print(&text)?;
    }
    Ok(if diagnosis.state() == FindingState::Problem { 1 } else { 0 })
}

/// Whoever holds the tasks has it checked: the job is one of its cluster.
async fn shared_folder(options: &Options) -> Result<Finding, CliError> {
    const WHAT: &str = "Shared folder of the cluster";
    match server::client(options).await?.ask(CheckClusterFolder {}).await {
        Ok(checked) => Ok(Finding::ok(WHAT, checked.describe())),
        Err(ApiError::Conflict { reason }) => Ok(Finding::problem(
            WHAT,
            reason,
            "Name a folder in Settings, Runners, that this machine and all nodes have under the same path.",
        )),
        Err(ApiError::Unavailable { reason }) => Ok(Finding::warning(
            WHAT,
            reason,
            "Try again once the cluster answers and has room for a job of a minute.",
        )),
        Err(error) => Err(error.into()),
    }
}
