//! `solti-desktop doctor`: what the app stands on, told without a window. What is looked at is in `solti-doctor`; here is
//! what only the window needs, and how it is printed.

use crate::say::say;
use solti_api::in_full;
use solti_doctor::{Scope, examine};
use solti_engine::Config;
use solti_model::{Diagnosis, Finding, FindingState, LogSettings};
use std::{fmt::Write, io, process::ExitCode};

/// Prints what is found; fails when something keeps tasks from running.
pub fn run(json: bool) -> ExitCode {
    let config = match Config::locate() {
        Ok(config) => config,
        Err(error) => {
            say(&in_full(&error));
            return ExitCode::FAILURE;
        }
    };
    let diagnosis = diagnose(&config, LogSettings::default());
    let text = match json {
        // Plain data: it always writes.
        true => serde_json::to_string_pretty(&diagnosis).unwrap_or_default() + "\n",
        false => report(&diagnosis),
    };
    // Who has closed the output does not want to read it.
    io::Write::write_all(&mut io::stdout(), text.as_bytes()).ok();
    if diagnosis.state() == FindingState::Problem { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Blocks while it looks.
pub fn diagnose(config: &Config, logs: LogSettings) -> Diagnosis {
    let Config { data_dir, shim, wasi, .. } = config.clone();
    examine(&Scope { data_dir, shim, wasi, logs }, vec![web_view()])
}

fn web_view() -> Finding {
    const WHAT: &str = "Web view";
    match tauri::webview_version() {
        Ok(version) => Finding::ok(WHAT, format!("WebKitGTK {version}")),
        Err(error) => Finding::problem(
            WHAT,
            format!("its version is not known: {error}"),
            "Without WebKitGTK there is no window. Install it again.",
        ),
    }
}

fn report(diagnosis: &Diagnosis) -> String {
    let mut text = format!("Solti {}\n\n", diagnosis.version);
    let width = diagnosis.findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    for Finding { what, state, said, advice } in &diagnosis.findings {
        let mark = match state {
            FindingState::Ok => "ok",
            FindingState::Warning => "warn",
            FindingState::Problem => "BAD",
        };
        // Writing into a String cannot fail.
        writeln!(text, "{mark:<4}  {what:<width$}  {said}").ok();
        if let Some(advice) = advice {
            writeln!(text, "      {:<width$}  → {advice}", "").ok();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_lines_up_and_puts_advice_below() {
        let diagnosis = Diagnosis {
            version: "1.2.3".into(),
            findings: vec![
                Finding::ok("Logs", "none yet"),
                Finding::problem("Database", "damaged", "Start it."),
            ],
        };
        assert_eq!(
            report(&diagnosis),
            "Solti 1.2.3\n\nok    Logs      none yet\nBAD   Database  damaged\n                → Start it.\n"
        );
    }
}
