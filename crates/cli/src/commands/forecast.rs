//! `queue`: what is in the lanes, in its order, and when it will probably start and end.

use super::lanes::lane_named;
use super::print_json;
use crate::args::Options;
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::{harmless, say};
use crate::{server, show};
use solti_api::operations::{Forecast, GetTaskRows, Operations as _};
use solti_http::HttpClient;
use solti_model::{
    Foreseen, MAX_TASK_ROWS, NotForeseen, Slot, TaskForecast, TaskId, TaskRow, TimeRange, words,
};
use std::collections::HashMap;

pub async fn queue(options: &Options, slot: Option<Slot>) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    if let Some(slot) = &slot {
        lane_named(&client, slot).await?;
    }
    let foreseen = client.ask(Forecast { slot, tasks: vec![], moves: vec![] }).await?;
    if options.json {
        print_json(&foreseen)?;
        return Ok(0);
    }
    let Foreseen { at, tasks, more, .. } = &foreseen;
    let rows = rows(&client, tasks).await?;
    let cells = |task: &TaskForecast| {
        let row = rows.get(&task.task);
        [
            Cell::new(task.slot.as_str()),
            Cell::whole(task.task.as_str()),
            row.map_or_else(|| Cell::new(""), show::status),
            Cell::new(row.map_or("", |row| row.task.spec.name.as_str())),
            Cell::new(starts(task, *at)),
            Cell::new(ends(task, *at)),
        ]
    };
    let cells: Vec<_> = tasks.iter().map(cells).collect();
    table::print(["LANE", "ID", "STATUS", "NAME", "STARTS", "ENDS"], 3, &cells)?;
    if *more {
        say!("these are the first {}; name a lane to see less at once", tasks.len());
    }
    Ok(0)
}

/// What is foreseen, as a list shows it.
async fn rows(client: &HttpClient, foreseen: &[TaskForecast]) -> Result<HashMap<TaskId, TaskRow>, CliError> {
    let mut found = HashMap::new();
    for some in foreseen.chunks(MAX_TASK_ROWS) {
        let ids = some.iter().map(|task| task.task.clone()).collect();
        let rows = client.ask(GetTaskRows { ids }).await?;
        found.extend(rows.into_iter().map(|row| (row.task.metadata.id.clone(), row)));
    }
    Ok(found)
}

fn starts(task: &TaskForecast, now: u64) -> String {
    match (task.start, task.end, &task.unknown) {
        (Some(start), ..) => within(start, now),
        // It runs.
        (None, Some(_), _) => String::new(),
        (None, None, Some(why)) => unknown(why, &task.task),
        (None, None, None) => String::new(),
    }
}

fn ends(task: &TaskForecast, now: u64) -> String {
    match (task.start, task.end, &task.unknown) {
        (_, Some(end), _) => within(end, now),
        (Some(_), None, Some(why)) => unknown(why, &task.task),
        _ => String::new(),
    }
}

/// As in "in 4 min 10 s to 6 min 00 s".
fn within(TimeRange { from, to }: TimeRange, now: u64) -> String {
    let (from, to) = (from.saturating_sub(now), to.saturating_sub(now));
    match (words::took(from), words::took(to)) {
        _ if to == 0 => "within seconds".to_owned(),
        (earliest, latest) if earliest == latest => format!("in {latest}"),
        (_, latest) if from == 0 => format!("within {latest}"),
        (earliest, latest) => format!("in {earliest} to {latest}"),
    }
}

/// Why nobody knows, as in "not known: build has never run".
fn unknown(why: &NotForeseen, of: &TaskId) -> String {
    let about = |task: &TaskId, name: &str| if task == of { "it".to_owned() } else { harmless(name) };
    let words = match why {
        NotForeseen::NoHistory { task, name } => format!("{} has never run", about(task, name)),
        NotForeseen::LongerThanEver { task, name } => {
            format!("{} has run for longer than ever", about(task, name))
        }
        NotForeseen::Restarted { task, name } => format!("{} is always restarted", about(task, name)),
        NotForeseen::Suspended { task, name } => format!("{} is suspended", about(task, name)),
        NotForeseen::Held { task, name } => format!("{} is held", about(task, name)),
        NotForeseen::Unexpected { task, .. } if task == of => "it waits for what is not expected".to_owned(),
        NotForeseen::Unexpected { name, .. } => format!("it waits for {} to fail", harmless(name)),
        NotForeseen::OnlyIfFree { task, name } => {
            format!("{} is canceled if its lane is busy when its time comes", about(task, name))
        }
        NotForeseen::AllHeld => "all tasks are held".to_owned(),
        NotForeseen::LanePaused { slot } => format!("lane {slot} is paused"),
        NotForeseen::LaneWaits { slot, what } => format!("lane {slot} waits for {}", harmless(what)),
    };
    format!("not known: {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> TaskId {
        TaskId::new(text).expect("legal")
    }

    #[test]
    fn times_are_told_from_now_on() {
        let now = 1_000_000;
        let range = |from: u64, to: u64| within(TimeRange { from: now + from, to: now + to }, now);
        assert_eq!(range(0, 0), "within seconds");
        assert_eq!(range(0, 90_000), "within 1 min 30 s");
        assert_eq!(range(60_000, 90_000), "in 1 min 00 s to 1 min 30 s");
        assert_eq!(range(60_000, 60_200), "in 1 min 00 s");
        let past = TimeRange { from: now - 5, to: now - 1 };
        assert_eq!(within(past, now), "within seconds", "what was told a moment ago");
    }

    #[test]
    fn what_is_not_known_names_the_task_that_it_depends_on() {
        let (task, name) = (id("01a"), "build\u{1b}[2J".to_owned());
        let why = NotForeseen::NoHistory { task, name };
        assert_eq!(unknown(&why, &id("01a")), "not known: it has never run");
        let words = unknown(&why, &id("01b"));
        assert!(words.starts_with("not known: build") && !words.contains('\u{1b}'), "{words}");
        let slot = Slot::new("etl").expect("legal");
        assert_eq!(unknown(&NotForeseen::LanePaused { slot }, &id("01a")), "not known: lane etl is paused");
    }
}
