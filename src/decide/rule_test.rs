//! A rule's own tests: `[[rule.test]]`.

use super::{Case, decide_for, explain};
use crate::filing::{AdsRatio, Filing, PastFiling};
use crate::rules::{Rule, RuleSet, RuleTest, Truth};
use chrono::DateTime;

/// Runs a rule's test: `filing` after the filings `before`, in this order, and nothing else in history.
///
/// # Errors
/// What came out, where it is not what must happen.
pub fn rule_test(rule: &Rule, test: &RuleTest, before: &[Filing], filing: &Filing) -> Result<(), String> {
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
        // What these filings do not tell did not happen.
        let whole_since = Some(DateTime::UNIX_EPOCH);
        let case = Case { filing, accepted_at, seen_at: accepted_at, known: &known, whole_since };
        let asked = rules.iter().collect();
        let decision = decide_for(&rules, asked, case);
        let told = decision
            .alerts
            .into_iter()
            .find(|(_, alert)| !alert.withdrawn && !alert.is_told_before())
            .map(|(_, alert)| alert);
        let silence = decision.silent.into_iter().next().map(|(_, silence)| silence);
        last = Some((told, silence, rules.iter().next().map(|rule| explain(rule, case))));
        for kept in decision.history {
            known.retain(|past| past.accession != kept.accession);
            known.push(kept);
        }
    }
    let Some((told, silence, Some(explained))) = last else { return Ok(()) };
    let deciding = || match (&silence, explained.deciding()) {
        (Some(super::NoAlert::NoAccession), _) => {
            "the file has no accession: give a submission text".to_owned()
        }
        (Some(super::NoAlert::Cooldown(accession)), _) => format!("cooldown: it rang for {accession}"),
        (_, Some(finding)) => {
            format!("{}: wanted {}, found {}", finding.condition, finding.wanted, finding.found)
        }
        (_, None) => "an earlier filing that told the trade".to_owned(),
    };
    match (told, test.rings) {
        (None, true) => Err(format!("it is silent by {}", deciding())),
        (Some(alert), false) => Err(format!("it rings: {}", alert.text)),
        (Some(alert), true) => {
            if let Some(value) = test.value.filter(|value| alert.value_usd != Some(*value)) {
                let found = alert.value_usd.map_or("unknown".to_owned(), |found| found.exact());
                return Err(format!("it rings with a value of {found}, not {}", value.exact()));
            }
            if let Some(shares) = test.shares.filter(|shares| alert.shares != Some(*shares)) {
                let found = alert.shares.map_or("unknown".to_owned(), |found| found.to_string());
                return Err(format!("it rings with {found} shares, not {shares}"));
            }
            Ok(())
        }
        (None, false) => {
            let Some(because) = &test.because else { return Ok(()) };
            let cooling = matches!(silence, Some(super::NoAlert::Cooldown(_))) && because == "cooldown";
            let fails = |name: &str| name == because || name.split(['[', '.']).next() == Some(because);
            let blamed = explained.findings.iter().any(|finding| {
                !finding.group
                    && finding.holds != Truth::Yes
                    && finding.depth() == 0
                    && fails(&finding.condition)
            });
            if cooling || blamed {
                Ok(())
            } else {
                Err(format!("it is silent by {}, not by {because}", deciding()))
            }
        }
    }
}
