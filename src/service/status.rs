//! The state of the bot, for people and machines.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use super::latency::LatencyStatus;
use crate::config::Settings;
use crate::destination::{Destination, Inbox};
use crate::filing::edgar_day;
use crate::intake::InScope;
use crate::mute::Mute;
use crate::operators::{GatewayStatus, is_over};
use crate::runtime::App;
use crate::store::{Alarm, Backfill, Counts, Receipt, Store, StoreError, Unsubscribed};
use crate::text::{eastern, path_text};

/// How many days of receipts to show, in addition to all that are not final.
const RECEIPTS: u64 = 14;
/// How many quarantined filings to name at most.
const MOST_NAMED: usize = 10;
/// How many recipients that unsubscribed to name at most.
const MOST_UNSUBSCRIBED: usize = 1_000;

/// The state of the bot. In JSON, the keys are the field names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The time of this status.
    pub at: DateTime<Utc>,
    /// The store's folder.
    pub store: String,
    /// The store's size on disk, in bytes.
    pub store_bytes: u64,
    /// Up to when the feed was read; `None` before the first poll.
    #[serde(alias = "seen_until")]
    pub read_until: Option<DateTime<Utc>>,
    /// Until when EDGAR is not asked.
    #[serde(alias = "silent_until")]
    pub no_requests_until: Option<DateTime<Utc>>,
    /// EDGAR's last failure, while it lasts.
    pub trouble: Option<String>,
    /// Since when the feed has shown nothing new during EDGAR's hours.
    pub nothing_new: Option<Alarm>,
    /// True if filings that the feed no longer shows are being looked up in the daily indexes.
    pub catching_up: bool,
    /// Discovered filings that still have to be fetched.
    pub pending: usize,
    /// Filings that cannot be read and are retried once a day.
    pub quarantined: usize,
    /// The first quarantined filings, each with the reason.
    pub quarantine: Vec<String>,
    /// The receipts of EDGAR's daily indexes, newest first, each also in words.
    pub receipts: Vec<ReceiptLine>,
    /// How long the last day's alerts took.
    pub latency: LatencyStatus,
    /// Waiting deliveries. Alerts that share a message count separately, here and in the next two fields.
    pub queued: usize,
    /// Deliveries that were accepted.
    pub delivered: usize,
    /// Deliveries that were given up.
    pub dead: usize,
    /// Paused destinations, each with its start and the destination's answer.
    #[serde(default)]
    pub paused: Vec<String>,
    /// Recipients whose readers unsubscribed, and when.
    #[serde(default)]
    pub unsubscribed: Vec<String>,
    /// Other lasting problems that the operators were notified about, each with its start.
    #[serde(default)]
    pub troubles: Vec<String>,
    /// The mutes.
    #[serde(default)]
    pub mutes: Vec<MuteLine>,
    /// Names of the channels above, for people: `channel:777` is `#alerts on Traders`. For an inbox, its address with
    /// most of it hidden.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Corrupt records of the store.
    #[serde(default, alias = "aside")]
    pub corrupt_records: usize,
    /// Backfills in progress.
    pub backfills: Vec<String>,
    /// Facts that only a running bot knows.
    pub running: Option<Running>,
}

/// A receipt, also in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// In words.
    pub text: String,
    /// True if everything was seen in time and can be read.
    pub clean: bool,
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// A mute, and how many alerts it holds back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MuteLine {
    /// The mute.
    #[serde(flatten)]
    pub mute: Mute,
    /// How many alerts it holds back.
    pub muted: usize,
}

impl fmt::Display for MuteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mute { what, until, why, by, .. } = &self.mute;
        write!(f, "{} until {}", what.in_words(), eastern(*until))?;
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
    /// New filings fetched since the start.
    pub fetched: u64,
    /// How many of these were fetched without knowing if a rule needs them.
    pub undecided: u64,
    /// Filings not fetched since the start, because no rule concerns their issuers.
    pub not_fetched: u64,
    /// Requests to EDGAR since the start.
    pub requests: u64,
    /// Bytes of EDGAR's answers, uncompressed.
    pub bytes: u64,
    /// The state of Discord's gateway, through which slash commands arrive; `None` if no bot connects.
    #[serde(default)]
    pub gateway: Option<GatewayStatus>,
}

impl Status {
    /// The state recorded in the store.
    pub async fn of(store: &Store, settings: &Settings, now: DateTime<Utc>) -> Result<Self, StoreError> {
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
        // After a back-off is over, only its number of blocks is kept.
        let silence = store.silence().await?.filter(|silence| silence.in_a_row > 0);
        let frontier = store.frontier().await?;
        let quarantine = store.quarantined(MOST_NAMED).await?;
        let quarantine = quarantine.iter().map(|one| format!("{}: {}", one.filing.accession, one.reason));
        let Counts { queued, delivered, dead } = store.counts().await?;
        let since = eastern;
        let mut paused = store.all_paused().await?;
        paused.truncate(MOST_NAMED);
        let mut troubles = store.troubles().await?;
        troubles.retain(|one| !is_over(one));
        let muted = store.mutes().await?;
        let stopped = unsubscribed(store, settings).await?;
        let shown = paused.iter().map(|one| &one.destination).chain(stopped.iter().map(|(one, _)| one));
        let shown = shown.chain(troubles.iter().filter_map(|one| one.destination.as_ref()));
        let names =
            names(store, settings, shown.chain(muted.iter().filter_map(|mute| mute.what.destination())))
                .await?;
        let paused = paused
            .iter()
            .map(|one| format!("{} since {}: {}", one.destination, since(one.since), one.reason))
            .collect();
        let unsubscribed =
            stopped.iter().map(|(one, at)| format!("{one} unsubscribed {}", since(*at))).collect();
        let troubles =
            troubles.into_iter().map(|one| format!("{}, since {}", one.text, since(one.since))).collect();
        let mut mutes = Vec::new();
        for mute in muted {
            mutes.push(MuteLine { muted: store.muted_len(&mute.what).await?, mute });
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
            unsubscribed,
            troubles,
            mutes,
            names,
            corrupt_records: store.corrupt_len().await?,
            backfills: backfills(store).await?,
            running: None,
        })
    }
}

/// The backfills in progress, in words.
async fn backfills(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut backfills = Vec::new();
    for Backfill { issuer, name, since, queued, .. } in store.backfills().await? {
        let left = store.backfill_left(issuer).await?.left;
        backfills.push(format!("{name} since {since}: {left} of {queued} filings left"));
    }
    Ok(backfills)
}

/// The recipients of the settings whose readers unsubscribed, and when.
async fn unsubscribed(
    store: &Store,
    settings: &Settings,
) -> Result<Vec<(Destination, DateTime<Utc>)>, StoreError> {
    let all = store.unsubscribed(MOST_UNSUBSCRIBED).await?.into_iter();
    let known = all.filter_map(|(recipient, Unsubscribed { at, address })| {
        let recipient = settings.recipient(&Inbox::first(recipient))?;
        // An address that the settings no longer have is of no interest.
        let known = recipient.addresses.iter().find(|known| known.id().to_string() == address)?;
        Some((Destination::Email(known.inbox.clone()), at))
    });
    Ok(known.collect())
}

/// The names of channels and the hidden addresses of inboxes, by their destinations.
async fn names(
    store: &Store,
    settings: &Settings,
    destinations: impl Iterator<Item = &Destination>,
) -> Result<BTreeMap<String, String>, StoreError> {
    let mut names = BTreeMap::new();
    for destination in destinations {
        if let Destination::Channel(id) = destination
            && let Some(name) = store.place_name(*id).await?
        {
            names.insert(destination.to_string(), name.to_string());
        }
        if let Some(address) = settings.masked_address(destination) {
            names.insert(destination.to_string(), address);
        }
    }
    Ok(names)
}

/// The state of the bot.
pub async fn status(app: &App, now: DateTime<Utc>) -> Result<Status, StoreError> {
    // Read the store first: a problem is recorded after the facts that show it, so it never appears here
    // without them.
    let stored = Status::of(&app.store, &app.settings, now).await?;
    let fetches = match &*app.intake.scope.current().await? {
        InScope::All(reason) => format!("filings of all issuers: {reason}"),
        InScope::Some(issuers) => {
            format!("only filings of the {} issuers that rules name", issuers.ciks.len())
        }
    };
    let counted = app.metrics.counted();
    let asked = app.client.asked();
    let running = Running {
        rules: app.rules.of_files().len(),
        fetches,
        fetched: counted.fetched,
        undecided: counted.undecided,
        not_fetched: counted.not_fetched,
        requests: asked.requests,
        bytes: asked.bytes,
        gateway: app.gateway.status(),
    };
    // A back-off for a refused contact does not apply to a different contact.
    let no_requests_until = app.intake.backoff.silent_until(now).await?;
    let outage = app.client.outage().map(|outage| {
        let since = eastern(outage.since);
        format!("EDGAR has not answered since {since} and is probed: {}", outage.reason)
    });
    let trouble = stored.trouble.or(outage).or_else(|| app.client.last_failure());
    Ok(Status { running: Some(running), no_requests_until, trouble, ..stored })
}
