//! What state it is in, for people and machines.

use std::fmt;
use std::fs;

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::App;
use super::gateway::GatewayStatus;
use super::troubles::is_over;
use super::wanted::Wanted;
use crate::filing::edgar_day;
use crate::mute::Mute;
use crate::store::{Alarm, Backfill, Counts, Latency, Receipt, Store, StoreError};
use crate::text::path_text;

/// Receipts of so many days are shown, and all that are not final.
const RECEIPTS: u64 = 14;
/// An alert that was seen so long after its acceptance was found late; its time is no measure of the bot's.
const LATE: TimeDelta = TimeDelta::hours(1);
/// So many filings in quarantine are named.
const MOST_NAMED: usize = 10;

/// What became of filings since the start.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) fetched: u64,
    pub(super) not_fetched: u64,
    pub(super) undecided: u64,
}

/// What state it is in. In JSON the keys are the names of the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// When this was so.
    pub at: DateTime<Utc>,
    /// The store's folder.
    pub store: String,
    /// Bytes that it takes on the disk.
    pub store_bytes: u64,
    /// Up to when the feed was read; `None` before the first poll.
    pub seen_until: Option<DateTime<Utc>>,
    /// Until when EDGAR is asked nothing.
    pub silent_until: Option<DateTime<Utc>>,
    /// EDGAR's last answer that stood in the way, while it does.
    pub trouble: Option<String>,
    /// Since when the feed shows nothing new in EDGAR's hours.
    pub nothing_new: Option<Alarm>,
    /// Whether a stretch that the feed no longer showed is being looked for in the indexes.
    pub catching_up: bool,
    /// Filings that were seen and are to be fetched.
    pub pending: usize,
    /// Filings that cannot be read and are tried once a day.
    pub quarantined: usize,
    /// The first of them, with the reason.
    pub quarantine: Vec<String>,
    /// The comparisons with EDGAR's daily indexes, newest first, each with its words.
    pub receipts: Vec<ReceiptLine>,
    /// Alerts of the last day.
    pub latency: LatencyStatus,
    /// Deliveries that wait; what is told together counts each by itself, here and in the next two.
    pub queued: usize,
    /// Deliveries that were taken.
    pub delivered: usize,
    /// Deliveries that were given up.
    pub dead: usize,
    /// Destinations that take nothing, since when, and what they answer.
    #[serde(default)]
    pub paused: Vec<String>,
    /// Other lasting troubles that the operators were notified of, each with its start.
    #[serde(default)]
    pub troubles: Vec<String>,
    /// What is muted.
    #[serde(default)]
    pub mutes: Vec<MuteLine>,
    /// Records of the store that could not be read, and are kept aside.
    #[serde(default)]
    pub aside: usize,
    /// Pasts that are being fetched.
    pub backfills: Vec<String>,
    /// What only a running bot knows.
    pub running: Option<Running>,
}

/// A receipt and how people read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// In words.
    pub text: String,
    /// Whether all was seen in time and can be read.
    pub clean: bool,
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// A mute, and how many alerts it kept back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MuteLine {
    /// The mute.
    #[serde(flatten)]
    pub mute: Mute,
    /// Alerts that were not told.
    pub muted: usize,
}

impl fmt::Display for MuteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mute { what, until, why, by, .. } = &self.mute;
        write!(f, "{} until {}", what.in_words(), until.format("%Y-%m-%d %H:%M UTC"))?;
        let by = by.as_ref().map(|by| format!(", by {by}"));
        let why = why.as_ref().map(|why| format!(": {why}"));
        write!(f, "{}{}; {} kept back", by.unwrap_or_default(), why.unwrap_or_default(), self.muted)
    }
}

/// How long the alerts of the last day took, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatencyStatus {
    /// Alerts that were sent, but for the late ones.
    pub alerts: usize,
    /// Alerts of filings that were found more than an hour after their acceptance.
    pub late: usize,
    /// EDGAR's own lag: from its acceptance until the feed showed the filing to us.
    pub seen: Option<Quantiles>,
    /// Ours: from then until the destination accepted the alert.
    pub sent: Option<Quantiles>,
    /// Both together.
    pub total: Option<Quantiles>,
}

/// Of a number of times, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half took no longer.
    pub p50: f64,
    /// 95 % took no longer.
    pub p95: f64,
    /// 99 % took no longer.
    pub p99: f64,
}

/// What only a running bot knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Rules in force.
    pub rules: usize,
    /// Which filings are fetched, in words.
    pub fetches: String,
    /// Filings that were fetched since the start, as new ones.
    pub fetched: u64,
    /// Of these, those of which it could not be told whether a rule asks about them.
    pub undecided: u64,
    /// Filings that were not fetched since the start, as no rule asks about their issuers.
    pub not_fetched: u64,
    /// Requests to EDGAR since the start.
    pub requests: u64,
    /// Bytes of its answers, unpacked.
    pub bytes: u64,
    /// How Discord's gateway is, by which slash commands arrive; `None` where no bot connects.
    #[serde(default)]
    pub gateway: Option<GatewayStatus>,
}

impl Quantiles {
    /// Of times that need no order; `None` of none.
    pub fn of(mut times: Vec<TimeDelta>) -> Option<Self> {
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        // The nearest rank: the least that so many do not exceed.
        let at = |percent: usize| times[((times.len() * percent).div_ceil(100)).clamp(1, last + 1) - 1];
        let seconds = |time: TimeDelta| time.num_milliseconds() as f64 / 1_000.0;
        Some(Self { p50: seconds(at(50)), p95: seconds(at(95)), p99: seconds(at(99)) })
    }
}

impl LatencyStatus {
    fn of(latencies: &[Latency]) -> Self {
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

impl Status {
    /// What the store tells.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn of(store: &Store, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let from = edgar_day(now).checked_sub_days(Days::new(RECEIPTS)).unwrap_or_default();
        let first = store.ledger()?.map_or(from, |ledger| ledger.next.min(from));
        let mut receipts = store.receipts(first, usize::MAX)?;
        receipts.retain(|receipt| receipt.day >= from || !receipt.is_final());
        receipts.reverse();
        let receipts = receipts.into_iter().map(|receipt| ReceiptLine {
            text: receipt.to_string(),
            clean: receipt.is_clean(),
            receipt,
        });
        // Of a block that is over only its number is remembered.
        let silence = store.silence()?.filter(|silence| silence.in_a_row > 0);
        let frontier = store.frontier()?;
        let quarantine = store.quarantined(MOST_NAMED)?;
        let quarantine = quarantine.iter().map(|one| format!("{}: {}", one.filing.accession, one.reason));
        let Counts { queued, delivered, dead } = store.counts()?;
        let since = |since: DateTime<Utc>| since.format("%Y-%m-%d %H:%M UTC");
        let paused = store.all_paused()?.into_iter().take(MOST_NAMED);
        let paused =
            paused.map(|one| format!("{} since {}: {}", one.destination, since(one.since), one.reason));
        let paused = paused.collect();
        let troubles = store.troubles()?.into_iter().filter(|one| !is_over(one));
        let troubles = troubles.map(|one| format!("{}, since {}", one.text, since(one.since))).collect();
        let mutes = store.mutes()?.into_iter();
        let mutes = mutes.map(|mute| MuteLine { muted: store.muted_len(&mute.what), mute }).collect();
        let mut backfills = Vec::new();
        for Backfill { issuer, name, since, queued, .. } in store.backfills()? {
            let left = store.backfill_left(issuer)?.left;
            backfills.push(format!("{name} since {since}: {left} of {queued} filings left"));
        }
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: now,
            store: path_text(fs::canonicalize(store.dir()).unwrap_or_else(|_| store.dir().to_owned())),
            store_bytes: store.size_on_disk()?,
            seen_until: frontier.map(|frontier| frontier.seen_until),
            silent_until: silence.as_ref().map(|silence| silence.until).filter(|until| *until > now),
            trouble: silence.map(|silence| silence.reason),
            nothing_new: store.alarm()?,
            catching_up: frontier.is_some_and(|frontier| frontier.hole.is_some()),
            pending: store.pending()?.len(),
            quarantined: store.quarantine_len(),
            quarantine: quarantine.collect(),
            receipts: receipts.collect(),
            latency: LatencyStatus::of(&store.latencies(now)?),
            queued,
            delivered,
            dead,
            paused,
            troubles,
            mutes,
            aside: store.aside_len(),
            backfills,
            running: None,
        })
    }
}

impl App {
    /// What state it is in.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn status(&self, now: DateTime<Utc>) -> Result<Status, StoreError> {
        let fetches = match &*self.wanted()? {
            Wanted::All(reason) => format!("filings of all issuers: {reason}"),
            Wanted::Some(issuers) => {
                format!("filings of {} issuers alone, which all rules name", issuers.ciks.len())
            }
        };
        let tally = *self.tally();
        let asked = self.client.asked();
        let running = Running {
            rules: self.rules().len(),
            fetches,
            fetched: tally.fetched,
            undecided: tally.undecided,
            not_fetched: tally.not_fetched,
            requests: asked.requests,
            bytes: asked.bytes,
            gateway: self.gateway_status(),
        };
        let stored = Status::of(&self.store, now)?;
        // Another contact than the one that was refused is not silent.
        let silent_until = self.silent_until(now)?;
        let outage = self.client.outage().map(|outage| {
            let since = outage.since.format("%Y-%m-%d %H:%M UTC");
            format!("EDGAR does not answer since {since} and is probed: {}", outage.reason)
        });
        let trouble = stored.trouble.or(outage).or_else(|| self.client.last_failure());
        Ok(Status { running: Some(running), silent_until, trouble, ..stored })
    }

    /// Counts filings that were found.
    pub(super) fn count(&self, fetched: usize, undecided: usize, not_fetched: usize) {
        let more = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut tally = self.tally();
        tally.fetched = tally.fetched.saturating_add(more(fetched));
        tally.undecided = tally.undecided.saturating_add(more(undecided));
        tally.not_fetched = tally.not_fetched.saturating_add(more(not_fetched));
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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
