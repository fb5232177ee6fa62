//! What the engine says to the client of a run on another machine.

use clap::Args;
use std::path::PathBuf;

/// Said in files of the run folder: see the crate `solti-relay`.
#[derive(Debug, Args)]
pub struct Relay {
    /// Only see that nothing of the run goes on there
    #[arg(long)]
    pub end: bool,
    /// Only say whether the machine of this name answers; the folder is the data folder then
    #[arg(long, value_name = "NAME", conflicts_with = "end")]
    pub look: Option<String>,
    /// And print the runners that it has, as JSON
    #[arg(long, requires = "look")]
    pub runners: bool,
    /// The run folder
    pub folder: PathBuf,
}
