//! One poll: read the feed down to what is known and write down what is new; [`super::settle`] then fetches it.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::alert::Key;
use crate::delivery::Notice;
use crate::retry;
use crate::source::{FetchError, Trouble};
use crate::store::{Silence, StoreError};

/// The silence after a block for rate (EDGAR's own is ten minutes), doubled each time in a row.
const BLOCKED: TimeDelta = TimeDelta::minutes(10);
/// The silence after a refused user agent, doubled each time in a row up to a day: a person must act.
const REFUSED: TimeDelta = TimeDelta::hours(1);
/// A block within so long after another one is the next in a row, whatever was answered in between.
const REMEMBERED: TimeDelta = TimeDelta::hours(3);
/// The longest silence after an outage.
const OUTAGE: TimeDelta = TimeDelta::minutes(1);
/// No tick takes longer; a clock that differs more from its `now` is another one.
const LONGEST_TICK: TimeDelta = TimeDelta::hours(1);
/// No silence is longer; one that seems so comes from a clock that was wrong.
const LONGEST_SILENCE: TimeDelta = TimeDelta::hours(25);

/// What a poll did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Pages of the feed that were read.
    pub pages: usize,
    /// Filings that were not known before.
    pub new: usize,
    /// Filings that are not fetched, since no rule asks about their issuers.
    pub not_fetched: usize,
    /// Of the new ones, those of which that could not be told.
    pub undecided: usize,
    /// Filings that a first run took as known.
    pub baseline: usize,
    /// Filings fetched and done.
    pub settled: usize,
    /// Of these, the ones for which a rule rang.
    pub rang: usize,
    /// Of these, the ones that could not be read.
    pub unreadable: usize,
    /// Filings read into history that rang for nobody: too old, or from before the first start.
    pub past: usize,
    /// Filings that are put off after a failed fetch.
    pub postponed: usize,
    /// What stood in the way, the last of it.
    pub trouble: Option<FetchError>,
    /// Until when EDGAR is asked nothing; then nothing was asked.
    pub silent_until: Option<DateTime<Utc>>,
}

impl App {
    /// Polls once: what is new on the feed is written down, then all that is due is fetched and settled.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn poll_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        let frontier = self.frontier(now)?;
        report.silent_until = self.silent_until(now)?;
        if report.silent_until.is_some() {
            return Ok(report);
        }
        match frontier {
            Some(frontier) => self.discover(frontier, now, &mut report).await?,
            None => self.baseline(now, &mut report).await?,
        }
        // What another part was told meanwhile stays.
        if report.trouble.is_none() && self.silent_until(now)?.is_none() {
            self.answered(now)?;
            self.refresh_tickers(now, &mut report).await?;
        }
        if self.silent_until(now)?.is_none() {
            self.settle_pending(now, &mut report).await?;
        }
        Ok(report)
    }

    /// Begins to watch, where nothing was watched before: what EDGAR lists now is taken as known, and nothing is fetched.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn begin(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        if let Some(frontier) = self.frontier(now)? {
            self.cover(&*self.wanted()?, frontier)?;
        } else {
            report.silent_until = self.silent_until(now)?;
            if report.silent_until.is_none() {
                self.baseline(now, &mut report).await?;
            }
        }
        Ok(report)
    }

    /// Until when EDGAR is asked nothing.
    pub(super) fn silent_until(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some(silence) = self.store.silence()? else { return Ok(None) };
        // It was another who was refused.
        if silence.refused.is_some_and(|refused| refused != self.contact()) {
            return Ok(None);
        }
        Ok(Some(silence.until).filter(|until| now < *until && *until - now <= LONGEST_SILENCE))
    }

    /// EDGAR answered: the next outage is a first one again, and the next block too if the last one is long over.
    fn answered(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(silence) = self.store.silence()? else { return Ok(()) };
        let fresh = silence.until <= now && now - silence.until < REMEMBERED;
        let kept = (silence.blocks > 0 && fresh).then_some(Silence { in_a_row: 0, ..silence });
        self.store.set_silence(kept.as_ref())
    }

    /// What time it is by now, in a tick that began at `now`.
    pub(super) fn by_now(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let late = self.clock().now() - now;
        let late = Some(late).filter(|late| *late > TimeDelta::zero() && *late < LONGEST_TICK);
        now + late.unwrap_or_default()
    }

    fn contact(&self) -> Key {
        Key::of(&["contact", &self.settings.edgar.contact])
    }

    /// Notes what stood in the way: EDGAR is then asked nothing for a while, longer each time in a row.
    pub(super) async fn trouble(
        &self,
        error: FetchError,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        if error.trouble == Trouble::Silent {
            // Nothing was asked, so nothing was learnt.
            report.trouble = report.trouble.take().or(Some(error));
            return Ok(());
        }
        let (last, stands) = (self.store.silence()?, self.silent_until(now)?);
        let last = last.filter(|last| now - last.until < REMEMBERED);
        let in_a_row = last.as_ref().map_or(0, |silence| silence.in_a_row) + 1;
        let blocked =
            matches!(error.trouble, Trouble::RateBlocked | Trouble::Forbidden | Trouble::AgentRefused);
        let blocks = last.as_ref().map_or(0, |silence| silence.blocks) + u32::from(blocked);
        let longer = 2_i32.pow(blocks.clamp(1, 5) - 1);
        let own = match error.trouble {
            Trouble::RateBlocked | Trouble::Forbidden => BLOCKED * longer,
            Trouble::AgentRefused => REFUSED * longer,
            Trouble::NotThereYet
            | Trouble::FileUnavailable
            | Trouble::Unavailable
            | Trouble::Passing
            | Trouble::Silent => {
                TimeDelta::from_std(retry::delay(in_a_row, 0)).map_or(OUTAGE, |wait| wait.min(OUTAGE))
            }
        };
        let asked = error.retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
        let span = asked.map_or(own, |asked| asked.max(own));
        let until = self.by_now(now) + span;
        let refused = (error.trouble == Trouble::AgentRefused).then(|| self.contact());
        // What another request was told meanwhile stays, where it asks for more.
        let (until, refused) = match stands.filter(|stands| *stands > until) {
            Some(stands) => (stands, last.as_ref().and_then(|last| last.refused.clone()).or(refused)),
            None => (until, refused),
        };
        self.client.close_until(until);
        let reason = error.message.clone();
        self.store.set_silence(Some(&Silence { until, in_a_row, blocks, refused, reason }))?;
        // On the disk at once: after a crash nothing must be asked too early.
        self.store.flush().await?;
        if blocked && blocks == 1 {
            tracing::error!("{error}; EDGAR is asked nothing for {} minutes", span.num_minutes());
            self.tell_operators(&block_notice(&error, span, now), now)?;
        } else if span > OUTAGE {
            tracing::warn!("{error}; EDGAR is asked nothing for {} minutes more", span.num_minutes());
        }
        report.trouble = Some(error);
        Ok(())
    }
}

fn block_notice(error: &FetchError, span: TimeDelta, now: DateTime<Utc>) -> Notice {
    let minutes = span.num_minutes();
    let (title, then) = match error.trouble {
        Trouble::AgentRefused => (
            "EDGAR refuses to answer",
            "Set contact = \"Your Name you@example.org\" under [edgar] in the settings and start again: another contact \
             asks at once, the same one again after that time.",
        ),
        _ => (
            "EDGAR blocks this address",
            "It is asked nothing until then, and longer if it still does. What is filed meanwhile is found afterwards. \
             If other programs ask EDGAR from this address, the limit is for all of them together.",
        ),
    };
    Notice::new(now, title, format!("{error}\nSilent for {minutes} minutes. {then}"))
}
