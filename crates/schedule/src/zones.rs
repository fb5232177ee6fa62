//! Time zones by their names.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// What stands for the zone of the machine.
const LOCAL: &str = "local";

/// The zones that schedules may name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Zones {
    /// As the system has them, whose rules are newer than those that were built in.
    system: TimeZoneDatabase,
    built_in: TimeZoneDatabase,
    local: TimeZone,
}

/// A time zone, and whether it is only the one that the machine happens to be in.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    pub(crate) zone: TimeZone,
    pub(crate) is_local: bool,
}

/// A name that is no zone's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone; write one as in Europe/Berlin, UTC, or local for that of this machine")]
pub struct UnknownZone(pub String);

impl Zones {
    /// Those that are built in; the machine is taken to be in UTC.
    pub fn built_in() -> Self {
        Self::new(TimeZoneDatabase::none(), TimeZone::UTC)
    }

    /// Those of `system`, and of those that are built in the others. The machine is in `local`.
    pub fn new(system: TimeZoneDatabase, local: TimeZone) -> Self {
        Self { system, built_in: TimeZoneDatabase::bundled(), local }
    }

    /// The same zones for a machine that is somewhere else now.
    #[must_use]
    pub fn at(&self, local: TimeZone) -> Self {
        Self { local, ..self.clone() }
    }

    /// The zone of the machine.
    pub fn local(&self) -> &TimeZone {
        &self.local
    }

    /// The day that a zone has at this time, and the one before, as in 2026-11-29. A zone that is unknown counts as the local one.
    pub fn days(&self, zone: &str, at_ms: u64) -> (String, String) {
        let zone = self.get(zone).map_or_else(|_| self.local.clone(), |found| found.zone);
        let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let today = zone.to_datetime(at.unwrap_or(Timestamp::MAX)).date();
        (today.to_string(), today.yesterday().unwrap_or(today).to_string())
    }

    /// Hours and minutes of the clock of the machine at this time.
    pub fn time_of_day(&self, at_ms: u64) -> (u16, u16) {
        let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let time = self.local.to_datetime(at.unwrap_or(Timestamp::MAX));
        (time.hour().unsigned_abs().into(), time.minute().unsigned_abs().into())
    }

    /// By an IANA name, or `local`.
    ///
    /// # Errors
    /// For a name that is neither.
    pub fn get(&self, name: &str) -> Result<Zone, UnknownZone> {
        if name == LOCAL {
            return Ok(Zone { zone: self.local.clone(), is_local: true });
        }
        let found = self.system.get(name).or_else(|_| self.built_in.get(name));
        let zone = found.map_err(|_| UnknownZone(name.to_owned()))?;
        Ok(Zone { zone, is_local: false })
    }
}

impl Zone {
    /// As a person reads it.
    pub(crate) fn words(&self) -> String {
        match (self.is_local, self.zone.iana_name()) {
            (true, Some(name)) => format!("local time ({name})"),
            (true, None) => "local time".to_owned(),
            (false, Some(name)) => name.to_owned(),
            (false, None) => "UTC".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_named_and_the_machine_has_its_own() {
        let zones = Zones::built_in();
        assert_eq!(zones.get("Europe/Berlin").expect("known").words(), "Europe/Berlin");
        assert_eq!(zones.get("UTC").expect("known").words(), "UTC");
        let berlin = zones.get("Europe/Berlin").expect("known").zone;
        assert_eq!(zones.at(berlin).get("local").expect("known").words(), "local time (Europe/Berlin)");
        assert_eq!(zones.get("Mars/Olympus"), Err(UnknownZone("Mars/Olympus".into())));
        assert!(zones.get("").is_err());
    }

    #[test]
    fn a_day_is_that_of_its_zone() {
        let zones = Zones::built_in();
        // 2026-01-01T00:30:00Z.
        let at = 1_767_227_400_000;
        let days = |zone| zones.days(zone, at);
        assert_eq!(days("UTC"), ("2026-01-01".into(), "2025-12-31".into()));
        assert_eq!(days("America/New_York"), ("2025-12-31".into(), "2025-12-30".into()));
    }
}
