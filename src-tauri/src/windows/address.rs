//! The addresses of pages: what says in one what the page shows. Each is a query, from the `?` on.

use solti_machines::Machine;
use solti_model::RunId;

/// Of the log of one run, at a row if one is given.
pub fn of_log(machine: &Machine, RunId { task, attempt }: &RunId, row: Option<u64>) -> String {
    // An id needs no escaping: its letters are all legal in a URL.
    format!("?view=log&task={task}&attempt={attempt}{}{}", at_row(row), of_machine(machine))
}

/// Of the log of a task: of this attempt, the latest, and of later ones as they begin.
pub fn of_task(machine: &Machine, RunId { task, attempt }: &RunId) -> String {
    format!("?view=log&task={task}&attempt={attempt}&follows{}", of_machine(machine))
}

/// Of several logs as one, at a row of their merged order if one is given.
pub fn of_logs(machine: &Machine, logs: &[RunId], row: Option<u64>) -> String {
    let sources: String = logs.iter().map(|log| format!("&source={}:{}", log.task, log.attempt)).collect();
    format!("?view=merged{sources}{}{}", at_row(row), of_machine(machine))
}

fn at_row(row: Option<u64>) -> String {
    row.map(|row| format!("&row={row}")).unwrap_or_default()
}

/// Whose logs it shows.
fn of_machine(machine: &Machine) -> String {
    let Machine::Named(name) = machine else { return String::new() };
    let mut parameter = "&machine=".to_owned();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => parameter.push(byte.into()),
            other => parameter.push_str(&format!("%{other:02X}")),
        }
    }
    parameter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_name_stands_whole_in_an_address() {
        let named = |name: &str| of_machine(&Machine::Named(name.into()));
        assert_eq!(of_machine(&Machine::Here), "");
        assert_eq!(named("build-1"), "&machine=build-1");
        assert_eq!(named("Mü & co"), "&machine=M%C3%BC%20%26%20co");
    }

    #[test]
    fn an_address_says_which_runs() {
        let runs: Vec<RunId> = ["t/1", "u/2"].map(|run| run.parse().expect("a run")).to_vec();
        assert_eq!(of_log(&Machine::Here, &runs[0], Some(7)), "?view=log&task=t&attempt=1&row=7");
        assert_eq!(of_task(&Machine::Here, &runs[0]), "?view=log&task=t&attempt=1&follows");
        let lab = Machine::Named("lab".into());
        assert_eq!(of_logs(&lab, &runs, None), "?view=merged&source=t:1&source=u:2&machine=lab");
        assert_eq!(of_logs(&Machine::Here, &runs, Some(3)), "?view=merged&source=t:1&source=u:2&row=3");
    }
}
