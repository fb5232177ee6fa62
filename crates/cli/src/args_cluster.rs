//! The words of `solti run` that are about a cluster.

use crate::arg_values::{bytes, span, whole};
use clap::Args;
use solti_model::{
    ClusterRequest, MAX_BYTES, MAX_CLUSTER_CPUS, MAX_CLUSTER_GPUS, MAX_CLUSTER_MINUTES, MIN_MEMORY_BYTES,
    ResourceLimits, RunnerSelector,
};
use std::collections::BTreeMap;

#[derive(Debug, Args)]
#[command(next_help_heading = "On a Slurm cluster")]
pub struct Cluster {
    /// Hand it to the Slurm cluster of the server's machine
    #[arg(long, conflicts_with_all = ["image", "wasm"])]
    pub slurm: bool,
    /// Say when and where the cluster would start it, and hand over nothing
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm", "wait", "stdin"])]
    pub preview: bool,
    /// Of several, separated by commas, the one that starts it first
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"])]
    pub partition: Option<String>,
    /// Whom it is charged to
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"])]
    pub account: Option<String>,
    /// The quality of service
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"])]
    pub qos: Option<String>,
    /// Processors, all on one node
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"], value_parser = whole(1..=MAX_CLUSTER_CPUS), allow_hyphen_values = true)]
    pub cpus: Option<u32>,
    /// GPUs, all on one node
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"], value_parser = whole(1..=MAX_CLUSTER_GPUS), allow_hyphen_values = true)]
    pub gpus: Option<u32>,
    /// Memory, as in 500M or 16G (of 1,024)
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"], value_parser = memory, allow_hyphen_values = true)]
    pub mem: Option<u64>,
    /// After so long the cluster ends it, as in 90m or 12h; what --timeout needs when absent
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"], value_name = "TIME", value_parser = minutes, allow_hyphen_values = true)]
    pub time: Option<u32>,
    /// Features that the node has to have, as in 'a100&nvme'
    #[arg(long, requires = "slurm", conflicts_with_all = ["image", "wasm"])]
    pub constraint: Option<String>,
}

impl Cluster {
    /// What it says of a spec, if it is for a cluster.
    pub fn wanted(self) -> Option<(RunnerSelector, ClusterRequest, Option<ResourceLimits>)> {
        let Self { slurm, preview: _, partition, account, qos, cpus, gpus, mem, time, constraint } = self;
        let selector = RunnerSelector {
            match_labels: BTreeMap::from([("runner".to_owned(), "slurm".to_owned())]),
            match_expressions: vec![],
        };
        let request = ClusterRequest { partition, account, qos, cpus, gpus, time_minutes: time, constraint };
        let limits =
            mem.map(|memory| ResourceLimits { memory_bytes: Some(memory), ..ResourceLimits::default() });
        slurm.then_some((selector, request, limits))
    }
}

/// Whole minutes, of which a part counts as one.
fn minutes(text: &str) -> Result<u32, String> {
    let time = span(text)?;
    match u32::try_from(time.as_secs().div_ceil(60)) {
        Ok(minutes @ 1..=MAX_CLUSTER_MINUTES) => Ok(minutes),
        _ => Err("must be from a minute to a year".to_owned()),
    }
}

fn memory(text: &str) -> Result<u64, String> {
    // A bare number is MB to a cluster, and bytes everywhere else.
    let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
    let bytes = bytes(text, 1_024.0).filter(|_| has_unit);
    match bytes.ok_or("must be a number and a unit, as in 500M or 16G")? {
        bytes if bytes < MIN_MEMORY_BYTES as f64 => Err("must be at least 1M".to_owned()),
        bytes if bytes > MAX_BYTES as f64 => Err(format!("must be at most {}T", MAX_BYTES / 1024_u64.pow(4))),
        bytes => Ok(bytes as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_as_clusters_have_them() {
        assert_eq!((minutes("90m"), minutes("61s"), minutes("1d")), (Ok(90), Ok(2), Ok(1440)));
        assert!(minutes("0s").is_err() && minutes("2y").is_err() && minutes("x").is_err());
        assert_eq!((memory("500M"), memory("2g")), (Ok(500 << 20), Ok(2 << 30)));
        assert_eq!(
            (memory("16GB"), memory("16 GiB"), memory("1.5G")),
            (Ok(16 << 30), Ok(16 << 30), Ok(3 << 29))
        );
        for wrong in ["", "500", "M", "-1G", "1IB", "1x"] {
            assert!(memory(wrong).is_err_and(|said| said.ends_with("as in 500M or 16G")), "{wrong}");
        }
        for wrong in ["910T", "99999999999T"] {
            assert_eq!(memory(wrong), Err("must be at most 909T".to_owned()), "{wrong}");
        }
        assert_eq!((memory("0M"), memory("909T")), (Err("must be at least 1M".to_owned()), Ok(909 << 40)));
    }
}
