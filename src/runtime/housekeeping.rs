//! Work that is due once at start-up, and work that is due from time to time.

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::App;
use crate::filing::edgar_day;
use crate::intake::MOST_DAYS;
use crate::rules::WATCHES;
use crate::store::StoreError;

/// Runs once at start-up, before anything is sent.
pub async fn on_start(app: &App, now: DateTime<Utc>) -> Result<(), StoreError> {
    let known = app.store.known_addresses().await?;
    app.store.know_addresses(&app.settings.addresses_to_know(&known)).await?;
    take_watches(app).await?;
    app.outbox.given_up.report(now).await?;
    app.outbox.pauses.forget_idle().await?;
    app.outbox.overflow.forget_sent_lists().await?;
    let serves = |destination: &_| app.notifier.serves(destination);
    app.troubles.forget_idle(serves, app.notifier.bot().is_some(), now).await?;
    app.outbox.recovery.mark_uncertain().await?;
    app.outbox.digests.warn_of_orphans().await?;
    app.operators.report_loss(now).await?;
    log_short_history(app, now).await
}

/// Ends mutes that are over, reports what was held back or given up, retries quarantined filings and deletes
/// what is no longer needed. Returns when to look again, if that is known.
pub async fn housekeeping_once(app: &App, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    let next = [app.outbox.mutes.end_due(now).await?, app.troubles.report_lasting(now).await?];
    app.outbox.given_up.report(now).await?;
    app.outbox.overflow.forget_sent_lists().await?;
    app.operators.report_unreadable_records(now).await?;
    app.intake.quarantine.retry_due(now).await?;
    let today = edgar_day(now);
    app.store.prune_receipts(today.checked_sub_days(Days::new(MOST_DAYS)).unwrap_or(today)).await?;
    app.store.prune_latencies(now).await?;
    app.store.prune(now).await?;
    app.store.prune_set_aside(now).await?;
    if !app.store.index_history().await? {
        return Ok(Some(now));
    }
    Ok(next.into_iter().flatten().min())
}

/// Puts the watches of the store in force, besides those that are.
///
/// # Errors
/// Failures of the store.
pub async fn take_watches(app: &App) -> Result<(), StoreError> {
    let names = app.store.subscribed_rules(WATCHES).await?;
    app.rules.watch(names.iter().filter_map(|name| name.parse().ok()));
    Ok(())
}

/// Logs which rules look further back than history reaches.
async fn log_short_history(app: &App, now: DateTime<Utc>) -> Result<(), StoreError> {
    let since = app.store.frontier().await?.map_or(now, |frontier| frontier.whole_since());
    for rule in app.rules.current().iter().filter(|rule| rule.enabled) {
        let reach = TimeDelta::days(i64::from(rule.conditions.reach_days()));
        if now - since < reach {
            tracing::info!(
                rule = rule.name,
                "history begins {}; the rule looks back {} days, and does not match where that decides",
                edgar_day(since),
                reach.num_days()
            );
        }
    }
    Ok(())
}
