//! The machines that the tasks of a lane run on, and which of them takes the next one. Pure: who has how many, and who can be reached,
//! are arguments.

use crate::bounds::within;
use crate::{FieldError, MAX_LANE_CAPACITY, MAX_LANE_MACHINES};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the engine's own machine is called in a lane.
pub const HERE: &str = "here";
/// Before the name of a machine, in that of the runner that hands tasks to it.
const HANDS_TO: &str = "machine:";
/// The label of a task that another machine has handed over: whose attempt it is.
pub const ORIGIN_LABEL: &str = "solti-origin";
/// For so long its end may be fetched by that machine, which may be away.
pub const ORIGIN_KEPT_MS: u64 = 3 * 24 * 3600 * 1000;

/// A machine on which tasks of a lane run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaneMachine {
    /// `here`, or the name of a connection of the settings.
    pub name: String,
    /// How many of the lane's tasks it has at once.
    #[schemars(range(min = 1, max = MAX_LANE_CAPACITY))]
    pub places: u32,
}

/// What the runner is called that hands tasks to a machine.
pub fn runner_of_machine(machine: &str) -> String {
    format!("{HANDS_TO}{machine}")
}

/// The machine of a runner of this name; `None` for a runner of the engine's own machine.
pub fn machine_of_runner(runner: &str) -> Option<&str> {
    runner.strip_prefix(HANDS_TO)
}

/// # Errors
/// Names the field.
pub(crate) fn check_lane_machines(machines: &[LaneMachine]) -> Result<(), FieldError> {
    if machines.len() > MAX_LANE_MACHINES {
        return Err(FieldError::new("machines", format!("must be {MAX_LANE_MACHINES} at most")));
    }
    for (n, LaneMachine { name, places }) in machines.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(FieldError::new(format!("machines[{n}].name"), "must not be empty"));
        }
        if machines[..n].iter().any(|other| other.name == *name) {
            return Err(FieldError::new(format!("machines[{n}].name"), format!("{name} is there twice")));
        }
        within(&format!("machines[{n}].places"), *places, 1, MAX_LANE_CAPACITY, "")?;
    }
    match places_of(machines) {
        Some(all) => within("machines", all, 1, MAX_LANE_CAPACITY, " places"),
        None => Ok(()),
    }
}

impl LaneMachine {
    /// Whether one more task can be on it, which has so many.
    pub fn has_place(&self, taken: usize) -> bool {
        usize::try_from(self.places).is_ok_and(|places| taken < places)
    }
}

/// How many tasks run at once on all of them; `None` for a lane that is of its own machine alone.
pub fn places_of(machines: &[LaneMachine]) -> Option<u32> {
    (!machines.is_empty()).then(|| machines.iter().fold(0, |all, machine| machine.places.saturating_add(all)))
}

/// The machine that takes the next task: the first in their order that has a free place and can take it.
///
/// # Errors
/// What is waited for, as it follows "waits for".
pub fn place_on(
    machines: &[LaneMachine],
    taken: impl Fn(&str) -> usize,
    usable: impl Fn(&str) -> Result<(), String>,
) -> Result<&LaneMachine, String> {
    let mut refused = Vec::new();
    let mut full = Vec::new();
    for machine in machines {
        if !machine.has_place(taken(&machine.name)) {
            full.push(machine.name.as_str());
            continue;
        }
        match usable(&machine.name) {
            Ok(()) => return Ok(machine),
            Err(why) => refused.push(format!("{} ({why})", machine.name)),
        }
    }
    let waited = match full[..] {
        [] => None,
        _ => Some(format!("a free place on {}", full.join(" or "))),
    };
    Err(waited.into_iter().chain(refused).collect::<Vec<_>>().join(", or "))
}

/// As in `2 on here and 4 on nas`.
pub fn lane_machines_words(machines: &[LaneMachine]) -> String {
    let mut parts: Vec<_> =
        machines.iter().map(|LaneMachine { name, places }| format!("{places} on {name}")).collect();
    match parts.pop() {
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{} and {last}", parts.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn machines(of: &[(&str, u32)]) -> Vec<LaneMachine> {
        of.iter().map(|(name, places)| LaneMachine { name: (*name).to_owned(), places: *places }).collect()
    }

    fn placed(taken: &[(&str, usize)], away: &[&str]) -> Result<String, String> {
        let taken: BTreeMap<_, _> = taken.iter().copied().collect();
        let all = machines(&[("here", 1), ("nas", 2), ("lab", 1)]);
        let usable = |name: &str| match away.contains(&name) {
            true => Err("cannot be reached".to_owned()),
            false => Ok(()),
        };
        place_on(&all, |name| taken.get(name).copied().unwrap_or(0), usable).map(|one| one.name.clone())
    }

    #[test]
    fn the_first_that_is_free_and_there_takes_it() {
        for (taken, away, expected) in [
            (&[][..], &[][..], "here"),
            (&[("here", 1)], &[], "nas"),
            (&[("here", 1), ("nas", 1)], &[], "nas"),
            (&[("here", 1), ("nas", 2)], &[], "lab"),
            (&[("here", 1)], &["nas"], "lab"),
            // One that was made smaller has more than its places.
            (&[("here", 3)], &[], "nas"),
        ] {
            assert_eq!(placed(taken, away).as_deref(), Ok(expected), "{taken:?} {away:?}");
        }
    }

    #[test]
    fn what_is_waited_for_names_each_machine() {
        let full = [("here", 1), ("nas", 2), ("lab", 1)];
        assert_eq!(placed(&full, &[]), Err("a free place on here or nas or lab".into()));
        let some = placed(&full[..1], &["nas", "lab"]);
        assert_eq!(
            some,
            Err("a free place on here, or nas (cannot be reached), or lab (cannot be reached)".into())
        );
    }

    #[test]
    fn the_rules_name_the_field() {
        let field = |of: &[(&str, u32)]| check_lane_machines(&machines(of)).map_err(|error| error.field);
        assert_eq!(field(&[]), Ok(()));
        assert_eq!(field(&[("here", 1), ("nas", MAX_LANE_CAPACITY - 1)]), Ok(()));
        assert_eq!(field(&[("here", 1), (" ", 1)]), Err("machines[1].name".into()));
        assert_eq!(field(&[("nas", 1), ("nas", 1)]), Err("machines[1].name".into()));
        assert_eq!(field(&[("here", 0)]), Err("machines[0].places".into()));
        assert_eq!(field(&[("here", 2), ("nas", MAX_LANE_CAPACITY)]), Err("machines".into()));
    }
}
