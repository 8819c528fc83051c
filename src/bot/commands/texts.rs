//! Descriptions of commands and options, in the languages that Discord shows them in. Names stay English, so
//! that help and documentation mean the same command everywhere.

/// A text in each language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub(super) en: &'static str,
    pub(super) de: &'static str,
}

pub(super) const SUBSCRIBE: Text =
    text("Send a rule's alerts to this channel", "Sendet die Meldungen einer Regel in diesen Kanal");
pub(super) const UNSUBSCRIBE: Text =
    text("Stop sending a rule's alerts to this channel", "Beendet die Meldungen einer Regel in diesem Kanal");
pub(super) const SUBSCRIPTIONS: Text = text(
    "List the rules that this channel subscribes to",
    "Zeigt die Regeln, die dieser Kanal abonniert hat",
);
pub(super) const RULE: Text = text("Which rule", "Welche Regel");
pub(super) const LATEST: Text = text(
    "Show the latest insider trades of a company",
    "Zeigt die letzten Insidergeschäfte eines Unternehmens",
);
pub(super) const LATEST_TICKER: Text = text("Ticker, such as QLYS", "Börsenkürzel, zum Beispiel QLYS");
pub(super) const LATEST_COUNT: Text = text("How many filings (5)", "Wie viele Einreichungen (5)");
pub(super) const STATUS: Text =
    text("Show how fresh the alerts are", "Zeigt, wie aktuell die Meldungen sind");
pub(super) const HELP: Text = text("Show what this bot can do", "Zeigt, was dieser Bot kann");

const fn text(en: &'static str, de: &'static str) -> Text {
    Text { en, de }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_fits_into_a_description() {
        for Text { en, de } in
            [SUBSCRIBE, UNSUBSCRIBE, SUBSCRIPTIONS, RULE, LATEST, LATEST_TICKER, LATEST_COUNT, STATUS, HELP]
        {
            for text in [en, de] {
                assert!((1..=100).contains(&text.chars().count()), "{text}");
            }
        }
    }
}
