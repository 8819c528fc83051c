//! The outline of an alert, where there is no room for all of it.

use super::record::Alert;
use crate::text::clip;

/// The most owners and tickers, and the most characters of each text.
const MOST: usize = 3;
const TEXT: usize = 200;

impl Alert {
    /// Keeps only what identifies it and its main figures.
    pub fn outline(&mut self) {
        self.owners.truncate(MOST);
        self.issuer.tickers.truncate(MOST);
        let owners = self.owners.iter_mut().flat_map(|owner| [Some(&mut owner.name), owner.title.as_mut()]);
        let texts = owners.chain([Some(&mut self.issuer.name), Some(&mut self.text), self.message.as_mut()]);
        for text in texts.flatten() {
            *text = clip(text, TEXT).into_owned();
        }
        self.rule_description = None;
        self.lots.clear();
        self.lot_numbers.clear();
        self.securities.clear();
        self.holdings.clear();
        self.stakes.clear();
        self.warnings.clear();
        self.may_amend.clear();
        self.changes.clear();
        self.restated.clear();
        self.replaces.clear();
        self.replaces_earlier.clear();
        self.reported_before.clear();
        self.also_in.clear();
        self.sums.clear();
        self.history = None;
        self.mention.clear();
    }
}
