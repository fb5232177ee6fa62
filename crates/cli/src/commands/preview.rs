//! `run --slurm --preview`: when and where a cluster would start a task.

use super::{in_options, print, print_json};
use crate::args::Options;
use crate::error::CliError;
use crate::terminal::harmless;
use crate::{show, time};
use solti_api::operations::{Operations as _, PreviewOnCluster};
use solti_http::HttpClient;
use solti_model::{ClusterPreview, TaskSpec};

pub async fn tell(options: &Options, client: &HttpClient, spec: &TaskSpec) -> Result<u8, CliError> {
    let asked = client.ask(PreviewOnCluster { spec: spec.into() }).await;
    let preview = asked.map_err(|error| in_options(error, &super::run::OPTIONS))?;
    match options.json {
        true => print_json(&preview)?,
        false => print(&format!("{}\n", harmless(&words(&preview, show::now_ms()))))?,
    }
    Ok(0)
}

fn words(preview: &ClusterPreview, now: u64) -> String {
    match preview {
        // By the clocks of two machines, and a test takes a moment.
        ClusterPreview::Starts { at, node, partition } if at.saturating_sub(now) < 60_000 => {
            format!("would start at once on {node}, partition {partition}")
        }
        ClusterPreview::Starts { at, node, partition } => {
            format!("would start at {} on {node}, partition {partition}", time::written(*at))
        }
        ClusterPreview::Waits { why, .. } => format!("would wait: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_is_near_is_at_once() {
        let said =
            |at| words(&ClusterPreview::Starts { at, node: "n3".into(), partition: "gpu".into() }, 1_000_000);
        assert_eq!(said(1_000_500), "would start at once on n3, partition gpu");
        assert_eq!(said(1), "would start at once on n3, partition gpu");
        assert!(said(2_000_000).starts_with("would start at 1970-01-01T"), "{}", said(2_000_000));
    }
}
