//! Schedules and spans of time in the settings.

use std::time::Duration;

use super::settings::Schedules;
use super::values::{Section, Wire};
use crate::problem::{Problem, Value};
use crate::schedule::Schedule;

const EASTERN: &str = "America/New_York";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_LOOK_BACK: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// After a week of downtime, alerts are still sent one by one.
const LATE_AFTER: Duration = DAY.saturating_mul(7);
const STALE_AFTER: (Duration, Duration) = (Duration::from_secs(5 * 60), DAY);
const STALE_AFTER_USUAL: Duration = Duration::from_secs(90 * 60);

impl Wire<'_> {
    pub(super) fn schedules(&mut self, section: Section<'_, '_>) -> Option<Schedules> {
        let look_back = self.span(section, "look_back", (Duration::ZERO, LONGEST_LOOK_BACK), Duration::ZERO);
        let late_after = self.span(section, "late_after", (Duration::ZERO, LONGEST_LOOK_BACK), LATE_AFTER);
        let stale_after = self.span(section, "stale_after", STALE_AFTER, STALE_AFTER_USUAL);
        let zone = self.text(section, "time_zone");
        let poll = self.text(section, "poll");
        let poll = self.schedule(poll, "* * 6-21 * * Mon-Fri", zone);
        let reconcile = self.text(section, "reconcile");
        let reconcile = self.schedule(reconcile, "30 22 * * *", zone);
        Some(Schedules { poll: poll?, reconcile: reconcile?, look_back, late_after, stale_after })
    }

    /// A span of time within bounds.
    fn span(
        &mut self,
        section: Section<'_, '_>,
        key: &str,
        (least, most): (Duration, Duration),
        default: Duration,
    ) -> Duration {
        let Some((value, text)) = self.text(section, key) else { return default };
        match humantime::parse_duration(text) {
            Ok(span) if (least..=most).contains(&span) => return span,
            Ok(_) => {
                // The bounds used here are whole minutes and days.
                let (least, days) = (least.as_secs() / 60, most.as_secs() / DAY.as_secs());
                let help = match least {
                    0 => format!("expected at most {days}d"),
                    least => format!("expected {least}m to {days}d"),
                };
                self.reader.report_with(value.span(), format!("`{key}` cannot be {text}"), help);
            }
            Err(_) => {
                let what = format!("`{text}` is not a span of time");
                self.reader.report_with(value.span(), what, "expected something like 12h or 2d");
            }
        }
        default
    }

    /// A schedule, or `None` if it has a mistake, which is then reported.
    pub(super) fn schedule(
        &mut self,
        wire: Option<(&Value<'_>, &str)>,
        default: &str,
        zone: Option<(&Value<'_>, &str)>,
    ) -> Option<Schedule> {
        let expression = wire.map_or(default, |(_, text)| text);
        let schedule = Schedule::parse(expression, zone.map_or(EASTERN, |(_, text)| text));
        let schedule = match self.now {
            Some(now) => schedule.and_then(|schedule| schedule.unless_over(now)),
            None => schedule,
        };
        match schedule {
            Ok(schedule) => Some(schedule),
            Err(error) => {
                let blamed = if error.is_of_zone() { zone } else { wire };
                if let Some((value, _)) = blamed {
                    // Several schedules may have the same zone.
                    let (place, message) = (self.reader.place(value.span()), error.to_string());
                    let is_known =
                        |known: &Problem| known.place.as_ref() == Some(&place) && known.message == message;
                    if !self.reader.problems.iter().any(is_known) {
                        self.reader.report(value.span(), message);
                    }
                }
                None
            }
        }
    }
}
