//! The alert of a match.

use chrono::{DateTime, Utc};

use super::agreed::Agreed;
use super::key::Key;
use super::record::{Alert, AlertIssuer, AlertLine, AlertOwner};
use crate::filing::record::{LotRecord, StakeRecord, eight_digits};
use crate::filing::{
    Accession, Cik, CompanyRecord, Filing, Owner, Plan, index_url, lines, share_of_holdings, stakes,
};
use crate::rules::{Match, Rule};

const MOST_FOOTNOTES: usize = 20;
/// How many minutes after its acceptance a filing may be seen before its alerts are marked as late.
const LATE_AFTER_MINUTES: i64 = 60;

impl Alert {
    /// The alert of a match; `None` if the filing has no accession, which only a bare XML document lacks.
    pub fn new(rule: &Rule, filing: &Filing, matched: &Match, seen_at: DateTime<Utc>) -> Option<Self> {
        let mut alert = Self::without_lots(rule, filing, filing.accession?, seen_at);
        alert.lots = matched.lots.iter().map(|&i| LotRecord::from(&filing.lots[i])).collect();
        alert.lots.iter_mut().for_each(|lot| lot.footnotes.truncate(MOST_FOOTNOTES));
        alert.lot_numbers = matched.lots.clone();
        let share = share_of_holdings(&filing.lots, &matched.lots);
        alert.share_of_holdings = share.map(|share| eight_digits(share.fraction));
        alert.holdings = lines(&filing.lots, &matched.lots).into_iter().map(AlertLine::from).collect();
        alert.filed_late = filing.filed_late(matched.lots.iter().copied());
        alert.sums = matched.sums.clone();
        let apart = alert.moves_beside().map(|_| alert.trade());
        let trade = apart.as_ref().unwrap_or(&matched.trade);
        alert.take_sums(&trade.sums, trade.opposite.as_ref());
        alert.take_stakes(stakes(filing, &matched.lots).into_iter().map(StakeRecord::from));
        alert.reason();
        alert.text = alert.line();
        Some(alert)
    }

    /// The figures and flags of a filing outside its lots.
    fn without_lots(rule: &Rule, filing: &Filing, accession: Accession, seen_at: DateTime<Utc>) -> Self {
        let issuer = AlertIssuer {
            cik: filing.issuer.cik,
            name: filing.issuer.name.clone(),
            tickers: filing.issuer.tickers(),
            company: CompanyRecord::from(&filing.issuer),
        };
        let waited = filing.accepted_at.map(|accepted| seen_at - accepted);
        Self {
            key: Self::own_key(&rule.name, issuer.cik, accession),
            rule: rule.name.clone(),
            rule_description: rule.description.clone(),
            accession,
            form: filing.form,
            accepted_at: filing.accepted_at,
            seen_at,
            sent_at: None,
            url: index_url(issuer.cik, accession),
            issuer,
            owners: owners(filing),
            lots: Vec::new(),
            lot_numbers: Vec::new(),
            direction: None,
            opposite: None,
            securities: Vec::new(),
            shares: None,
            shares_is_at_least: false,
            principal_usd: None,
            value_usd: None,
            value_is_at_least: false,
            value_is_odd: false,
            average_price: None,
            price_low: None,
            price_high: None,
            share_of_holdings: None,
            holdings: Vec::new(),
            stake_before: None,
            stake_after: None,
            stake_change: None,
            stakes: Vec::new(),
            plan: Agreed::All(Plan::Unknown),
            plan_adopted: None,
            intent: None,
            filed_late: None,
            warnings: filing.warnings.clone(),
            late: waited.is_some_and(|waited| waited.num_minutes() > LATE_AFTER_MINUTES),
            amends: None,
            may_amend: Vec::new(),
            changes: Vec::new(),
            follows: None,
            restated: Vec::new(),
            replaces: Vec::new(),
            replaces_earlier: Vec::new(),
            reported_before: Vec::new(),
            withdrawn: false,
            supersedes: None,
            amended_by: None,
            also_in: Vec::new(),
            history: None,
            replaced_figures: None,
            sums: Vec::new(),
            text: String::new(),
            message: None,
            mention: rule.mention.clone(),
        }
    }

    /// True if an earlier filing's alert reports the trade: this alert has the same key, and is not sent
    /// again.
    pub fn is_reported_before(&self) -> bool {
        !self.withdrawn && self.key != Self::own_key(&self.rule, self.issuer.cik, self.accession)
    }

    /// The key of a rule's alert for a filing that does not repeat an earlier report.
    pub fn own_key(rule: &str, issuer: Cik, accession: Accession) -> Key {
        Key::of(&["alert", rule, &issuer.to_string(), &accession.to_string()])
    }

    /// Sums up plan and intent over the lots.
    fn reason(&mut self) {
        let plans = self.lots.iter().map(|lot| lot.plan.unwrap_or_default());
        self.plan = Agreed::of(plans).unwrap_or(Agreed::All(Plan::Unknown));
        self.intent = Agreed::of(self.lots.iter().filter_map(|lot| lot.intent));
        let under = self.lots.iter().filter(|lot| lot.plan == Some(Plan::Yes));
        let mut adopted: Vec<Option<&String>> = under.map(|lot| lot.plan_adopted.as_ref()).collect();
        adopted.dedup();
        self.plan_adopted = if let [Some(one)] = adopted[..] { Some(one.clone()) } else { None };
    }

    /// Updates figures and text after lots were added.
    pub(crate) fn refigure(&mut self) {
        let trade = self.trade();
        self.reason();
        self.take_sums(&trade.sums, trade.opposite.as_ref());
        // The prior holdings of the other lots' lines are not in the records.
        self.share_of_holdings = None;
        self.holdings.clear();
        self.text = self.line();
    }
}

fn owners(filing: &Filing) -> Vec<AlertOwner> {
    let owner = |owner: &Owner| AlertOwner {
        cik: owner.cik,
        name: owner.name.clone(),
        roles: filing.roles(owner),
        country: owner.address.place().map(|place| place.country.to_owned()),
        title: match (filing.title(owner), &owner.other_text) {
            (Some(title), Some(other)) => Some(format!("{title}, {other}")),
            (title, other) => title.map(str::to_owned).or_else(|| other.clone()),
        },
    };
    filing.owners.iter().map(owner).collect()
}
