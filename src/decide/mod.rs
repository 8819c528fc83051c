//! The effects of a filing, decided from the filing, the rules and history alone: the bot, `explain` and
//! `backtest` all use this.

mod rule_test;

pub use rule_test::rule_test;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::{Alert, Key};
use crate::filing::{
    Accession, Filing, Link, PastAlert, PastFiling, Relation, Warning, edgar_day, far_prices, is_mistyped,
};
use crate::rules::{self, ConditionKey, History, Match, Rule, RuleSet, Subject};

/// Owners of one chain report a block within a few days of each other; an amendment without a date follows
/// soon.
const RECENT: TimeDelta = TimeDelta::days(30);

/// A filing, and what came before it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The filing.
    pub filing: &'a Filing,
    /// When EDGAR accepted it, according to its header or the feed.
    pub accepted_at: DateTime<Utc>,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// The history of its issuer, from [`since`] on.
    pub known: &'a [PastFiling],
    /// History is complete from here on; `None` without history.
    pub whole_since: Option<DateTime<Utc>>,
}

/// Why a rule sends no alert for a filing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAlert {
    /// A condition is false or unknown.
    Condition(ConditionKey),
    /// Its cooldown is running: it matched this filing of the issuer shortly before.
    Cooldown(Accession),
    /// The filing has no accession, so that nothing can be sent about it exactly once.
    NoAccession,
}

/// The effects of a filing.
#[derive(Debug)]
pub struct Decision<'r> {
    /// The alerts, in the order of the rules, including those that withdraw an earlier one.
    pub alerts: Vec<(&'r Rule, Alert)>,
    /// The rules that were evaluated and send nothing.
    pub silent: Vec<(&'r Rule, NoAlert)>,
    /// The rules whose template fails for this filing, and why; their alerts have only the usual words.
    pub failures: Vec<(&'r Rule, String)>,
    /// New records of history: first the one of this filing, then those about earlier ones.
    pub history: Vec<PastFiling>,
}

/// How far back history is needed for a filing, from its own date and from what rules need.
pub fn since<'r>(
    rules: impl IntoIterator<Item = &'r Rule>,
    filing: &Filing,
    accepted_at: DateTime<Utc>,
) -> DateTime<Utc> {
    let reported = Some(edgar_day(accepted_at));
    let original = filing.date_of_original_submission.filter(|day| !is_mistyped(*day, reported, None));
    let original = original.and_then(|day| day.and_hms_opt(0, 0, 0));
    let mut since = accepted_at.checked_sub_signed(RECENT).unwrap_or_default();
    since = original.map_or(since, |day| day.and_utc().min(since));
    // History is about trades, which may be older than the filing that reports them.
    let traded = filing.lots.iter().filter_map(|lot| lot.date.value);
    let traded = traded.filter(|date| !is_mistyped(*date, reported, filing.period)).min();
    let traded = traded.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|day| day.and_utc());
    for rule in rules {
        let reach = rule.conditions.reach_days();
        if reach > 0 {
            let from = traded.map_or(accepted_at, |traded| traded.min(accepted_at));
            let earlier = from.checked_sub_signed(TimeDelta::days(i64::from(reach) + 1)).unwrap_or_default();
            since = since.min(earlier);
        }
        since = rule.cooldown.map_or(since, |cooldown| since.min(cooldown.before_moment(accepted_at)));
    }
    since
}

/// How often history is read further back for an amendment, at most.
const MOST_STEPS: usize = 5;

/// How far back history is read for a filing. For an amendment, that is as far as earlier versions say that
/// theirs began.
pub struct HistoryReach<'a> {
    filing: &'a Filing,
    since: DateTime<Utc>,
    steps: usize,
}

impl<'a> HistoryReach<'a> {
    /// Starts at `since`.
    pub fn new(filing: &'a Filing, since: DateTime<Utc>) -> Self {
        Self { filing, since, steps: 0 }
    }

    /// From when on history must be read.
    pub fn since(&self) -> DateTime<Utc> {
        self.since
    }

    /// True if, given the history read so far, it must be read again from an earlier [`Self::since`].
    pub fn goes_further(&mut self, history: &[PastFiling]) -> bool {
        let own = PastFiling::of(self.filing, DateTime::default());
        let earlier = own.and_then(|own| own.versions_since(history)).filter(|earlier| *earlier < self.since);
        match earlier {
            Some(earlier) if self.steps < MOST_STEPS => {
                (self.since, self.steps) = (earlier, self.steps + 1);
                true
            }
            _ => false,
        }
    }
}

/// Reads history for a filing, as far back as [`HistoryReach`] goes from `since`.
///
/// # Errors
/// The errors of `read`.
pub fn read_history<T, E>(
    filing: &Filing,
    since: DateTime<Utc>,
    mut read: impl FnMut(DateTime<Utc>) -> Result<(Vec<PastFiling>, T), E>,
) -> Result<(Vec<PastFiling>, T), E> {
    let mut reach = HistoryReach::new(filing, since);
    loop {
        let history = read(reach.since())?;
        if !reach.goes_further(&history.0) {
            return Ok(history);
        }
    }
}

/// Evaluates the rules that a filing can meet.
pub fn decide<'r>(rules: &'r RuleSet, case: Case<'_>) -> Decision<'r> {
    decide_for(rules, rules.candidates(case.filing), case)
}

/// Adds the earlier trades of their owners to alerts. `past` is the history of the issuer from [`trades_since`]
/// on, which is complete from `whole_since` on.
pub fn add_earlier_trades(
    alerts: &mut [(&Rule, Alert)],
    past: &[PastFiling],
    whole_since: Option<DateTime<Utc>>,
) {
    for (_, alert) in alerts {
        alert.take_history(past, whole_since);
    }
}

/// The time from which [`add_earlier_trades`] needs history; `None` if the alerts have no use for it.
pub fn trades_since(alerts: &[(&Rule, Alert)]) -> Option<DateTime<Utc>> {
    alerts.iter().filter_map(|(_, alert)| alert.history_since()).min()
}

/// The records that history keeps of a filing that causes no alert and withdraws none.
pub fn keep(case: Case<'_>) -> Vec<PastFiling> {
    RelatedFiling::new(case).kept(BTreeMap::new(), &[])
}

/// An alert's warning that the rule's own words could not be made.
fn without_own_words(what: &str) -> Warning {
    let message = format!("the rule's own words could not be made: {what}");
    Warning { code: "template".to_owned(), message, at: "rule".to_owned() }
}

/// Evaluates some rules for a filing.
pub fn decide_for<'r>(rules: &'r RuleSet, asked: Vec<&'r Rule>, case: Case<'_>) -> Decision<'r> {
    let related = RelatedFiling::new(case);
    let subject = related.subject(case);
    let mut decision =
        Decision { alerts: Vec::new(), silent: Vec::new(), failures: Vec::new(), history: Vec::new() };
    let mut alerts = BTreeMap::new();
    let far = if asked.is_empty() { Vec::new() } else { far_prices(case.filing, case.known) };
    for &rule in &asked {
        let outcome = rules::evaluate(rule, &subject)
            .map_err(|silent| NoAlert::Condition(silent.0))
            .and_then(|matched| related.alert(rule, matched, case));
        match outcome {
            Ok((mut alert, lots)) => {
                match rule.template.as_ref().map(|template| template.render(&subject, &lots)) {
                    Some(Ok(message)) => alert.message = Some(message).filter(|message| !message.is_empty()),
                    Some(Err(error)) => {
                        alert.warnings.insert(0, without_own_words(&error.what));
                        decision.failures.push((rule, error.what));
                    }
                    None => {}
                }
                let (key, asked) = (alert.key.to_string(), Some(asked_for(rule)));
                alerts.insert(rule.name.clone(), PastAlert { key, asked, lots, withdrawn: false });
                alert.warnings.extend(far.iter().cloned());
                decision.alerts.push((rule, alert));
            }
            Err(why) => {
                let withdrawn = related.withdrawn(rule, &subject, case);
                decision.alerts.extend(withdrawn.map(|alert| (rule, alert)));
                decision.silent.push((rule, why));
            }
        }
    }
    // An amendment may lack everything that an index looks for.
    let rest = related.relation.alerted.keys().filter(|name| !asked.iter().any(|rule| rule.name == **name));
    for rule in rest.filter_map(|name| rules.get(name)).filter(|rule| rule.enabled) {
        let withdrawn = related.withdrawn(rule, &subject, case);
        decision.alerts.extend(withdrawn.map(|alert| (rule, alert)));
    }
    let taken_back: Vec<(&str, String)> = decision
        .alerts
        .iter()
        .filter(|(_, alert)| alert.withdrawn)
        .map(|(rule, alert)| (rule.name.as_str(), alert.key.to_string()))
        .collect();
    decision.history = related.kept(alerts, &taken_back);
    decision
}

/// A hash of a rule's conditions. Unset conditions are left out, so a condition added by a later version
/// changes nothing.
fn asked_for(rule: &Rule) -> String {
    let text = format!("{:#?}", rule.conditions);
    let is_unset = |line: &&str| [": None,", ": [],", ": {},"].iter().any(|unset| line.ends_with(unset));
    let set: Vec<&str> = text.lines().filter(|line| !is_unset(line)).collect();
    Key::of(&[&set.join("\n")]).to_string()
}

/// True if a rule has the conditions that were stored with an alert. Earlier versions stored all conditions,
/// including unset ones.
fn asks_for(rule: &Rule, stored: &str) -> bool {
    stored == asked_for(rule) || stored == Key::of(&[&format!("{:?}", rule.conditions)]).as_str()
}

/// Explains every condition of a rule for a filing, with the same evaluator that decides.
pub fn explain(rule: &Rule, case: Case<'_>) -> rules::Explanation {
    let related = RelatedFiling::new(case);
    rules::explain(rule, &related.subject(case))
}

/// A filing and how it relates to its history.
struct RelatedFiling {
    own: Option<PastFiling>,
    relation: Relation,
    /// History as the filing leaves it: rows that it replaces no longer count.
    filings: Vec<PastFiling>,
    /// Own lots that count in another filing.
    counted_in: BTreeMap<usize, Accession>,
}

impl RelatedFiling {
    fn new(case: Case<'_>) -> Self {
        let Some(mut own) = PastFiling::of(case.filing, case.accepted_at) else {
            let filings = case.known.to_vec();
            let relation = Relation::default();
            return Self { own: None, relation, filings, counted_in: BTreeMap::new() };
        };
        let relation = own.relate(case.known);
        if let Link::To(original) = relation.link {
            own.amends = Some(original);
        }
        for other in &relation.also_reported {
            own.count_in(other.accession, other.lots.iter().copied());
        }
        for (lot, version) in &relation.replaced {
            own.replace_in(*version, [*lot]);
        }
        let revised: BTreeMap<Accession, &PastFiling> =
            relation.revised.iter().map(|past| (past.accession, past)).collect();
        let filings = case.known.iter().map(|past| revised.get(&past.accession).map_or(past, |past| *past));
        let filings = filings.cloned().collect();
        let counted_in = own.counted_in.clone();
        Self { own: Some(own), relation, filings, counted_in }
    }

    fn subject<'a>(&'a self, case: Case<'a>) -> Subject<'a> {
        let history =
            History { filings: &self.filings, since: case.whole_since, counted_in: Some(&self.counted_in) };
        Subject::new(case.filing, history)
    }

    fn alert(&self, rule: &Rule, matched: Match, case: Case<'_>) -> Result<(Alert, Vec<usize>), NoAlert> {
        let alert = Alert::new(rule, case.filing, &matched, case.seen_at);
        let mut alert = alert.ok_or(NoAlert::NoAccession)?;
        alert.relate(rule, &self.relation);
        if !alert.is_reported_before()
            && let Some(accession) = self.cooling(rule, case)
        {
            return Err(NoAlert::Cooldown(accession));
        }
        Ok((alert, matched.lots))
    }

    /// The alert that withdraws what was reported for the version that an amendment follows. It exists only
    /// if the lots, as they now are, certainly do not meet the conditions that the rule had then. Being an
    /// amendment, and earlier events, do not withdraw anything by themselves.
    fn withdrawn(&self, rule: &Rule, subject: &Subject<'_>, case: Case<'_>) -> Option<Alert> {
        let past = &self.relation.alerted.get(&rule.name)?.alert;
        let edited = past.asked.as_ref().is_some_and(|asked| !asks_for(rule, asked));
        let own_key = |version| Alert::own_key(&rule.name, case.filing.issuer.cik, version).to_string();
        // A version that reported nothing new has the key of the version before it; another report of the
        // trade has the key of another filing.
        let anothers = !self.relation.versions.iter().any(|version| own_key(*version) == past.key);
        if edited || anothers || rules::lots_may_meet(rule, subject) {
            return None;
        }
        Alert::withdrawn(rule, case.filing, &self.relation, case.seen_at)
    }

    /// The filing whose alert started the cooldown that is running. An amendment of a reported filing is
    /// still reported.
    fn cooling(&self, rule: &Rule, case: Case<'_>) -> Option<Accession> {
        let cooldown = rule.cooldown.filter(|_| !self.relation.alerted.contains_key(&rule.name))?;
        let until = cooldown.before_moment(case.accepted_at);
        let own = case.filing.accession;
        // Another report of a trade is not an alert of its own.
        let alerted_itself = |past: &PastFiling| {
            let own_key = Alert::own_key(&rule.name, case.filing.issuer.cik, past.accession).to_string();
            past.alerts.get(&rule.name).is_some_and(|alert| alert.key == own_key)
        };
        // Filings may arrive out of order: the distance counts.
        let alerted = self.filings.iter().filter(|past| {
            Some(past.accession) != own
                && past.accepted_at > until
                && cooldown.before_moment(past.accepted_at) < case.accepted_at
                && alerted_itself(past)
        });
        alerted.map(|past| (past.accepted_at, past.accession)).max().map(|(_, accession)| accession)
    }

    /// New records of history.
    fn kept(self, alerts: BTreeMap<String, PastAlert>, taken_back: &[(&str, String)]) -> Vec<PastFiling> {
        let Some(mut own) = self.own else { return Vec::new() };
        own.alerts = alerts;
        let mut revised: BTreeMap<Accession, PastFiling> =
            self.relation.revised.iter().map(|past| (past.accession, past.clone())).collect();
        for (rule, key) in taken_back {
            let Some(alerted) = self.relation.alerted.get(*rule) else { continue };
            for past in self.filings.iter().filter(|past| alerted.over.contains(&past.accession)) {
                revised.entry(past.accession).or_insert_with(|| past.clone()).alerts.remove(*rule);
            }
            let mark = PastAlert { key: key.clone(), asked: None, lots: Vec::new(), withdrawn: true };
            own.alerts.insert((*rule).to_owned(), mark);
        }
        [own].into_iter().chain(revised.into_values()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Source;

    #[test]
    fn a_rule_asks_for_what_it_did_also_as_versions_before_wrote_it() {
        let rule = |conditions: &str| {
            let text = format!("[[rule]]\nname = \"a\"\n{conditions}\n");
            rules::load_slice([Source { file: "a", text: &text }], &|_| true, &[]).unwrap().remove(0)
        };
        let (five, six) = (rule("min_value = 5"), rule("min_value = 6"));
        let whole = Key::of(&[&format!("{:?}", five.conditions)]).to_string();
        for stored in [asked_for(&five), whole.clone()] {
            assert!(asks_for(&five, &stored) && !asks_for(&six, &stored), "{stored}");
        }
        assert_ne!(asked_for(&five), whole, "what it does not ask for is no part of it");
        assert_ne!(asked_for(&rule("codes = [\"S\"]")), asked_for(&rule("codes = [\"P\"]")));
        assert_ne!(
            asked_for(&rule("any = [{ codes = [\"S\"] }]")),
            asked_for(&rule("not = { codes = [\"S\"] }"))
        );
    }
}
