//! How long an alert took, in words: EDGAR's own lag, then ours.

use chrono::TimeDelta;

use super::record::Alert;
use crate::text::eastern;

/// An alert that is sent within so many seconds is not late.
const SOON: i64 = 300;

impl Alert {
    /// EDGAR's lag from acceptance until it showed the filing, then ours until the alert was sent:
    /// `in the feed after 22 s, sent 1 s later`. If the time of acceptance is not known, when the filing was
    /// found. `None` before the alert is sent.
    pub fn way_text(&self) -> Option<String> {
        let ours = match self.sent_at? - self.seen_at {
            ours if ours.num_seconds() <= 0 => "sent at once".to_owned(),
            ours => format!("sent {} later", span(ours)),
        };
        let Some(accepted) = self.accepted_at else {
            return Some(format!("found {}, {ours}", eastern(self.seen_at)));
        };
        let lag = self.seen_at - accepted;
        let shown = match (self.late, lag.num_seconds() <= 0) {
            (true, _) => format!("found {} after it was filed", span(lag)),
            (false, true) => "in the feed at once".to_owned(),
            (false, false) => format!("in the feed after {}", span(lag)),
        };
        Some(format!("{shown}, {ours}"))
    }

    /// How long an alert took that is late: `found 4 days after it was filed`, `in the feed after 22 s, sent 9 min
    /// later`. `None` for one that was sent soon, or is not sent yet.
    pub fn lateness_text(&self) -> Option<String> {
        let sent = self.sent_at?;
        let ours = sent - self.seen_at;
        let sent_soon = ours.num_seconds() < SOON;
        let Some(accepted) = self.accepted_at else {
            return (!sent_soon).then(|| format!("sent {} after it was found", span(ours)));
        };
        let lag = self.seen_at - accepted;
        match (self.late, sent_soon) {
            (true, true) => Some(format!("found {} after it was filed", span(lag))),
            (true, false) => {
                Some(format!("found {} after it was filed, sent {} later", span(lag), span(ours)))
            }
            (false, _) if (sent - accepted).num_seconds() < SOON => None,
            (false, true) => Some(format!("in the feed after {}", span(lag))),
            (false, false) => self.way_text(),
        }
    }
}

/// A span in a suitable unit. Clocks differ a little, so a negative span counts as zero.
fn span(span: TimeDelta) -> String {
    match span.num_seconds() {
        seconds if seconds < 120 => format!("{} s", seconds.max(0)),
        seconds if seconds < 2 * 3_600 => format!("{} min", seconds / 60),
        seconds if seconds < 2 * 86_400 => format!("{} h", seconds / 3_600),
        seconds => match seconds / 86_400 {
            days if days < 60 => format!("{days} days"),
            days if days < 730 => format!("{} months", days / 30),
            days => format!("{} years", days / 365),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_the_unit_that_suits_them() {
        for (seconds, text) in [
            (-5, "0 s"),
            (1, "1 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
            (59 * 86_400, "59 days"),
            (60 * 86_400, "2 months"),
            (729 * 86_400, "24 months"),
            (730 * 86_400, "2 years"),
            (1_921 * 86_400, "5 years"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), text);
        }
    }
}
