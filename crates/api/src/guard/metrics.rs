//! What is counted: calls, how long they took, bytes of logs handed out. Tasks by phase are read when they are asked for.

use crate::guard::{Call, Guard, Outcome};
use crate::operations::OperationName;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::Registry;
use solti_model::Summary;

/// Half a millisecond to eight seconds.
const LATENCY_SECONDS: [f64; 8] = [0.0005, 0.002, 0.005, 0.02, 0.1, 0.5, 2.0, 8.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InPhase {
    phase: &'static str,
}

/// Counts calls as a guard, and renders the counts in the format of OpenMetrics.
pub struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    /// Indexed by operation: found without a lookup.
    latencies: Vec<Histogram>,
    log_bytes: Counter,
    tasks: Family<InPhase, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let calls = Family::default();
        let latency = Family::<Timed, Histogram>::new_with_constructor(|| Histogram::new(LATENCY_SECONDS));
        let (log_bytes, tasks) = (Counter::default(), Family::default());
        let mut registry = Registry::with_prefix("solti");
        registry.register("requests", "Calls of the API by operation and outcome", Family::clone(&calls));
        registry.register(
            "request_seconds",
            "Time to an answer; of a stream, to its opening",
            Family::clone(&latency),
        );
        registry.register("log_bytes", "Bytes of logs handed to callers", Counter::clone(&log_bytes));
        registry.register("tasks", "Tasks by phase", Family::clone(&tasks));
        let of =
            |operation: &OperationName| latency.get_or_create_owned(&Timed { operation: operation.word() });
        Self { latencies: OperationName::ALL.iter().map(of).collect(), registry, calls, log_bytes, tasks }
    }
}

impl Metrics {
    /// The media type of [`Metrics::render`], which Prometheus and what speaks its language scrape.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// All that was counted, with the tasks as they are now.
    pub fn render(&self, summary: &Summary) -> String {
        for (phase, count) in &summary.by_phase {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.tasks.get_or_create(&InPhase { phase: phase.word() }).set(count);
        }
        let mut out = String::new();
        if let Err(error) = text::encode(&mut out, &self.registry) {
            tracing::error!("the metrics cannot be written: {error}");
        }
        out
    }
}

impl Guard for Metrics {
    fn after(&self, call: &Call, outcome: Outcome<'_>) {
        let asked = CallLabels { operation: call.operation.word(), outcome: outcome.word() };
        self.calls.get_or_create(&asked).inc();
        self.latencies[call.operation as usize].observe(call.began.elapsed().as_secs_f64());
    }

    fn sent(&self, _: &Call, bytes: u64) {
        self.log_bytes.inc_by(bytes);
    }
}
