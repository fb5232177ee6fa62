//! When a job is run by itself, as it is written. What it means is the business of `solti-schedule`.

use crate::bounds::{MIN_EVERY_MS, within};
use crate::id::ScheduleId;
use crate::{FieldError, MAX_DURATION_MS, MAX_JITTER_MS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use solti_schedule::{Cron, Missed, Rule, Timing, Zones};
use std::collections::BTreeMap;
use ts_rs::TS;

/// 1 January 2200, in Unix milliseconds: no schedule names a later time.
pub const MAX_TIME_MS: u64 = 7_258_118_400_000;

/// When a job is run by itself: exactly one of `cron`, `everyMs`, `at` and `onStart`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// Of this schedule among those of its job; made when it is saved without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<ScheduleId>,
    /// Five fields as in cron(5), or a name such as `@daily`; with `L` for the last day and `#` for the n-th weekday of a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cron: Option<String>,
    /// Milliseconds from one time to the next; elapsed time, whatever the clock shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = MIN_EVERY_MS, max = MAX_DURATION_MS))]
    pub every_ms: Option<u64>,
    /// A time from which `everyMs` counts, in Unix milliseconds; when it was saved, if it is left out. One that was to come when it was
    /// saved is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(max = MAX_TIME_MS))]
    pub anchor: Option<u64>,
    /// Once, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(max = MAX_TIME_MS))]
    pub at: Option<u64>,
    /// Each time the engine starts.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub on_start: bool,
    /// The time zone of `cron`: an IANA name, or `local` for that of the machine.
    #[serde(default = "local", skip_serializing_if = "is_local")]
    #[ts(optional, as = "Option<String>")]
    pub zone: String,
    /// What becomes of times at which the engine was not there.
    #[serde(default)]
    #[ts(optional, as = "Option<MissedRuns>")]
    pub missed: MissedRuns,
    /// Nothing is run. Times that pass meanwhile are not made up for.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub paused: bool,
    /// Each run is put off by up to so many milliseconds, the same for the same time.
    #[serde(default)]
    #[ts(optional, as = "Option<u32>")]
    #[schemars(range(max = MAX_JITTER_MS))]
    pub jitter_ms: u64,
    /// No time before this one counts, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(max = MAX_TIME_MS))]
    pub from: Option<u64>,
    /// No time after this one counts, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(max = MAX_TIME_MS))]
    pub until: Option<u64>,
    /// Values of the job's parameters, by their names. A parameter that is not named has its default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub parameters: BTreeMap<String, String>,
}

/// What becomes of times at which the engine was not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MissedRuns {
    /// Nothing.
    Skip,
    /// The latest of them is run.
    #[default]
    Latest,
    /// The last 100 of them are run, one after the other as their lane lets them.
    All,
}

impl From<MissedRuns> for Missed {
    fn from(missed: MissedRuns) -> Self {
        match missed {
            MissedRuns::Skip => Self::Skip,
            MissedRuns::Latest => Self::Latest,
            MissedRuns::All => Self::All,
        }
    }
}

fn local() -> String {
    "local".to_owned()
}

fn is_local(zone: &str) -> bool {
    zone == "local"
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Schedule {
    /// What it says, for whoever reckons with it. An interval without an anchor counts from `now_ms`.
    ///
    /// # Errors
    /// The first rule that is broken, with the field; without one when it is the schedule as a whole that breaks it.
    pub fn rule(&self, zones: &Zones, now_ms: u64) -> Result<Rule, FieldError> {
        let wrong = |field: &str, problem: String| FieldError::new(field, problem);
        let time = |field: &str, time: Option<u64>| {
            time.map_or(Ok(()), |time| within(field, time, 0, MAX_TIME_MS, " ms"))
        };
        time("anchor", self.anchor)?;
        time("at", self.at)?;
        time("from", self.from)?;
        time("until", self.until)?;
        if self.from.zip(self.until).is_some_and(|(from, until)| until < from) {
            return Err(wrong("until", "must not be before from".into()));
        }
        within("jitterMs", self.jitter_ms, 0, MAX_JITTER_MS, " ms")?;
        if self.anchor.is_some() && self.every_ms.is_none() {
            return Err(wrong("anchor", "is for everyMs alone".into()));
        }
        // Also where nothing goes by it: a name that is wrong is a mistake.
        let zone = zones.get(&self.zone).map_err(|unknown| wrong("zone", unknown.to_string()))?;
        let timing = match (&self.cron, self.every_ms, self.at, self.on_start) {
            (Some(line), None, None, false) => {
                let cron = Cron::parse(line).map_err(|error| wrong("cron", error.to_string()))?;
                Timing::Cron(cron, zone)
            }
            (None, Some(every_ms), None, false) => {
                within("everyMs", every_ms, MIN_EVERY_MS, MAX_DURATION_MS, " ms")?;
                Timing::Every { every_ms, anchor_ms: self.anchor.unwrap_or(now_ms) }
            }
            (None, None, Some(at), false) => Timing::At(at),
            (None, None, None, true) => Timing::OnStart,
            _ => {
                let problem = "must have exactly one of cron, everyMs, at and onStart";
                return Err(wrong("", problem.into()));
            }
        };
        // An interval has no time before an anchor that is to come, which is told as a beginning.
        let from_ms = self.from.max(self.anchor.filter(|anchor| *anchor > now_ms));
        Ok(Rule { timing, from_ms, until_ms: self.until, jitter_ms: self.jitter_ms })
    }

    /// Whether it says the same times as another one; then what has come of them holds for both.
    pub fn has_times_of(&self, other: &Self) -> bool {
        let bounds = |of: &Self| (of.paused, of.from, of.until);
        self.has_timing_of(other) && bounds(self) == bounds(other)
    }

    /// The same, but for its bounds and a pause.
    pub fn has_timing_of(&self, other: &Self) -> bool {
        let timing = |of: &Self| Self {
            id: None,
            parameters: BTreeMap::new(),
            missed: MissedRuns::default(),
            jitter_ms: 0,
            paused: false,
            from: None,
            until: None,
            ..of.clone()
        };
        timing(self) == timing(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(schedule: serde_json::Value) -> Result<Rule, FieldError> {
        let schedule: Schedule = serde_json::from_value(schedule).expect("its shape is right");
        schedule.rule(&Zones::built_in(), 1_000_000)
    }

    #[test]
    fn a_schedule_says_one_thing_or_is_refused_by_field() {
        assert!(rule(json!({"cron": "30 2 * * mon-fri", "zone": "Europe/Berlin"})).is_ok());
        let every = rule(json!({"everyMs": 5_000})).expect("legal");
        assert_eq!(every.next_after(1_000_000), Some(1_005_000), "from when it was saved");
        assert!(rule(json!({"at": 5})).is_ok() && rule(json!({"onStart": true})).is_ok());
        for (schedule, field, words) in [
            (json!({}), "", "exactly one"),
            (json!({"cron": "@daily", "everyMs": 5_000}), "", "exactly one"),
            (json!({"onStart": false}), "", "exactly one"),
            (json!({"cron": "0 25 * * *"}), "cron", "the hour, at character 3: 25 is not from 0 to 23"),
            (json!({"cron": "@daily", "zone": "Mars"}), "zone", "\"Mars\" is not a time zone"),
            (json!({"everyMs": 999}), "everyMs", "must be from 1,000"),
            (json!({"at": 5, "anchor": 5}), "anchor", "for everyMs"),
            (json!({"at": u64::MAX}), "at", "must be from 0"),
            (json!({"everyMs": 5_000, "from": 9, "until": 8}), "until", "before from"),
            (json!({"at": 5, "jitterMs": 86_400_001}), "jitterMs", "must be from 0"),
        ] {
            let error = rule(schedule.clone()).expect_err("refused");
            assert_eq!(error.field, field, "{schedule}");
            assert!(error.message.contains(words), "{schedule}: {error}");
        }
        let error = rule(json!({})).expect_err("says nothing");
        assert_eq!(error.to_string(), "must have exactly one of cron, everyMs, at and onStart");
        let error = error.within("schedules[1]");
        assert_eq!(error.to_string(), "schedules[1]: must have exactly one of cron, everyMs, at and onStart");
    }

    #[test]
    fn an_anchor_to_come_is_told_as_the_beginning() {
        const LATER: u64 = 4_102_444_800_000;
        for (from, anchor, words) in [
            (None, LATER, "every minute, from 1 January 2100 at 00:00"),
            (Some(5), LATER, "every minute, from 1 January 2100 at 00:00"),
            (Some(LATER + 60_000), LATER, "every minute, from 1 January 2100 at 00:01"),
            (None, 999_999, "every minute"),
        ] {
            let rule = rule(json!({"everyMs": 60_000, "anchor": anchor, "from": from})).expect("legal");
            assert_eq!(rule.words(Zones::built_in().local()), words);
        }
    }

    #[test]
    fn what_changes_no_time_is_told_from_what_does() {
        let read = |schedule| serde_json::from_value::<Schedule>(schedule).expect("its shape is right");
        let daily = read(json!({"id": "a", "cron": "@daily"}));
        assert!(
            daily.has_times_of(&read(json!({"cron": "@daily", "missed": "all", "parameters": {"a": "b"}})))
        );
        assert!(!daily.has_times_of(&read(json!({"cron": "@hourly"}))));
        let bounded = read(json!({"cron": "@daily", "until": 9, "paused": true}));
        assert!(daily.has_timing_of(&bounded) && !daily.has_times_of(&bounded));
        assert!(!daily.has_timing_of(&read(json!({"cron": "@daily", "zone": "UTC"}))));
        assert!(
            !daily.has_times_of(&read(json!({"cron": "@daily", "paused": true}))),
            "what passes is settled"
        );
    }
}
