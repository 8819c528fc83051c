//! All keyspaces.

use super::alerts::ALERTS;
use super::backfill::{BACKFILL, BACKFILL_QUEUE};
use super::counts::COUNTERS;
use super::dead::{DEAD, GIVEN_UP};
use super::digests::{DIGESTED, DIGESTS, GATHERED};
use super::engine::Space;
use super::history::HISTORY;
use super::known::FILINGS;
use super::known_addresses::KNOWN_ADDRESSES;
use super::late_alerts::LATE;
use super::latency::LATENCY;
use super::ledger::{DAYS, RECEIPTS};
use super::mutes::{MUTED, MUTES};
use super::overflow_lines::{LIST_HOLDERS, LISTS};
use super::paused::PAUSED;
use super::pending::PENDING;
use super::place_names::NAMES;
use super::placing::{DELIVERIES, QUEUE};
use super::quarantine::{QUARANTINE, UNREADABLE};
use super::ratios::RATIOS;
use super::set_aside::SET_ASIDE;
use super::subscriptions::{SUBSCRIBERS, SUBSCRIPTION_COUNTS, SUBSCRIPTIONS};
use super::table::{CORRUPT, META};
use super::trades::{BY_OWNER, BY_VALUE, INSIDERS};
use super::unsubscribed::UNSUBSCRIBED;

/// Every keyspace of the store.
pub(super) const ALL: [Space; 38] = [
    FILINGS.space,
    PENDING.space,
    QUARANTINE.space,
    UNREADABLE.space,
    DAYS.space,
    RECEIPTS.space,
    BACKFILL.space,
    BACKFILL_QUEUE.space,
    HISTORY.space,
    RATIOS.space,
    BY_OWNER.space,
    INSIDERS.space,
    BY_VALUE.space,
    QUEUE.space,
    DELIVERIES.space,
    COUNTERS.space,
    LATENCY.space,
    PAUSED.space,
    DEAD.space,
    GIVEN_UP.space,
    LISTS.space,
    LIST_HOLDERS.space,
    LATE.space,
    MUTES.space,
    MUTED.space,
    ALERTS.space,
    GATHERED.space,
    DIGESTED.space,
    DIGESTS.space,
    UNSUBSCRIBED.space,
    KNOWN_ADDRESSES.space,
    SUBSCRIPTIONS.space,
    SUBSCRIBERS.space,
    SUBSCRIPTION_COUNTS.space,
    SET_ASIDE.space,
    NAMES.space,
    CORRUPT.space,
    META,
];
