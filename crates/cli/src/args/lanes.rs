//! What is said of lanes on the command line.

use crate::arg_values::{bytes, lane, load, span_from, whole};
use clap::{Args, Subcommand, ValueEnum};
use solti_model::{
    Hours, KeepAwake, LaneMachine, MAX_BYTES, MAX_LANE_CAPACITY, MIN_IDLE_MS, Slot, TimeOfDay,
};
use std::time::Duration;

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "a program reads one command line")]
pub enum Lanes {
    /// Change how many tasks a lane runs at once, what it waits for, or pause it
    Set {
        /// Its name
        #[arg(value_parser = lane)]
        lane: Slot,
        /// How many of its tasks run at once
        #[arg(long, value_parser = whole(1..=MAX_LANE_CAPACITY), allow_hyphen_values = true)]
        capacity: Option<u32>,
        /// Start nothing more in it
        #[arg(long, conflicts_with = "resume")]
        pause: bool,
        /// Start tasks in it again
        #[arg(long)]
        resume: bool,
        #[command(flatten)]
        rules: Rules,
    },
}

/// What a lane asks of the machine; what is not given stays.
#[derive(Debug, Default, Args)]
pub struct Rules {
    /// Take away all that it waits for; what is given beside it holds
    #[arg(long)]
    pub no_conditions: bool,
    /// Start tasks while the machine has mains power alone
    #[arg(long)]
    pub on_mains: bool,
    /// Start tasks when nobody has been at the machine for so long, as in 10m
    #[arg(long, value_name = "TIME", value_parser = span_from(Duration::from_millis(MIN_IDLE_MS)), allow_hyphen_values = true)]
    pub idle: Option<Duration>,
    /// Start tasks while the load average of the last minute is below this
    #[arg(long, value_name = "LOAD", value_parser = load, allow_hyphen_values = true)]
    pub load_below: Option<f64>,
    /// Start tasks while so much is free on the disk of the data folder, as in 50GB
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    pub free: Option<u64>,
    /// Start tasks between these times of day alone, as in 22:00-06:00
    #[arg(long, value_name = "FROM-TO", value_parser = hours, allow_hyphen_values = true)]
    pub between: Option<Hours>,
    /// Keep the machine from sleeping while a task of it runs
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "on-mains")]
    pub keep_awake: Option<Awake>,
    /// Run its tasks on the first of these machines that is free: here=2 is this one, else a connection's name, and how many at once; for
    /// several, give it several times
    #[arg(long, value_name = "NAME=PLACES", value_parser = machine)]
    pub machine: Vec<LaneMachine>,
    /// Run its tasks on this machine alone
    #[arg(long, conflicts_with = "machine")]
    pub here_alone: bool,
}

impl Rules {
    /// Whether anything is to be changed.
    pub fn is_given(&self) -> bool {
        self.no_conditions || self.here_alone || self.sets_up()
    }

    /// Whether a lane is asked for something that it did not have.
    pub fn sets_up(&self) -> bool {
        let Self {
            no_conditions: _,
            here_alone: _,
            on_mains,
            idle,
            load_below,
            free,
            between,
            keep_awake,
            machine,
        } = self;
        *on_mains
            || idle.is_some()
            || load_below.is_some()
            || free.is_some()
            || between.is_some()
            || keep_awake.is_some()
            || !machine.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Awake {
    /// It may sleep
    Never,
    /// While it has mains power
    OnMains,
    /// On its battery too
    Always,
}

impl From<Awake> for KeepAwake {
    fn from(awake: Awake) -> Self {
        match awake {
            Awake::Never => Self::Never,
            Awake::OnMains => Self::OnMains,
            Awake::Always => Self::Always,
        }
    }
}

fn machine(text: &str) -> Result<LaneMachine, String> {
    // A connection may be called anything.
    let parts = text.rsplit_once('=').filter(|(name, _)| !name.trim().is_empty());
    let (name, places) = parts.ok_or("must be a machine and how many tasks it has at once, as in nas=4")?;
    let places = whole(1..=MAX_LANE_CAPACITY)(places.trim()).map_err(|said| format!("how many {said}"))?;
    Ok(LaneMachine { name: name.trim().to_owned(), places })
}

fn hours(text: &str) -> Result<Hours, String> {
    let (from, to) = text.split_once('-').ok_or("must be two times of day, as in 22:00-06:00")?;
    let time = |text: &str| text.trim().parse::<TimeOfDay>().map_err(ToOwned::to_owned);
    let (from, to) = (time(from)?, time(to)?);
    match from == to {
        true => Err("must begin and end at two different times of day".into()),
        false => Ok(Hours { from, to }),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let wrong = || "must be a size, as in 500MB or 50GB".to_owned();
    let bytes = bytes(text, 1_000.0).ok_or_else(wrong)?;
    match () {
        () if bytes < 1.0 => Err("must be at least 1 byte".into()),
        () if bytes > MAX_BYTES as f64 => Err("must be at most 1000TB".into()),
        () => Ok(bytes as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    #[test]
    fn what_a_lane_waits_for_is_written_as_people_write_it() {
        let line = "solti lanes set etl --on-mains --idle 10m --load-below 1.5 --free 50GB --between 22:00-6:00 --keep-awake";
        let Command::Lanes { command: Some(Lanes::Set { rules, .. }) } =
            Cli::parse_from(line.split(' ')).command
        else {
            panic!("a lane was set")
        };
        assert!(rules.on_mains && rules.is_given());
        assert_eq!((rules.idle, rules.free), (Some(Duration::from_secs(600)), Some(50_000_000_000)));
        let between = rules.between.expect("given");
        assert_eq!((between.from.to_string(), between.to.to_string()), ("22:00".into(), "06:00".into()));
        assert_eq!(rules.keep_awake, Some(Awake::OnMains));
        assert_eq!((size("1.5 kB"), size("2GiB")), (Ok(1_500), Ok(2 << 30)));
        let line = "solti lanes set etl --machine here=2 --machine nas=4";
        let Command::Lanes { command: Some(Lanes::Set { rules, .. }) } =
            Cli::parse_from(line.split(' ')).command
        else {
            panic!("a lane was set")
        };
        let machine = |name: &str, places| LaneMachine { name: name.to_owned(), places };
        assert_eq!(rules.machine, [machine("here", 2), machine("nas", 4)]);
        for wrong in [
            "--machine nas",
            "--machine =2",
            "--machine nas=0",
            "--machine nas=2 --here-alone",
            "--free much",
            "--free 5XB",
            "--free 99999999TB",
            "--free inf",
            "--free 0",
            "--free 1001TB",
            "--idle 59s",
            "--between 22:00-22:00",
            "--between 22:00",
            "--between 22:00-25:00",
            "--keep-awake=noon",
            // None of them can be said in JSON: they would take the condition away.
            "--load-below nan",
            "--load-below inf",
            "--load-below 1e999",
        ] {
            let line = format!("solti lanes set etl {wrong}");
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{wrong}");
        }
        assert_eq!(hours("22:00-22:00"), Err("must begin and end at two different times of day".into()));
        assert_eq!(size("0"), Err("must be at least 1 byte".into()));
        assert_eq!(
            super::machine("nas=x"),
            Err("how many must be a whole number from 1 to 1,000,000".into()),
            "in words of ours"
        );
    }
}
