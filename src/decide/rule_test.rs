//! A rule's own tests: `[[rule.test]]`.

use chrono::DateTime;

use super::{Case, NoAlert, decide_for, explain};
use crate::alert::Alert;
use crate::filing::{AdsRatio, Filing, PastFiling};
use crate::rules::{Explanation, Rule, RuleSet, RuleTest, Truth};

/// Runs a rule's test: `filing` after the filings `before`, in this order, with nothing else in history.
///
/// # Errors
/// The actual result, if it is not the expected one.
pub fn rule_test(rule: &Rule, test: &RuleTest, before: &[Filing], filing: &Filing) -> Result<(), String> {
    let Some(tried) = tried(rule, before, filing) else { return Ok(()) };
    match (&tried.alert, test.alerts) {
        (None, true) => Err(format!("there is no alert because of {}", tried.deciding())),
        (Some(alert), false) => Err(format!("there is an alert: {}", alert.text)),
        (Some(alert), true) => {
            if let Some(value) = test.value.filter(|value| alert.value_usd != Some(*value)) {
                let found = alert.value_usd.map_or("unknown".to_owned(), |found| found.exact());
                return Err(format!("the value is {found}, not {}", value.exact()));
            }
            if let Some(shares) = test.shares.filter(|shares| alert.shares != Some(*shares)) {
                let found = alert.shares.map_or("unknown".to_owned(), |found| found.to_string());
                return Err(format!("the alert has {found} shares, not {shares}"));
            }
            Ok(())
        }
        (None, false) => {
            let Some(because) = &test.because else { return Ok(()) };
            let cooling = matches!(tried.no_alert, Some(NoAlert::Cooldown(_))) && because == "cooldown";
            let fails = |name: &str| name == because || name.split(['[', '.']).next() == Some(because);
            let blamed = tried.explained.findings.iter().any(|finding| {
                !finding.group
                    && finding.holds != Truth::Yes
                    && finding.depth() == 0
                    && fails(&finding.condition)
            });
            if cooling || blamed {
                Ok(())
            } else {
                Err(format!("there is no alert because of {}, not because of {because}", tried.deciding()))
            }
        }
    }
}

/// A rule's result for a filing.
struct Tried {
    /// The alert that it sends.
    alert: Option<Alert>,
    /// Why it sends none.
    no_alert: Option<NoAlert>,
    /// Its conditions, one by one.
    explained: Explanation,
}

impl Tried {
    /// The condition that prevents the alert, in words.
    fn deciding(&self) -> String {
        match (&self.no_alert, self.explained.deciding()) {
            (Some(NoAlert::NoAccession), _) => {
                "the file has no accession number: use a submission text".to_owned()
            }
            (Some(NoAlert::Cooldown(accession)), _) => format!("the cooldown: it matched {accession}"),
            (_, Some(finding)) => {
                format!("{}: asked for {}, found {}", finding.condition, finding.wanted, finding.found)
            }
            (_, None) => "an earlier filing that reported the trade".to_owned(),
        }
    }
}

/// Tries a rule on a filing, after the filings before it.
fn tried(rule: &Rule, before: &[Filing], filing: &Filing) -> Option<Tried> {
    let rules = RuleSet::new(vec![Rule { enabled: true, ..rule.clone() }]);
    let mut known: Vec<PastFiling> = Vec::new();
    let mut last = None;
    let of_issuer = before.iter().filter(|earlier| earlier.issuer.cik == filing.issuer.cik);
    for filing in of_issuer.chain([filing]) {
        let accepted_at = filing.accepted_at.unwrap_or_default();
        let mut filing = filing.clone();
        let stated = known.iter().rev().find_map(|past| past.ads_ratio.as_ref());
        if let Some(ratio) = stated.filter(|_| filing.may_learn()) {
            filing.learn(&AdsRatio::from(ratio));
        }
        let filing = &filing;
        // What these filings do not report did not happen.
        let whole_since = Some(DateTime::UNIX_EPOCH);
        let case = Case { filing, accepted_at, seen_at: accepted_at, known: &known, whole_since };
        let asked = rules.iter().collect();
        let decision = decide_for(&rules, asked, case);
        let alert = decision
            .alerts
            .into_iter()
            .find(|(_, alert)| !alert.withdrawn && !alert.is_reported_before())
            .map(|(_, alert)| alert);
        let no_alert = decision.silent.into_iter().next().map(|(_, why)| why);
        last = rules.iter().next().map(|rule| Tried { alert, no_alert, explained: explain(rule, case) });
        for kept in decision.history {
            known.retain(|past| past.accession != kept.accession);
            known.push(kept);
        }
    }
    last
}
