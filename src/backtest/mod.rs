//! Runs rules over past filings in order, through the same decision code that the bot uses. Sends nothing.

mod history_file;
mod tally;

pub use history_file::HistoryError;
pub use tally::{Largest, Tally};

use chrono::NaiveDate;

use crate::alert::Alert;
use crate::decide::{self, Case, NoAlert};
use crate::filing::{AdsRatio, Filing, edgar_day};
use crate::rules::RuleSet;
use history_file::HistoryFile;

/// Rules, and their history so far.
#[derive(Debug)]
pub struct Backtest {
    rules: RuleSet,
    history: HistoryFile,
    from: Option<NaiveDate>,
    tallies: Vec<Tally>,
    days: Option<(NaiveDate, NaiveDate)>,
    alerts: usize,
}

impl Backtest {
    /// A backtest of rules. Filings accepted before `from` (EDGAR's day) only build up history.
    ///
    /// # Errors
    /// The system's folder for temporary files cannot be written to.
    pub fn new(rules: RuleSet, from: Option<NaiveDate>) -> Result<Self, HistoryError> {
        let tallies = rules.iter().map(|rule| Tally::of(&rule.name)).collect();
        Ok(Self { rules, history: HistoryFile::new()?, from, tallies, days: None, alerts: 0 })
    }

    /// Processes the next filing, which must not be older than the last, and returns the alerts that would be
    /// sent.
    ///
    /// # Errors
    /// History cannot be written or read back.
    pub fn take(&mut self, filing: &Filing) -> Result<Vec<Alert>, HistoryError> {
        let Some(accepted_at) = filing.accepted_at else { return Ok(Vec::new()) };
        let day = edgar_day(accepted_at);
        self.history.begin(accepted_at);
        let asked = self.rules.candidates(filing);
        let learnt = self.history.ads_ratio(filing.issuer.cik, accepted_at).filter(|_| filing.may_learn());
        let informed = learnt.map(|ratio| {
            let mut informed = filing.clone();
            informed.learn(&AdsRatio::from(ratio));
            informed
        });
        let filing = informed.as_ref().unwrap_or(filing);
        let since = decide::since(asked.iter().copied(), filing, accepted_at);
        let (known, whole_since) =
            decide::read_history(filing, since, |since| self.history.of(filing.issuer.cik, since))?;
        let case = Case { filing, accepted_at, seen_at: accepted_at, known: &known, whole_since };
        let mut decision = decide::decide_for(&self.rules, asked, case);
        self.history.keep(filing.issuer.cik, &decision.history)?;
        if self.from.is_some_and(|from| day < from) {
            return Ok(Vec::new());
        }
        if let Some(since) = decide::trades_since(&decision.alerts) {
            let (past, whole_since) = self.history.of(filing.issuer.cik, since)?;
            decide::add_earlier_trades(&mut decision.alerts, &past, whole_since);
        }
        self.days = Some(self.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        self.alerts += 1;
        let mut alerts = Vec::new();
        for (rule, silence) in &decision.silent {
            if let (NoAlert::Cooldown(_), Some(tally)) = (silence, tally(&mut self.tallies, &rule.name)) {
                tally.cooled += 1;
            }
        }
        for (rule, alert) in decision.alerts {
            let Some(tally) = tally(&mut self.tallies, &rule.name) else { continue };
            if tally.count(&alert, day) {
                alerts.push(alert);
            }
        }
        Ok(alerts)
    }

    /// The figures of each rule, in the order of the rules.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// The first and last day of the filings that counted.
    pub fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        self.days
    }

    /// How many filings counted.
    pub fn filings(&self) -> usize {
        self.alerts
    }

    /// The bytes of history in the temporary file, and in memory, where each filing has one entry.
    pub fn history_bytes(&self) -> (u64, usize) {
        self.history.bytes()
    }
}

fn tally<'t>(tallies: &'t mut [Tally], name: &str) -> Option<&'t mut Tally> {
    tallies.iter_mut().find(|tally| tally.rule == name)
}
