//! The way of an alert, in words: accepted, seen, sent.

use chrono::TimeDelta;
use chrono_tz::America::New_York;

use super::Alert;

impl Alert {
    /// How long after its acceptance the filing was seen and the alert sent: `seen after 2 s, sent after 3 s`. Where the time of
    /// acceptance is not known, when it was seen, and how long after that it was sent. `None` before it is sent.
    pub fn way_text(&self) -> Option<String> {
        let sent = self.sent_at?;
        let Some(accepted) = self.accepted_at else {
            let seen = self.seen_at.with_timezone(&New_York).format("%Y-%m-%d %H:%M %Z");
            return Some(format!("seen {seen}, sent {}", span(sent - self.seen_at)));
        };
        let late = if self.late { "seen late, " } else { "seen " };
        Some(format!("{late}{}, sent {}", span(self.seen_at - accepted), span(sent - accepted)))
    }
}

/// A span in the unit that suits it. Clocks differ a little, so that what is negative is nothing.
fn span(span: TimeDelta) -> String {
    match span.num_seconds() {
        seconds if seconds <= 0 => "at once".to_owned(),
        seconds if seconds < 120 => format!("after {seconds} s"),
        seconds if seconds < 2 * 3_600 => format!("after {} min", seconds / 60),
        seconds if seconds < 2 * 86_400 => format!("after {} h", seconds / 3_600),
        seconds => format!("after {} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_suits_them() {
        for (seconds, text) in [
            (-5, "at once"),
            (0, "at once"),
            (1, "after 1 s"),
            (119, "after 119 s"),
            (120, "after 2 min"),
            (7_199, "after 119 min"),
            (7_200, "after 2 h"),
            (172_799, "after 47 h"),
            (172_800, "after 2 days"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), text);
        }
    }
}
