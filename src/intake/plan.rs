//! The effects of a filing: rules → alerts → deliveries, decided without sending or writing anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::history::HistoryGate;
use crate::alert::Alert;
use crate::config::Settings;
use crate::decide::{self, Case, Decision};
use crate::delivery::{Body, Delivery};
use crate::destination::{Destination, Threads};
use crate::filing::{Accession, Filing};
use crate::mute::Mute;
use crate::notify::Notifier;
use crate::parts::Parts;
use crate::render::discord::thread_name;
use crate::rules::{ActiveRules, Mention, Rule, RuleSet};
use crate::store::{Ending, Gathered, Muted, Pending, Settled, Store, StoreError, Subscriber, Summed};

/// How often a filing is planned again because the rules changed meanwhile.
const MOST_REPEATS: usize = 5;

/// Decides what filings cause.
pub(super) struct Planner {
    settings: Arc<Settings>,
    rules: ActiveRules,
    store: Store,
    notifier: Arc<Notifier>,
    history: Arc<HistoryGate>,
}

impl Planner {
    pub(super) fn new(parts: &Parts, history: Arc<HistoryGate>) -> Self {
        Self {
            settings: Arc::clone(&parts.settings),
            rules: parts.rules.clone(),
            store: parts.store.clone(),
            notifier: Arc::clone(&parts.notifier),
            history,
        }
    }

    /// Everything that a filing causes, to be committed in one transaction.
    pub(super) async fn plan(
        &self,
        pending: &Pending,
        filing: &Filing,
        now: DateTime<Utc>,
    ) -> Result<Settled, StoreError> {
        let mut rules = self.rules.current();
        let mut planned = self.plan_by(&rules, pending, filing, now).await?;
        for _ in 0..MOST_REPEATS {
            let current = self.rules.current();
            if current.is(&rules) {
                break;
            }
            // A channel may have gone from one watch to another meanwhile: it must not miss both, nor get both.
            rules = current;
            planned = self.plan_by(&rules, pending, filing, now).await?;
        }
        Ok(planned)
    }

    async fn plan_by(
        &self,
        rules: &RuleSet,
        pending: &Pending,
        filing: &Filing,
        now: DateTime<Utc>,
    ) -> Result<Settled, StoreError> {
        let accepted_at = filing.accepted_at.unwrap_or(pending.filing.accepted_at);
        let audience = self.audience(pending.seen_at, accepted_at).await?;
        let asked = match audience {
            Audience::None => Vec::new(),
            Audience::All | Audience::Summary => rules.candidates(filing),
        };
        let since = decide::since(asked.iter().copied(), filing, accepted_at);
        let (known, whole_since) = self.store.history_for(filing, since).await?;
        let whole_since = match self.history.earlier_pending(&asked, filing, accepted_at).await? {
            Some(newest) => whole_since.map(|whole| whole.max(newest)),
            None => whole_since,
        };
        let case = Case { filing, accepted_at, seen_at: pending.seen_at, known: &known, whole_since };
        let mut decision = decide::decide_for(rules, asked, case);
        log(&decision, pending.filing.accession);
        if audience != Audience::All {
            return self.settle_past(pending, filing, rules, decision, case, now).await;
        }
        self.add_earlier_trades(filing, accepted_at, &mut decision).await?;
        let mut deliveries = Vec::new();
        let (mut additions, mut doubtful) = (Vec::new(), BTreeMap::new());
        let doubt = self.store.doubt().await?.filter(|doubt| accepted_at <= doubt.until);
        let (mut gathered, mut muted) = (Vec::new(), Vec::new());
        let mutes = if decision.alerts.is_empty() { Vec::new() } else { self.store.mutes().await? };
        let ending = if decision.alerts.is_empty() { Ending::Quiet } else { Ending::Alerted };
        for (rule, alert) in decision.alerts {
            tracing::info!(rule = rule.name, accession = %alert.accession, "{}", alert.text);
            let mutes = concerning(&mutes, &alert, now);
            for Addressee { destination, mention, threads } in
                addressees(&self.settings, &self.store, rule).await?
            {
                let alert = with_mention(&alert, mention);
                let mute = covering(&mutes, &destination);
                let takes_digests = self.settings.digest_of(&destination).is_some();
                let adds = destination.capabilities().additions && !takes_digests;
                if mute.is_none() && adds && alert.is_reported_before() {
                    let body = Body::Addition(Box::new(alert.clone()));
                    additions.push(Delivery::new(destination.clone(), body, now));
                }
                let thread = threads.map(|threads| thread_name(&alert, threads));
                let body = Body::Alert(Box::new(alert.clone()));
                let delivery = Delivery { thread, ..Delivery::new(destination, body, now) };
                match (mute, &delivery.destination) {
                    // Reported in a digest, or will be when a mute ends.
                    (Some(_), Destination::Email(name))
                        if takes_digests && self.store.digest_standing(name, &alert.key).await?.is_some() => {
                    }
                    (None, Destination::Email(_))
                        if takes_digests && self.store.delivery_standing(&delivery.key).await?.is_some() => {}
                    (Some(mute), _) => {
                        muted.push(Muted::new(mute, &delivery.destination, &delivery.key, &alert))
                    }
                    (None, Destination::Email(name)) if takes_digests => {
                        gathered.push(Gathered { recipient: name.clone(), alert: alert.clone() });
                    }
                    (None, destination) => {
                        if let Some(doubt) = doubt.filter(|_| self.notifier.reads_back(destination)) {
                            doubtful.insert(delivery.key.clone(), doubt.sends_since(accepted_at));
                        }
                        deliveries.push(delivery);
                    }
                }
            }
        }
        let history = Some((filing.issuer.cik, decision.history));
        let settled = Settled::new(pending.filing.accession, ending, now);
        Ok(Settled { history, deliveries, additions, doubtful, gathered, muted, ..settled })
    }

    /// Adds the earlier trades of their owners to alerts.
    async fn add_earlier_trades(
        &self,
        filing: &Filing,
        accepted_at: DateTime<Utc>,
        decision: &mut Decision<'_>,
    ) -> Result<(), StoreError> {
        let Some(since) = decide::trades_since(&decision.alerts) else { return Ok(()) };
        let issuer = filing.issuer.cik;
        let (past, whole_since) = self.store.history(issuer, since).await?;
        // An earlier filing that waits to be fetched may be another sale.
        let pending = self.store.pending_before(issuer, accepted_at, filing.accession).await?;
        let whole_since = whole_since.map(|whole| pending.map_or(whole, |newest| whole.max(newest)));
        decide::add_earlier_trades(&mut decision.alerts, &past, whole_since);
        Ok(())
    }

    /// Settles a filing that is too old for single alerts: it goes into history, and its alerts are late
    /// alerts.
    async fn settle_past(
        &self,
        pending: &Pending,
        filing: &Filing,
        rules: &RuleSet,
        decision: Decision<'_>,
        case: Case<'_>,
        now: DateTime<Utc>,
    ) -> Result<Settled, StoreError> {
        let (mut summed, mut muted) = (Vec::new(), Vec::new());
        let mutes = if decision.alerts.is_empty() { Vec::new() } else { self.store.mutes().await? };
        for (rule, alert) in &decision.alerts {
            let mutes = concerning(&mutes, alert, now);
            let all = addressees(&self.settings, &self.store, rule).await?.into_iter();
            let all = all.map(|addressee| addressee.destination);
            for destination in all.filter(|destination| destination.capabilities().notices) {
                if let Some(mute) = covering(&mutes, &destination) {
                    let key = Delivery::key_of(&alert.key, &destination);
                    muted.push(Muted::new(mute, &destination, &key, alert));
                    continue;
                }
                summed.push(Summed {
                    destination,
                    accession: alert.accession,
                    rule: rule.name.clone(),
                    accepted_at: case.accepted_at,
                    text: alert.text.clone(),
                });
            }
        }
        // Nobody was alerted, so there is nothing to retract and no cooldown runs.
        let mut history = decide::decide_for(rules, Vec::new(), case).history;
        if let Some(own) = history.first_mut() {
            own.alerts.clear();
        }
        let history = Some((filing.issuer.cik, history));
        let settled = Settled::new(pending.filing.accession, Ending::Past, now);
        Ok(Settled { history, summed, muted, ..settled })
    }

    /// Who gets alerts about a filing accepted at this time.
    async fn audience(
        &self,
        seen_at: DateTime<Utc>,
        accepted_at: DateTime<Utc>,
    ) -> Result<Audience, StoreError> {
        let frontier = self.store.frontier().await?;
        if frontier.is_some_and(|frontier| accepted_at < frontier.floor) {
            return Ok(Audience::None);
        }
        let asked_for = frontier.and_then(|frontier| frontier.asked_since);
        let within = TimeDelta::from_std(self.settings.schedule.late_after).unwrap_or(TimeDelta::MAX);
        let rings = seen_at - accepted_at <= within || asked_for.is_some_and(|since| accepted_at >= since);
        Ok(if rings { Audience::All } else { Audience::Summary })
    }
}

/// Logs why rules are silent, and which templates failed.
fn log(decision: &Decision<'_>, accession: Accession) {
    for (rule, silence) in &decision.silent {
        tracing::trace!(%accession, rule = rule.name, ?silence, "silent");
    }
    for (rule, failure) in &decision.failures {
        tracing::warn!(%accession, rule = rule.name, "its template fails: {failure}");
    }
}

/// The mutes that hold an alert back from some destination.
fn concerning<'m>(mutes: &'m [Mute], alert: &Alert, now: DateTime<Utc>) -> Vec<&'m Mute> {
    mutes.iter().filter(|mute| mute.holds(now) && mute.what.concerns(alert)).collect()
}

/// Of these mutes, the one that holds an alert back from a destination for the longest.
fn covering<'m>(mutes: &[&'m Mute], destination: &Destination) -> Option<&'m Mute> {
    mutes.iter().copied().filter(|mute| mute.what.reaches(destination)).max_by_key(|mute| mute.until)
}

/// Who gets alerts about a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Everyone, at once.
    All,
    /// Everyone, in one message, because it is too old for single alerts.
    Summary,
    /// Nobody, because it is from before the first start.
    None,
}

/// Where a rule's alerts go, and whom they mention there in addition to the rule's own mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Where.
    pub destination: Destination,
    /// Whom the subscription mentions.
    pub mention: Option<Mention>,
    /// How its alerts are spread over threads.
    pub threads: Option<Threads>,
}

/// The addressees of a rule's alerts: the destinations that the rule names and subscribed channels, each
/// channel once. A channel of a server that the settings do not name is left out; a channel whose server is
/// unknown is not.
pub async fn addressees(
    settings: &Settings,
    store: &Store,
    rule: &Rule,
) -> Result<Vec<Addressee>, StoreError> {
    let named = rule.notify.iter().cloned().map(|destination| {
        let threads = settings.discord.threads_of(&destination);
        Addressee { destination, mention: None, threads }
    });
    let mut addressees: Vec<Addressee> = named.collect();
    let mut known: BTreeSet<Destination> = rule.notify.iter().cloned().collect();
    let allowed =
        |subscriber: &Subscriber| subscriber.server.is_none_or(|server| settings.discord.allows(server));
    for subscriber in store.subscribed(&rule.name).await?.into_iter().filter(allowed) {
        let Subscriber { channel, mention, threads, .. } = subscriber;
        let destination = settings.discord.destination_of(channel);
        let threads = threads.or_else(|| settings.discord.threads_of(&destination));
        if known.insert(destination.clone()) {
            addressees.push(Addressee { destination, mention, threads });
        } else if let Some(own) = addressees.iter_mut().find(|own| own.destination == destination) {
            (own.mention, own.threads) = (own.mention.or(mention), threads.or(own.threads));
        }
    }
    Ok(addressees)
}

/// An alert as it is for a subscription with a mention.
fn with_mention(alert: &Alert, mention: Option<Mention>) -> Alert {
    let mut alert = alert.clone();
    alert.mention.extend(mention.filter(|mention| !alert.mention.contains(mention)));
    alert
}
