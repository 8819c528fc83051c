//! Names of time zones, and what people mean when they write something else.

use std::str::FromStr;

use chrono_tz::{TZ_VARIANTS, Tz};

use super::error::ScheduleError;

/// Abbreviations and words for clocks, and a place that follows that clock. Those that are also in the IANA
/// database are refused: there, `EST` is a clock without daylight saving time, which nobody who writes it
/// means, and the others do not say whose daylight saving time applies.
const CLOCKS: [(&str, &[&str]); 24] = [
    ("America/New_York", &["EST", "EDT", "ET", "EST5EDT", "Eastern", "NY", "NYC", "Wall Street"]),
    ("America/Chicago", &["CST", "CDT", "CT", "CST6CDT", "Central"]),
    ("America/Denver", &["MST", "MDT", "MT", "MST7MDT", "Mountain"]),
    ("America/Los_Angeles", &["PST", "PDT", "PT", "PST8PDT", "Pacific", "LA", "San Francisco"]),
    ("America/Anchorage", &["AKST", "AKDT", "Alaska", "Alaskan"]),
    ("Pacific/Honolulu", &["HST", "HDT", "Hawaii", "Hawaiian"]),
    ("America/Halifax", &["AST", "ADT", "Atlantic"]),
    ("America/Sao_Paulo", &["BRT", "BRST"]),
    ("Europe/London", &["BST"]),
    ("Europe/Lisbon", &["WET", "WEST"]),
    ("Europe/Berlin", &["CET", "CEST", "MET", "MEST", "MEZ", "MESZ", "Central European"]),
    ("Europe/Athens", &["EET", "EEST"]),
    ("Europe/Moscow", &["MSK", "MSD"]),
    ("Africa/Johannesburg", &["SAST"]),
    ("Africa/Nairobi", &["EAT"]),
    ("Asia/Kolkata", &["IST", "India", "Mumbai", "Delhi"]),
    ("Asia/Shanghai", &["China", "Beijing"]),
    ("Asia/Hong_Kong", &["HKT"]),
    ("Asia/Singapore", &["SGT"]),
    ("Asia/Tokyo", &["JST"]),
    ("Asia/Seoul", &["KST"]),
    ("Australia/Sydney", &["AEST", "AEDT", "AET"]),
    ("Australia/Perth", &["AWST"]),
    ("Pacific/Auckland", &["NZST", "NZDT", "NZT"]),
];
/// Those of them that the IANA database defines without daylight saving time, and an unambiguous name for the
/// same offset.
const WITHOUT_SUMMER: [(&str, &str); 3] = [("EST", "Etc/GMT+5"), ("MST", "Etc/GMT+7"), ("HST", "Etc/GMT+10")];
/// The least similarity of a name that may have been meant.
const NEAR: f64 = 0.9;

/// The zone of a name.
///
/// # Errors
/// An unknown name, or an abbreviation that does not say whose clock is meant, with advice on what to write.
pub(super) fn zone(name: &str) -> Result<Tz, ScheduleError> {
    let zone = || name.to_owned();
    let place = clock(name);
    let is_abbreviation = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match (Tz::from_str(name), place) {
        (Ok(_), Some(place)) if is_abbreviation => {
            let without = WITHOUT_SUMMER.iter().find(|(letters, _)| *letters == name);
            let hint = match without {
                Some((_, fixed)) => {
                    format!(
                        "it has no daylight saving time; write {place}, or {fixed} if you want the same offset all year"
                    )
                }
                None => {
                    format!("it does not say which daylight saving rules apply; write a place, like {place}")
                }
            };
            Err(ScheduleError::Abbreviation { zone: zone(), hint })
        }
        (Ok(zone), _) => Ok(zone),
        (Err(_), Some(place)) => {
            Err(ScheduleError::Zone { zone: zone(), hint: format!("write a place, like {place}") })
        }
        (Err(_), None) => Err(ScheduleError::Zone { zone: zone(), hint: hint(name) }),
    }
}

/// The place whose clock an abbreviation or words mean.
fn clock(name: &str) -> Option<&'static str> {
    // `EST5` and `UTC5` are half of a POSIX zone.
    let mut plain = plain(name).trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    if plain.len() > 3 {
        plain = self::plain(name);
    }
    for end in ["time", "standard", "daylight"] {
        plain = plain.strip_suffix(end).map_or(plain.clone(), str::to_owned);
    }
    let bare = plain.strip_prefix("us").filter(|rest| !rest.is_empty()).unwrap_or(&plain);
    let means = |known: &&str| [plain.as_str(), bare].contains(&self::plain(known).as_str());
    CLOCKS.iter().find(|(_, known)| known.iter().any(&means)).map(|(place, _)| *place)
}

fn hint(name: &str) -> String {
    if let Some(offset) = offset(name) {
        return match offset {
            Some(0) => "write UTC".to_owned(),
            Some(hours @ -12..=14) => {
                let sign = if hours > 0 { '-' } else { '+' };
                let fixed = format!("Etc/GMT{sign}{}", hours.abs());
                format!(
                    "an offset does not say when daylight saving time is; write a place, like America/New_York, or {fixed} (its sign is the \
                     other way round) if you want the same offset all year"
                )
            }
            _ => "an offset does not say when daylight saving time is; write a place, like America/New_York or Asia/Kolkata"
                .to_owned(),
        };
    }
    let typed = plain(name);
    let last = |zone: &Tz| zone.name().rsplit('/').next().map(plain).unwrap_or_default();
    let typed_last = name.rsplit('/').next().map(plain).unwrap_or_default();
    let find = |is_meant: &dyn Fn(&Tz) -> bool| TZ_VARIANTS.iter().find(|zone| is_meant(zone));
    let exact = find(&|zone| zone.name().eq_ignore_ascii_case(name.trim()))
        .or_else(|| find(&|zone| plain(zone.name()) == typed))
        .or_else(|| find(&|zone| !typed_last.is_empty() && last(zone) == typed_last));
    let nearest = || {
        let near = |zone: &Tz| {
            let whole = strsim::jaro_winkler(&typed, &plain(zone.name()));
            whole.max(strsim::jaro_winkler(&typed, &last(zone)))
        };
        let places = TZ_VARIANTS.iter().filter(|zone| zone.name().contains('/'));
        let best = places.max_by(|a, b| near(a).total_cmp(&near(b)))?;
        (near(best) >= NEAR).then_some(best)
    };
    match exact.or_else(nearest) {
        Some(zone) => format!("did you mean {}?", zone.name()),
        None => "expected a name like America/New_York".to_owned(),
    }
}

/// The hours of `GMT+5`, `UTC-05:00`, `+1` or `Z`; `Some(None)` if they are not whole.
fn offset(name: &str) -> Option<Option<i32>> {
    let upper = name.trim().to_ascii_uppercase();
    let rest =
        ["UTC", "GMT", "Z"].iter().find_map(|known| upper.strip_prefix(known)).unwrap_or(&upper).trim();
    if rest.is_empty() {
        return (!upper.is_empty()).then_some(Some(0));
    }
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-" | "\u{2212}", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.trim().split_once(':') {
        Some(both) => both,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits.trim(), "0"),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some((minutes == 0 && hours <= 99).then_some(sign * hours))
}

/// A name normalised for comparison: `New York`, `new_york` and `New-York` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '/').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_used_says_what_to_write() {
        for (name, meant) in [
            ("EST", "it has no daylight saving time; write America/New_York, or Etc/GMT+5"),
            ("MST", "write America/Denver, or Etc/GMT+7"),
            ("HST", "write Pacific/Honolulu, or Etc/GMT+10"),
            (
                "EST5EDT",
                "it does not say which daylight saving rules apply; write a place, like America/New_York",
            ),
            ("MST7MDT", "America/Denver"),
            ("PST8PDT", "America/Los_Angeles"),
            ("CET", "Europe/Berlin"),
            ("EET", "Europe/Athens"),
            ("PST", "is not a time zone: write a place, like America/Los_Angeles"),
            ("est", "America/New_York"),
            ("EST5", "America/New_York"),
            ("etc/gmt+5", "did you mean Etc/GMT+5?"),
            ("EDT", "America/New_York"),
            ("AEST", "Australia/Sydney"),
            ("Eastern", "America/New_York"),
            ("US Eastern", "America/New_York"),
            ("Eastern Standard Time", "America/New_York"),
            ("Pacific Time", "America/Los_Angeles"),
            ("GMT+5", "write a place, like America/New_York, or Etc/GMT-5"),
            ("UTC+1", "Etc/GMT-1"),
            ("UTC-05:00", "Etc/GMT+5"),
            ("-0500", "Etc/GMT+5"),
            ("UTC+5:30", "Asia/Kolkata"),
            ("UTC+99999999999", "expected a name like America/New_York"),
            ("utc", "write UTC"),
            ("Z", "write UTC"),
            ("America/New York", "did you mean America/New_York?"),
            ("america/new_york", "did you mean America/New_York?"),
            ("new_york", "did you mean America/New_York?"),
            ("US/New_York", "did you mean America/New_York?"),
            ("America/New_Yrok", "did you mean America/New_York?"),
            ("Europe/berlin", "did you mean Europe/Berlin?"),
            ("London ", "did you mean Europe/London?"),
            ("Mars/Base", "expected a name like America/New_York"),
            ("", "expected a name like America/New_York"),
            ("\u{2212}", "expected a name like"),
        ] {
            let error = zone(name).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{name}` ")) && error.contains(meant), "{name}: {error}");
        }
        for name in ["UTC", "GMT", "America/New_York", "US/Eastern", "Etc/GMT+5", "Japan", "Asia/Kathmandu"] {
            assert_eq!(zone(name).map(|zone| zone.name()), Ok(name));
        }
    }
}
