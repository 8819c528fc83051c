//! The effects of a filing: rules → alerts → deliveries, decided without sending or writing anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::addressees::{Addressee, addressees};
use super::history::HistoryGate;
use crate::alert::{Alert, Key};
use crate::config::Settings;
use crate::decide::{self, Case, Decision};
use crate::delivery::{Body, Delivery, InFlight};
use crate::destination::Destination;
use crate::filing::{Accession, Filing};
use crate::mute::Mute;
use crate::notify::Notifier;
use crate::parts::Parts;
use crate::render::discord::thread_name;
use crate::rules::{ActiveRules, Mention, RuleSet, is_watch};
use crate::store::{Ending, Gathered, Muted, Pending, Settled, Store, StoreError, Summed};

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
        let doubt = self.store.doubt().await?.filter(|doubt| accepted_at <= doubt.until);
        let doubt = doubt.map(|doubt| doubt.sends_since(accepted_at));
        let mut planned = Planned { doubt, ..Planned::default() };
        let mutes = if decision.alerts.is_empty() { Vec::new() } else { self.store.mutes().await? };
        let ending = if decision.alerts.is_empty() { Ending::Quiet } else { Ending::Alerted };
        for (rule, alert) in &decision.alerts {
            tracing::info!(rule = rule.name, accession = %alert.accession, "{}", alert.text);
            let mutes = concerning(&mutes, alert, now);
            for addressee in addressees(&self.settings, &self.store, rule).await? {
                let mute = covering(&mutes, &addressee.destination);
                self.plan_one(&mut planned, alert, addressee, mute, now).await?;
            }
        }
        let Planned { deliveries, additions, doubtful, gathered, muted, .. } = planned;
        let history = Some((filing.issuer.cik, decision.history));
        // Watches belong to those who made them.
        let of_files = decision.alerts.into_iter().filter(|(rule, _)| !is_watch(&rule.name));
        let alerts = of_files.map(|(_, alert)| alert).collect();
        let settled = Settled::new(pending.filing.accession, ending, now);
        Ok(Settled { history, alerts, deliveries, additions, doubtful, gathered, muted, ..settled })
    }

    /// Plans an alert for one addressee: it is sent, waits for a digest, or both, or a mute holds it back.
    async fn plan_one(
        &self,
        planned: &mut Planned,
        alert: &Alert,
        Addressee { destination, mention, threads }: Addressee,
        mute: Option<&Mute>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let alert = with_mention(alert, mention);
        let digest = self.settings.digest_mode(&destination);
        let at_once = digest.is_none_or(|digest| digest.at_once.include(&alert.rule));
        if mute.is_none() && at_once && destination.capabilities().additions && alert.is_reported_before() {
            let body = Body::Addition(Box::new(alert.clone()));
            planned.additions.push(Delivery::new(destination.clone(), body, now));
        }
        let thread = threads.map(|threads| thread_name(&alert, threads));
        let body = Body::Alert(Box::new(alert.clone()));
        let delivery = Delivery { thread, ..Delivery::new(destination, body, now) };
        let inbox = match &delivery.destination {
            Destination::Email(inbox) if digest.is_some() => Some(inbox.clone()),
            _ => None,
        };
        let in_digest = match &inbox {
            Some(inbox) => self.store.digest_standing(inbox, &alert.key).await?.is_some(),
            None => false,
        };
        if let Some(mute) = mute {
            // It was reported in a digest or is in the next one; otherwise it is reported when the mute ends.
            if !in_digest {
                planned.muted.push(Muted::new(mute, &delivery.destination, &delivery.key, &alert));
            }
            return Ok(());
        }
        // It was sent by itself before the recipient got digests.
        let was_sent = inbox.is_some()
            && !at_once
            && !in_digest
            && self.store.delivery_standing(&delivery.key).await?.is_some();
        planned.gathered.extend(inbox.filter(|_| !was_sent).map(|inbox| Gathered { inbox, alert }));
        if at_once {
            if let Some(sends) =
                planned.doubt.as_ref().filter(|_| self.notifier.reads_back(&delivery.destination))
            {
                planned.doubtful.insert(delivery.key.clone(), sends.clone());
            }
            planned.deliveries.push(delivery);
        }
        Ok(())
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

/// Everything that a filing's alerts cause so far.
#[derive(Default)]
struct Planned {
    deliveries: Vec<Delivery>,
    additions: Vec<Delivery>,
    doubtful: BTreeMap<Key, InFlight>,
    gathered: Vec<Gathered>,
    muted: Vec<Muted>,
    /// The sends that deliveries may have had without a record in the store.
    doubt: Option<InFlight>,
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

/// An alert as it is for a subscription with a mention.
fn with_mention(alert: &Alert, mention: Option<Mention>) -> Alert {
    let mut alert = alert.clone();
    alert.mention.extend(mention.filter(|mention| !alert.mention.contains(mention)));
    alert
}
