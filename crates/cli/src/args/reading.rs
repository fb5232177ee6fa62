//! What is asked of tasks, their runs and logs, as it is written.

use crate::arg_values::{field, id, lane, pair, phase, whole};
use crate::time::moment;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use solti_model::{Slot, SortBy, TaskPhase};
use std::time::SystemTime;

#[derive(Debug, Args)]
pub struct List {
    /// Only tasks in these phases
    #[arg(long, short, value_parser = phase, value_delimiter = ',')]
    pub status: Vec<TaskPhase>,
    /// Only tasks in this lane
    #[arg(long, short, value_parser = lane)]
    pub lane: Option<Slot>,
    /// Only tasks with this label; of several, all must match
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub label: Vec<(String, String)>,
    /// Only tasks with this in their name or command
    #[arg(long, short)]
    pub text: Option<String>,
    /// Only tasks created since then: 2h (ago), "2026-11-23 10:00" by this clock, or with an offset 2026-11-23T10:00:00+01:00
    #[arg(long, value_parser = moment, allow_hyphen_values = true)]
    pub since: Option<SystemTime>,
    /// By what to sort them; when they were made, the newest first, when absent
    #[arg(long, value_parser = sort())]
    pub sort: Option<SortBy>,
    /// The other way round
    #[arg(long, short)]
    pub reverse: bool,
    /// How many at most
    #[arg(long, short = 'n', default_value_t = 50, value_parser = whole(1..=u32::MAX), allow_hyphen_values = true)]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct Runs {
    /// The id of a task, or its beginning
    #[arg(value_parser = id)]
    pub id: String,
    /// The runs after this attempt, the earliest ones first
    #[arg(long, value_name = "ATTEMPT", value_parser = whole(0..=u64::from(u32::MAX)), allow_hyphen_values = true)]
    pub after: Option<u64>,
    /// The latest runs before this attempt
    #[arg(long, value_name = "ATTEMPT", value_parser = whole(1..=u64::from(u32::MAX)), allow_hyphen_values = true)]
    pub before: Option<u64>,
    /// How many, 1,000 at most
    #[arg(long, default_value_t = 100, value_parser = whole(1..=1_000_u32), allow_hyphen_values = true)]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// The id of a task, or its beginning
    #[arg(value_parser = id)]
    pub id: String,
    /// Go on while the task runs
    #[arg(long, short)]
    pub follow: bool,
    /// Only lines since then: 10m (ago), "2026-11-23 10:00" by this clock, or with an offset 2026-11-23T10:00:00+01:00
    #[arg(long, value_parser = moment, allow_hyphen_values = true)]
    pub since: Option<SystemTime>,
    /// Only this attempt
    #[arg(long, short, value_parser = whole(1..=u32::MAX), allow_hyphen_values = true)]
    pub attempt: Option<u32>,
    /// Only this stream
    #[arg(long, short, value_enum)]
    pub stream: Option<Stream>,
    /// Only lines with this field, of JSON or logfmt: level=error, user.name!=ann. Of several, all must match
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    pub fields: Vec<String>,
    /// Begin each line with its time
    #[arg(long, short)]
    pub timestamps: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// With its words in the help and the completions.
fn sort() -> impl TypedValueParser<Value = SortBy> {
    let by = |word: String| SortBy::ALL.into_iter().find(|by| by.word() == word).unwrap_or(SortBy::Created);
    PossibleValuesParser::new(SortBy::ALL.map(SortBy::word)).map(by)
}

#[cfg(test)]
mod tests {
    use crate::args::Cli;
    use clap::Parser as _;

    #[test]
    fn what_counts_from_one_is_not_asked_for_by_zero() {
        for wrong in [
            "logs 01a -a 0",
            "runs 01a --before 0",
            "runs 01a --limit 0",
            "list -n 0",
            "job show j --revision 0",
            "job list -n 0",
            "job history j -n 0",
            "lanes set l --capacity 0",
            "run --retries 0 ls",
        ] {
            let line = ["solti"].into_iter().chain(wrong.split(' '));
            assert!(Cli::try_parse_from(line).is_err(), "{wrong}");
        }
        // From the first one on.
        assert!(Cli::try_parse_from(["solti", "runs", "01a", "--after", "0"]).is_ok());
    }
}
