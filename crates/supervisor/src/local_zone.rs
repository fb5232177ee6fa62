//! The time zones of this machine, and which of them it is in.
//!
//! Read from where they are, and not through jiff's own word for the zone of the system: that is remembered for minutes.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use solti_schedule::Zones;
use std::path::{Path, PathBuf};

const LINK: &str = "/etc/localtime";
const FOLDER: &str = "zoneinfo/";

/// What says where the machine is; another value is another zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneSource {
    variable: Option<String>,
    link: Option<PathBuf>,
}

impl ZoneSource {
    pub(crate) fn now() -> Self {
        let variable = std::env::var("TZ").ok().filter(|name| !name.is_empty());
        Self { variable, link: std::fs::read_link(LINK).ok() }
    }

    /// UTC where nothing says otherwise, as the system does it.
    pub(crate) fn zone(&self, database: &TimeZoneDatabase) -> TimeZone {
        let named = |name: &str| database.get(name).ok();
        let by_variable = self.variable.as_deref().and_then(|text| {
            let name = text.strip_prefix(':').unwrap_or(text);
            named(name).or_else(|| TimeZone::posix(name).ok())
        });
        by_variable
            .or_else(|| named(zone_name(self.link.as_deref()?)?))
            // A copy of a zone's file, which does not say what it is called.
            .or_else(|| TimeZone::tzif(LINK, &std::fs::read(LINK).ok()?).ok())
            .unwrap_or(TimeZone::UTC)
    }
}

/// As in `/usr/share/zoneinfo/Europe/Berlin`.
fn zone_name(link: &Path) -> Option<&str> {
    let text = link.to_str()?;
    Some(&text[text.find(FOLDER)? + FOLDER.len()..])
}

/// The zones that schedules may name, and where the machine is.
pub(crate) fn zones(place: &ZoneSource) -> Zones {
    let database = TimeZoneDatabase::from_env();
    let local = place.zone(&database);
    Zones::new(database, local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_where_its_variable_or_its_link_says() {
        let database = TimeZoneDatabase::bundled();
        let name = |variable: Option<&str>, link: Option<&str>| {
            let place = ZoneSource { variable: variable.map(Into::into), link: link.map(Into::into) };
            place.zone(&database).iana_name().map(str::to_owned)
        };
        let link = Some("../usr/share/zoneinfo/Asia/Tokyo");
        assert_eq!(name(None, link).as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name(Some("Europe/Berlin"), link).as_deref(), Some("Europe/Berlin"));
        assert_eq!(name(Some(":Europe/Berlin"), link).as_deref(), Some("Europe/Berlin"));
        let posix = ZoneSource { variable: Some("EST5EDT,M3.2.0,M11.1.0".into()), link: None };
        let summer = "2026-07-01T12:00:00Z".parse().expect("a time");
        assert_eq!(posix.zone(&database).to_offset(summer).seconds(), -4 * 3_600);
    }
}
