//! `lanes`: which there are, how many tasks each runs at once, and what each waits for.

use super::{in_options, print_json};
use crate::args::{Lanes, Options, Rules};
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::{harmless, say};
use crate::{server, show};
use serde_json::json;
use solti_api::operations::{GetSummary, ListLanes, ListTasks, Operations as _, SetLane, SetLaneRules};
use solti_http::HttpClient;
use solti_model::{KeepAwake, Lane, LaneRules, ListQuery, Slot, StaysAwake, Summary, lane_machines_words};

pub async fn lanes(options: &Options, command: Option<Lanes>) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let lanes = match command {
        None => client.ask(ListLanes {}).await?,
        Some(Lanes::Set { lane: slot, capacity, pause, resume, rules }) => {
            // Who only takes something away means a lane that is there; by anything else one is set up.
            if !(pause || capacity.is_some() || rules.sets_up()) {
                lane_named(&client, &slot).await?;
            }
            if rules.is_given() {
                set_rules(&client, &slot, &rules).await?;
            }
            let paused = (pause || resume).then_some(pause);
            let lane = client.ask(SetLane { slot, capacity, paused }).await;
            let lane = lane.map_err(|error| in_options(error, &OPTIONS))?;
            if options.json {
                print_json(&lane)?;
                return Ok(0);
            }
            vec![lane]
        }
    };
    match options.json {
        true => print_json(&json!({"lanes": lanes}))?,
        false => {
            let rows: Vec<_> = lanes.iter().map(cells).collect();
            table::print(["LANE", "IN USE", "QUEUED", ""], 3, &rows)?;
            let Summary { awake, held, .. } = client.ask(GetSummary {}).await?;
            if held {
                say!("solti: {}", show::ALL_HELD);
            }
            if let Some(awake) = awake {
                say!("{}", awake_words(&awake));
            }
        }
    }
    Ok(0)
}

/// That there is a lane of this name: one that is set up, or that some task is in, or was.
pub(super) async fn lane_named(client: &HttpClient, slot: &Slot) -> Result<(), CliError> {
    if client.ask(ListLanes {}).await?.iter().any(|lane| lane.slot == *slot) {
        return Ok(());
    }
    let query = ListQuery { slot: Some(slot.clone()), limit: Some(1), ..ListQuery::default() };
    match client.ask(ListTasks { query }).await?.total {
        0 => Err(CliError::NoSuchLane(slot.clone())),
        _ => Ok(()),
    }
}

/// Which option sets what of a lane.
const OPTIONS: [(&str, &str); 6] = [
    ("capacity", "--capacity"),
    ("rules.machines", "--machine"),
    ("rules.idleMs", "--idle"),
    ("rules.loadBelow", "--load-below"),
    ("rules.freeBytes", "--free"),
    ("rules.between", "--between"),
];

async fn set_rules(client: &HttpClient, slot: &Slot, given: &Rules) -> Result<(), CliError> {
    let before = client.ask(ListLanes {}).await?.into_iter().find(|lane| lane.slot == *slot);
    let rules = changed(before.map(|lane| lane.rules).unwrap_or_default(), given);
    let set = client.ask(SetLaneRules { slot: slot.clone(), rules }).await;
    set.map_err(|error| in_options(error, &OPTIONS))?;
    Ok(())
}

fn changed(before: LaneRules, given: &Rules) -> LaneRules {
    let keep_awake = given.keep_awake.map_or(before.keep_awake, Into::into);
    let machines = match (given.here_alone, &given.machine[..]) {
        (true, _) => vec![],
        (false, []) => before.machines.clone(),
        (false, given) => given.to_vec(),
    };
    let before = if given.no_conditions { LaneRules::default() } else { before };
    LaneRules {
        machines,
        on_mains: given.on_mains || before.on_mains,
        idle_ms: given
            .idle
            .map(|idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX))
            .or(before.idle_ms),
        load_below: given.load_below.or(before.load_below),
        free_bytes: given.free.or(before.free_bytes),
        between: given.between.or(before.between),
        keep_awake,
    }
}

fn awake_words(awake: &StaysAwake) -> String {
    match &awake.why_not {
        None => "the machine is kept awake while tasks run".to_owned(),
        Some(why) => {
            format!("tasks run that are to keep the machine awake, and it may sleep: {}", harmless(why))
        }
    }
}

fn cells(lane: &Lane) -> [Cell; 4] {
    [
        Cell::new(lane.slot.as_str()),
        Cell::new(format!("{} of {}", lane.running, lane.capacity)),
        Cell::new(lane.queued.to_string()),
        Cell::new(standing(lane)),
    ]
}

/// Whether it is paused, what it waits for or would, and whether it keeps the machine awake.
fn standing(lane: &Lane) -> String {
    let conditions = match (&lane.waits_for, lane.rules.words()) {
        (Some(waits), _) => Some(format!("waits for {waits}")),
        (None, words) => words.map(|words| format!("needs {words}")),
    };
    let awake = match lane.rules.keep_awake {
        KeepAwake::Never => None,
        KeepAwake::OnMains => Some("keeps the machine awake on mains"),
        KeepAwake::Always => Some("keeps the machine awake"),
    };
    let machines = &lane.rules.machines;
    let machines = (!machines.is_empty()).then(|| format!("runs {}", lane_machines_words(machines)));
    let parts =
        [lane.paused.then(|| "paused".to_owned()), conditions, machines, awake.map(ToOwned::to_owned)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_not_given_of_a_lane_stays() {
        let before = LaneRules { on_mains: true, load_below: Some(2.0), ..LaneRules::default() };
        let given = Rules { idle: Some(Duration::from_secs(60)), ..Rules::default() };
        let after = changed(before.clone(), &given);
        assert_eq!(after, LaneRules { idle_ms: Some(60_000), ..before.clone() });
        let nas = vec![solti_model::LaneMachine { name: "nas".into(), places: 4 }];
        let spans = changed(after.clone(), &Rules { machine: nas.clone(), ..Rules::default() });
        assert_eq!(spans, LaneRules { machines: nas.clone(), ..after.clone() });
        let kept = changed(spans.clone(), &Rules { no_conditions: true, ..Rules::default() });
        assert_eq!(kept, LaneRules { machines: nas, ..LaneRules::default() });
        assert_eq!(changed(spans, &Rules { here_alone: true, ..Rules::default() }), after);
        let none = Rules { no_conditions: true, free: Some(5), ..Rules::default() };
        assert_eq!(changed(after, &none), LaneRules { free_bytes: Some(5), ..LaneRules::default() });
    }
}
