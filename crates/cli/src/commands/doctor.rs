//! `doctor`: looks at what everything here stands on, whether a server runs or not. 1 when something is broken.

use super::{print, print_json};
use crate::args::Options;
use crate::error::CliError;
use crate::server;
use crate::terminal::harmless;
use anstyle::{AnsiColor, Style};
use solti_doctor::{Scope, examine};
use solti_engine::Config;
use solti_model::{FindingState, Settings};

pub async fn doctor(options: &Options) -> Result<u8, CliError> {
    let Config { shim, wasi, .. } = Config::locate()?;
    let place = Scope { data_dir: server::data_dir(options)?, shim, wasi, logs: Settings::default().logs };
    let looked = tokio::task::spawn_blocking(move || examine(&place, vec![]));
    let diagnosis = looked.await.map_err(std::io::Error::other)?;
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
