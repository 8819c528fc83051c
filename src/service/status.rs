//! The state of the bot, for people and machines.

use std::fmt;
use std::fs;

use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use super::latency::LatencyStatus;
use crate::filing::edgar_day;
use crate::intake::InScope;
use crate::mute::Mute;
use crate::operators::{GatewayStatus, is_over};
use crate::runtime::App;
use crate::store::{Alarm, Backfill, Counts, Receipt, Store, StoreError};
use crate::text::path_text;

/// Receipts of so many days are shown, and all that are not final.
const RECEIPTS: u64 = 14;
/// Most filings in quarantine that are named.
const MOST_NAMED: usize = 10;

/// The state of the bot. In JSON the keys are the names of the fields.
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
    #[serde(alias = "seen_until")]
    pub read_until: Option<DateTime<Utc>>,
    /// Until when EDGAR is asked nothing.
    #[serde(alias = "silent_until")]
    pub no_requests_until: Option<DateTime<Utc>>,
    /// EDGAR's last answer that stood in the way, while it does.
    pub trouble: Option<String>,
    /// Since when the feed shows nothing new in EDGAR's hours.
    pub nothing_new: Option<Alarm>,
    /// True if a stretch that the feed no longer showed is being looked for in the indexes.
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
    /// Waiting deliveries; alerts that share a message count separately, here and in the next two.
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
    /// The mutes.
    #[serde(default)]
    pub mutes: Vec<MuteLine>,
    /// Corrupt records of the store.
    #[serde(default, alias = "aside")]
    pub corrupt_records: usize,
    /// Pasts that are being fetched.
    pub backfills: Vec<String>,
    /// Facts that only a running bot knows.
    pub running: Option<Running>,
}

/// A receipt and how people read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// In words.
    pub text: String,
    /// True if all was seen in time and can be read.
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
    /// Alerts that were held back.
    pub muted: usize,
}

impl fmt::Display for MuteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mute { what, until, why, by, .. } = &self.mute;
        write!(f, "{} until {}", what.in_words(), until.format("%Y-%m-%d %H:%M UTC"))?;
        let by = by.as_ref().map(|by| format!(", by {by}"));
        let why = why.as_ref().map(|why| format!(": {why}"));
        write!(f, "{}{}; {} held back", by.unwrap_or_default(), why.unwrap_or_default(), self.muted)
    }
}

/// Facts that only a running bot knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Rules in force.
    pub rules: usize,
    /// Which filings are fetched, in words.
    pub fetches: String,
    /// Filings that were fetched since the start, as new ones.
    pub fetched: u64,
    /// Of these, those of which it was unknown whether a rule needs them.
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

impl Status {
    /// The state in the store.
    pub async fn of(store: &Store, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let from = edgar_day(now).checked_sub_days(Days::new(RECEIPTS)).unwrap_or_default();
        let first = store.ledger().await?.map_or(from, |ledger| ledger.next.min(from));
        let mut receipts = store.receipts(first, usize::MAX).await?;
        receipts.retain(|receipt| receipt.day >= from || !receipt.is_final());
        receipts.reverse();
        let receipts = receipts.into_iter().map(|receipt| ReceiptLine {
            text: receipt.to_string(),
            clean: receipt.is_clean(),
            receipt,
        });
        // Of a block that is over only its number is remembered.
        let silence = store.silence().await?.filter(|silence| silence.in_a_row > 0);
        let frontier = store.frontier().await?;
        let quarantine = store.quarantined(MOST_NAMED).await?;
        let quarantine = quarantine.iter().map(|one| format!("{}: {}", one.filing.accession, one.reason));
        let Counts { queued, delivered, dead } = store.counts().await?;
        let since = |since: DateTime<Utc>| since.format("%Y-%m-%d %H:%M UTC");
        let paused = store.all_paused().await?.into_iter().take(MOST_NAMED);
        let paused =
            paused.map(|one| format!("{} since {}: {}", one.destination, since(one.since), one.reason));
        let paused = paused.collect();
        let troubles = store.troubles().await?.into_iter().filter(|one| !is_over(one));
        let troubles = troubles.map(|one| format!("{}, since {}", one.text, since(one.since))).collect();
        let mut mutes = Vec::new();
        for mute in store.mutes().await? {
            mutes.push(MuteLine { muted: store.muted_len(&mute.what).await?, mute });
        }
        let mut backfills = Vec::new();
        for Backfill { issuer, name, since, queued, .. } in store.backfills().await? {
            let left = store.backfill_left(issuer).await?.left;
            backfills.push(format!("{name} since {since}: {left} of {queued} filings left"));
        }
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: now,
            store: path_text(fs::canonicalize(store.dir()).unwrap_or_else(|_| store.dir().to_owned())),
            store_bytes: store.size_on_disk()?,
            read_until: frontier.map(|frontier| frontier.seen_until),
            no_requests_until: silence.as_ref().map(|silence| silence.until).filter(|until| *until > now),
            trouble: silence.map(|silence| silence.reason),
            nothing_new: store.alarm().await?,
            catching_up: frontier.is_some_and(|frontier| frontier.hole.is_some()),
            pending: store.pending_len().await?,
            quarantined: store.quarantine_len().await?,
            quarantine: quarantine.collect(),
            receipts: receipts.collect(),
            latency: LatencyStatus::of(&store.latencies(now).await?),
            queued,
            delivered,
            dead,
            paused,
            troubles,
            mutes,
            corrupt_records: store.corrupt_len().await?,
            backfills,
            running: None,
        })
    }
}

/// The state of the bot.
pub async fn status(app: &App, now: DateTime<Utc>) -> Result<Status, StoreError> {
    // First: a trouble is written down after what shows it, so that it never stands here by itself.
    let stored = Status::of(&app.store, now).await?;
    let fetches = match &*app.intake.scope.current().await? {
        InScope::All(reason) => format!("filings of all issuers: {reason}"),
        InScope::Some(issuers) => {
            format!("only filings of the {} issuers that rules name", issuers.ciks.len())
        }
    };
    let counted = app.metrics.counted();
    let asked = app.client.asked();
    let running = Running {
        rules: app.rules.current().len(),
        fetches,
        fetched: counted.fetched,
        undecided: counted.undecided,
        not_fetched: counted.not_fetched,
        requests: asked.requests,
        bytes: asked.bytes,
        gateway: app.gateway.status(),
    };
    // Another contact than the one that was refused is not silent.
    let no_requests_until = app.intake.backoff.silent_until(now).await?;
    let outage = app.client.outage().map(|outage| {
        let since = outage.since.format("%Y-%m-%d %H:%M UTC");
        format!("EDGAR has not answered since {since} and is probed: {}", outage.reason)
    });
    let trouble = stored.trouble.or(outage).or_else(|| app.client.last_failure());
    Ok(Status { running: Some(running), no_requests_until, trouble, ..stored })
}
