//! The hours in which a lane starts something, by the clock of the machine.

use solti_model::{Hours, TimeOfDay};
use solti_schedule::{Cron, Rule, Timing, Zones};

/// When a lane of such hours may start something.
#[derive(Debug, Clone)]
pub(crate) struct OpenHours {
    hours: Hours,
    zones: Zones,
    /// Each time at which they begin.
    opens: Rule,
}

impl OpenHours {
    /// `None` where the clock of the machine is not known.
    pub(crate) fn new(hours: Hours, zones: &Zones) -> Option<Self> {
        let from = hours.from.to_string();
        let (hour, minute) = from.split_once(':')?;
        let cron = Cron::parse(&format!("{minute} {hour} * * *")).ok()?;
        let opens = Rule::new(Timing::Cron(cron, zones.get("local").ok()?));
        Some(Self { hours, zones: zones.clone(), opens })
    }

    /// The first time from `time` on at which something may start.
    pub(super) fn open_from(&self, time: u64) -> Option<u64> {
        let (hour, minute) = self.zones.time_of_day(time);
        match TimeOfDay::new(hour, minute).is_some_and(|now| self.hours.holds(now)) {
            true => Some(time),
            false => self.opens.next_after(time),
        }
    }
}
