//! `lanes`: which there are, and how many tasks each runs at once.

use super::print_json;
use crate::args::{Lanes, Options};
use crate::error::CliError;
use crate::server;
use crate::table::{self, Cell};
use serde_json::json;
use solti_api::operations::{ListLanes, Operations as _, SetLane};
use solti_model::{Lane, Slot};

pub async fn lanes(options: &Options, command: Option<Lanes>) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let lanes = match command {
        None => client.ask(ListLanes {}).await?,
        Some(Lanes::Set { lane, capacity, pause, resume }) => {
            let paused = (pause || resume).then_some(pause);
            let lane = client.ask(SetLane { slot: Slot::new(lane)?, capacity, paused }).await?;
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
            table::print(["LANE", "RUNNING", "QUEUED", ""], 0, &rows)?;
        }
    }
    Ok(0)
}

fn cells(lane: &Lane) -> [Cell; 4] {
    [
        Cell::new(lane.slot.as_str()),
        Cell::new(format!("{} of {}", lane.running, lane.capacity)),
        Cell::new(lane.queued.to_string()),
        Cell::new(if lane.paused { "paused" } else { "" }),
    ]
}
