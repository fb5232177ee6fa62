//! What a lane asks of the machine before it starts a task, and whether the machine is kept awake while one of its tasks runs. Pure:
//! what the machine is like just now, and the time, are arguments.

use crate::bounds::within;
use crate::lane_machines::{LaneMachine, check_lane_machines};
use crate::words::{bytes, limit};
use crate::{FieldError, MAX_BYTES, MAX_DURATION_MS, MAX_LANE_MACHINES, MAX_LOAD, MIN_IDLE_MS, MIN_LOAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// What a lane asks of the machine. All that is set has to be so before it starts a task, or the next attempt of one; what runs
/// goes on. A condition that cannot be looked at is not fulfilled: the lane waits, and says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LaneRules {
    /// The machine has mains power, or no battery.
    #[serde(skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub on_mains: bool,
    /// Nobody has used keyboard or mouse for so many milliseconds, as the login manager tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = MIN_IDLE_MS, max = MAX_DURATION_MS))]
    pub idle_ms: Option<u64>,
    /// The load average of the last minute is below this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = MIN_LOAD, max = MAX_LOAD))]
    pub load_below: Option<f64>,
    /// At least so many bytes are free on the disk that holds the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = 1, max = MAX_BYTES))]
    pub free_bytes: Option<u64>,
    /// It is between these times of day, by the clock of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub between: Option<Hours>,
    /// Whether the machine is kept from sleeping while a task of the lane runs. No condition.
    #[serde(skip_serializing_if = "KeepAwake::is_never")]
    #[ts(optional, as = "Option<KeepAwake>")]
    pub keep_awake: KeepAwake,
    /// The machines that its tasks run on, the first that is free and can be reached; this one alone when empty. The lane then runs as
    /// many tasks at once as they have places together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<LaneMachine>>")]
    #[schemars(length(max = MAX_LANE_MACHINES))]
    pub machines: Vec<LaneMachine>,
}

/// A part of each day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hours {
    /// From this time on.
    pub from: TimeOfDay,
    /// Until before this one; earlier than `from`, it is that of the next day.
    pub to: TimeOfDay,
}

/// Hours and minutes of a clock, as in `22:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
#[schemars(with = "String")]
pub struct TimeOfDay(u16);

/// Whether the machine is kept from sleeping while a task runs.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum KeepAwake {
    /// It may sleep.
    #[default]
    Never,
    /// It is while it has mains power; on its battery it may sleep.
    OnMains,
    /// It is, on its battery too.
    Always,
}

impl KeepAwake {
    pub(crate) fn is_never(&self) -> bool {
        *self == Self::Never
    }
}

/// What was seen of the machine, or why it could not be.
pub type Reading<T> = Result<T, String>;

/// The machine as it is just now. What was not asked for need not be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineState {
    /// Whether it has mains power, or no battery.
    pub on_mains: Reading<bool>,
    /// For how many milliseconds nobody has used it; 0 while somebody does.
    pub idle_ms: Reading<u64>,
    /// The load average of the last minute.
    pub load: Reading<f64>,
    /// On the disk that holds the data folder.
    pub free_bytes: Reading<u64>,
}

/// What is to be looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// [`MachineState::on_mains`].
    pub on_mains: bool,
    /// [`MachineState::idle_ms`].
    pub idle: bool,
    /// [`MachineState::load`].
    pub load: bool,
    /// [`MachineState::free_bytes`].
    pub free_bytes: bool,
}

impl Asked {
    /// What either asks for.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            on_mains: self.on_mains || other.on_mains,
            idle: self.idle || other.idle,
            load: self.load || other.load,
            free_bytes: self.free_bytes || other.free_bytes,
        }
    }
}

impl MachineState {
    /// One of which nothing is known, for this reason.
    pub fn unseen(why: &str) -> Self {
        Self {
            on_mains: Err(why.to_owned()),
            idle_ms: Err(why.to_owned()),
            load: Err(why.to_owned()),
            free_bytes: Err(why.to_owned()),
        }
    }
}

impl LaneRules {
    /// # Errors
    /// Names the field.
    pub fn validate(&self) -> Result<(), FieldError> {
        check_lane_machines(&self.machines)?;
        if let Some(idle) = self.idle_ms {
            within("idleMs", idle, MIN_IDLE_MS, MAX_DURATION_MS, " ms")?;
        }
        if let Some(load) = self.load_below {
            within("loadBelow", load, MIN_LOAD, MAX_LOAD, "")?;
        }
        if let Some(free) = self.free_bytes {
            within("freeBytes", free, 1, MAX_BYTES, " bytes")?;
        }
        match self.between {
            Some(Hours { from, to }) if from == to => {
                Err(FieldError::new("between.to", "must not be the same time as from"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a start has to wait for a look at the machine.
    pub fn is_conditional(&self) -> bool {
        self.between.is_some() || !self.machines.is_empty() || self.asks_for() != Asked::default()
    }

    /// What has to be looked at beside the clock.
    pub fn asks_for(&self) -> Asked {
        Asked {
            on_mains: self.on_mains,
            idle: self.idle_ms.is_some(),
            load: self.load_below.is_some(),
            free_bytes: self.free_bytes.is_some(),
        }
    }

    /// What a start waits for, as it follows "waits for"; `None` when all is as the lane asks for. There is no figure in it that
    /// changes from look to look.
    pub fn unmet(&self, machine: &MachineState, now: TimeOfDay) -> Option<String> {
        let conditions = [
            self.on_mains.then(|| ("mains power".to_owned(), machine.on_mains.clone())),
            self.idle_ms.map(|wanted| {
                let idle = machine.idle_ms.clone().map(|idle| idle >= wanted);
                (format!("{} without anybody at it", limit(wanted)), idle)
            }),
            self.load_below.map(|wanted| {
                (format!("a load below {wanted}"), machine.load.clone().map(|load| load < wanted))
            }),
            self.free_bytes.map(|wanted| {
                let free = machine.free_bytes.clone().map(|free| free >= wanted);
                (format!("{} of free disk", size_words(wanted)), free)
            }),
            self.between.map(|hours| (hours.to_string(), Ok(hours.holds(now)))),
        ];
        let unmet = conditions.into_iter().flatten().filter_map(|(what, met)| match met {
            Ok(true) => None,
            Ok(false) => Some(what),
            Err(why) => Some(format!("{what}, which cannot be checked ({why})")),
        });
        joined(unmet)
    }

    /// All that it asks for, in the words of [`Self::unmet`]; `None` when it asks for nothing.
    pub fn words(&self) -> Option<String> {
        let nothing_met =
            MachineState { on_mains: Ok(false), idle_ms: Ok(0), load: Ok(f64::INFINITY), free_bytes: Ok(0) };
        self.unmet(&nothing_met, self.between.map_or(TimeOfDay(0), |hours| hours.to))
    }
}

fn joined(parts: impl Iterator<Item = String>) -> Option<String> {
    let mut parts: Vec<String> = parts.collect();
    let last = parts.pop()?;
    Some(if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) })
}

/// It was set, so that most are whole numbers of a unit: `50 GB`.
fn size_words(size: u64) -> String {
    bytes(size).replace(".0 ", " ")
}

impl Hours {
    /// Whether it is one of them.
    pub fn holds(self, now: TimeOfDay) -> bool {
        match self.from <= self.to {
            true => (self.from..self.to).contains(&now),
            false => now >= self.from || now < self.to,
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the time to be between {} and {}", self.from, self.to)
    }
}

impl TimeOfDay {
    /// `None` for what is on no clock.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        let minutes = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && minutes < MINUTES_OF_A_DAY).then_some(Self(minutes))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = || {
            let (hour, minute) = text.split_once(':')?;
            let number = |digits: &str, most| {
                let plain = (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                if plain { digits.parse().ok() } else { None }
            };
            let minute = number(minute, 2).filter(|_| minute.len() == 2)?;
            Self::new(number(hour, 2)?, minute)
        };
        time().ok_or("must be a time of day, as in 22:30")
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(json: serde_json::Value) -> LaneRules {
        serde_json::from_value(json).expect("its shape is right")
    }

    fn at(time: &str) -> TimeOfDay {
        time.parse().expect("legal")
    }

    /// On mains, nobody at it for an hour, a load of 1.5, 40 GB free.
    fn quiet() -> MachineState {
        MachineState {
            on_mains: Ok(true),
            idle_ms: Ok(3_600_000),
            load: Ok(1.5),
            free_bytes: Ok(40_000_000_000),
        }
    }

    #[test]
    fn a_lane_without_conditions_waits_for_nothing_and_asks_for_no_look() {
        let none = rules(json!({"keepAwake": "onMains"}));
        assert!(!none.is_conditional());
        assert_eq!(none.unmet(&MachineState::unseen("nobody looked"), at("03:00")), None);
        assert_eq!(none.words(), None);
        assert_eq!(serde_json::to_value(LaneRules::default()).expect("writes"), json!({}));
    }

    #[test]
    fn each_condition_is_held_against_what_was_seen() {
        let met = |rules: serde_json::Value, machine: &MachineState, now: &str| {
            self::rules(rules).unmet(machine, at(now)).is_none()
        };
        let battery = MachineState { on_mains: Ok(false), ..quiet() };
        assert!(met(json!({"onMains": true}), &quiet(), "12:00"));
        assert!(!met(json!({"onMains": true}), &battery, "12:00"));
        assert!(met(json!({"idleMs": 3_600_000}), &quiet(), "12:00"));
        assert!(!met(json!({"idleMs": 3_600_001}), &quiet(), "12:00"));
        assert!(met(json!({"loadBelow": 1.51}), &quiet(), "12:00"));
        assert!(!met(json!({"loadBelow": 1.5}), &quiet(), "12:00"), "below, not at");
        assert!(met(json!({"freeBytes": 40_000_000_000_u64}), &quiet(), "12:00"));
        assert!(!met(json!({"freeBytes": 40_000_000_001_u64}), &quiet(), "12:00"));
        let night = json!({"between": {"from": "22:00", "to": "6:00"}});
        let day = json!({"between": {"from": "09:00", "to": "17:30"}});
        for (now, by_night, by_day) in [
            ("21:59", false, false),
            ("22:00", true, false),
            ("00:00", true, false),
            ("05:59", true, false),
            ("06:00", false, false),
            ("09:00", false, true),
            ("17:29", false, true),
            ("17:30", false, false),
        ] {
            let found = (met(night.clone(), &quiet(), now), met(day.clone(), &quiet(), now));
            assert_eq!(found, (by_night, by_day), "{now}");
        }
    }

    #[test]
    fn what_is_waited_for_is_said_in_words_and_so_is_what_cannot_be_seen() {
        let all = rules(
            json!({"onMains": true, "idleMs": 5_400_000, "loadBelow": 2.0, "freeBytes": 50_500_000_000_u64,
            "between": {"from": "22:00", "to": "06:00"}}),
        );
        assert_eq!(
            all.unmet(&MachineState { on_mains: Ok(false), load: Ok(7.25), ..quiet() }, at("23:00"))
                .as_deref(),
            Some("mains power, 1 h 30 min without anybody at it, a load below 2 and 50.5 GB of free disk")
        );
        assert_eq!(
            all.words().as_deref(),
            Some(
                "mains power, 1 h 30 min without anybody at it, a load below 2, 50.5 GB of free disk and the time \
                 to be between 22:00 and 06:00"
            )
        );
        let blind = MachineState { idle_ms: Err("there is no login manager".into()), ..quiet() };
        assert_eq!(
            rules(json!({"onMains": true, "idleMs": 60_000})).unmet(&blind, at("12:00")).as_deref(),
            Some("1 min without anybody at it, which cannot be checked (there is no login manager)"),
            "neither true nor false: it waits and says why"
        );
    }

    #[test]
    fn a_value_that_is_none_is_refused_by_its_name() {
        for (wrong, field) in [
            (json!({"idleMs": 59_999}), "idleMs"),
            (json!({"loadBelow": 0.0}), "loadBelow"),
            (json!({"freeBytes": 0}), "freeBytes"),
            (json!({"between": {"from": "22:00", "to": "22:00"}}), "between.to"),
        ] {
            assert_eq!(rules(wrong).validate().expect_err("refused").field, field);
        }
        for none in ["24:00", "7", "7:5", "07:60", "-1:00", "+7:00", ""] {
            assert!(none.parse::<TimeOfDay>().is_err(), "{none}");
        }
        assert_eq!(at("7:05").to_string(), "07:05");
    }

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        let told = [999, 999_400, 50_500_000_000, 50_000_000_000, 900_000_000_000_000].map(size_words);
        assert_eq!(told, ["999 B", "999 kB", "50.5 GB", "50 GB", "900 TB"]);
    }
}
