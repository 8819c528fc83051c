//! How long alerts took.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::store::Latency;

/// A filing discovered longer than this after its acceptance was found late; its latency is no measure of the
/// bot's speed.
const LATE: TimeDelta = TimeDelta::hours(1);

/// How long the alerts of the last day took, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatencyStatus {
    /// Sent alerts, without the late ones.
    pub alerts: usize,
    /// Alerts for filings discovered more than an hour after their acceptance.
    pub late: usize,
    /// EDGAR's own lag: from acceptance until the feed showed us the filing.
    pub seen: Option<Quantiles>,
    /// Our share: from then until the destination accepted the alert.
    pub sent: Option<Quantiles>,
    /// Both together.
    pub total: Option<Quantiles>,
}

/// Quantiles of a set of times, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half took no longer.
    pub p50: f64,
    /// 95 % took no longer.
    pub p95: f64,
    /// 99 % took no longer.
    pub p99: f64,
}

impl Quantiles {
    /// The quantiles of times in any order; `None` if there are none.
    pub fn of(mut times: Vec<TimeDelta>) -> Option<Self> {
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        // The nearest rank: the least time that this percentage of times does not exceed.
        let at = |percent: usize| times[((times.len() * percent).div_ceil(100)).clamp(1, last + 1) - 1];
        let seconds = |time: TimeDelta| time.num_milliseconds() as f64 / 1_000.0;
        Some(Self { p50: seconds(at(50)), p95: seconds(at(95)), p99: seconds(at(99)) })
    }
}

impl LatencyStatus {
    pub(super) fn of(latencies: &[Latency]) -> Self {
        let (late, live): (Vec<&Latency>, Vec<&Latency>) =
            latencies.iter().partition(|way| way.seen_at - way.accepted_at > LATE);
        let times =
            |span: fn(&Latency) -> TimeDelta| Quantiles::of(live.iter().map(|way| span(way)).collect());
        Self {
            alerts: live.len(),
            late: late.len(),
            seen: times(|way| way.seen_at - way.accepted_at),
            sent: times(|way| way.sent_at - way.seen_at),
            total: times(|way| way.sent_at - way.accepted_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let seconds = |range: std::ops::RangeInclusive<i64>| range.rev().map(TimeDelta::seconds).collect();
        assert_eq!(Quantiles::of(Vec::new()), None);
        assert_eq!(Quantiles::of(seconds(7..=7)), Some(Quantiles { p50: 7.0, p95: 7.0, p99: 7.0 }));
        assert_eq!(Quantiles::of(seconds(1..=100)), Some(Quantiles { p50: 50.0, p95: 95.0, p99: 99.0 }));
        assert_eq!(Quantiles::of(seconds(1..=10)), Some(Quantiles { p50: 5.0, p95: 10.0, p99: 10.0 }));
    }
}
