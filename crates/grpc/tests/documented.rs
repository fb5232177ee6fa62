//! The gRPC document says the bounds that the validator keeps.

const PROTO: &str = include_str!("../proto/solti/v1/solti.proto");

/// The lines of the comment above a field of a message, the last one first.
fn comment(message: &str, field: &str) -> String {
    let body = PROTO.split(&format!("message {message} {{")).nth(1).expect("the message");
    let lines: Vec<&str> = body.lines().take_while(|line| *line != "}").map(str::trim).collect();
    let at = lines.iter().position(|line| line.contains(&format!(" {field} = "))).expect("the field");
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("//"));
    above.map(|line| line.trim_start_matches('/')).collect()
}

fn numbers(text: &str) -> Vec<u64> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != ',');
    words.filter_map(|word| word.replace(',', "").parse().ok()).collect()
}

#[test]
fn the_bounds_of_the_document_are_those_of_the_validator() {
    let longest = solti_model::MAX_DURATION_MS;
    for (message, field, most) in [
        ("BackoffStrategy", "first_ms", longest),
        ("BackoffStrategy", "max_ms", longest),
        ("BackoffStrategy", "factor", solti_model::MAX_BACKOFF_FACTOR as u64),
        ("CreateSpec", "timeout_ms", longest),
        ("CreateSpec", "restart_interval_ms", longest),
        ("CreateSpec", "max_retries", solti_model::MAX_RETRIES.into()),
        ("CreateSpec", "not_before", solti_model::MAX_TIME_MS),
        ("CreateSpec", "priority", solti_model::MAX_PRIORITY as u64),
        ("CreateSpec", "after", solti_model::MAX_AFTER as u64),
        ("ContainerTask", "volumes", solti_model::MAX_VOLUMES as u64),
        ("WasmTask", "dirs", solti_model::MAX_WASM_DIRS as u64),
        ("ResourceLimits", "memory_bytes", solti_model::MAX_BYTES),
        ("ResourceLimits", "cpu_percent", solti_model::MAX_CPU_PERCENT.into()),
        ("ResourceLimits", "open_files", solti_model::MAX_OPEN_FILES.into()),
        ("ResourceLimits", "processes", solti_model::MAX_PROCESSES.into()),
        ("ResourceLimits", "output_bytes", solti_model::MAX_BYTES),
        ("ClusterRequest", "cpus", solti_model::MAX_CLUSTER_CPUS.into()),
        ("ClusterRequest", "gpus", solti_model::MAX_CLUSTER_GPUS.into()),
        ("ClusterRequest", "time_minutes", solti_model::MAX_CLUSTER_MINUTES.into()),
    ] {
        let said = comment(message, field);
        assert!(numbers(&said).contains(&most), "{message}.{field}: {said:?} does not say {most}");
    }
}
