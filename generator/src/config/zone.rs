//! Time zones that exist, in the database that the handler carries too.

use asg_recycle_handler::spelling;
use jiff::tz::TimeZoneDatabase;

use crate::problem::{Problem, shown};

/// Whether a zone of this name, spelt like this, is in the database.
pub(super) fn check(name: &str, pointer: &str) -> Result<(), Problem> {
    let database = TimeZoneDatabase::bundled();
    let zones: Vec<String> = database.available().map(|zone| zone.as_str().to_owned()).collect();
    if zones.iter().any(|zone| zone == name) {
        return Ok(());
    }
    let reason = format!("`{pointer}` names no IANA time zone: `{}`", shown(name));
    let near = spelling::nearest(name, zones.iter().map(String::as_str)).or_else(|| city(name, &zones));
    Err(Problem::new("unknown-time-zone", pointer, reason).help(match near {
        Some(zone) => format!("did you mean `{zone}`?"),
        None => "for example `Europe/London`; the names are in the IANA time zone database".to_owned(),
    }))
}

/// The zone that ends with the name of a city.
fn city<'a>(name: &str, zones: &'a [String]) -> Option<&'a str> {
    let name = name.rsplit('/').next()?.trim().replace(' ', "_");
    let last = |zone: &&String| zone.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&name));
    zones.iter().find(last).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_of_the_database_are_taken_as_spelt_there() {
        for zone in ["UTC", "Europe/London", "America/Argentina/Buenos_Aires", "Etc/GMT+5"] {
            assert_eq!(check(zone, "zone"), Ok(()), "{zone}");
        }
    }

    #[test]
    fn other_names_get_the_nearest_zone() {
        for (name, help) in [
            ("Europe/Lodnon", "did you mean `Europe/London`?"),
            ("europe/london", "did you mean `Europe/London`?"),
            ("London", "did you mean `Europe/London`?"),
            ("utc", "did you mean `UTC`?"),
            ("+01:00", "for example `Europe/London`; the names are in the IANA time zone database"),
        ] {
            assert_eq!(check(name, "zone").unwrap_err().help.as_deref(), Some(help), "{name}");
        }
    }
}
