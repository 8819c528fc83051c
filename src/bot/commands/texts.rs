//! Descriptions of commands and options, in the languages that Discord shows them in. Names stay English, so
//! that help and documentation mean the same command everywhere.

/// A text in each language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub(super) en: &'static str,
    pub(super) de: &'static str,
}

/// Defines the texts, and a list of all.
macro_rules! texts {
    ($($name:ident = $en:literal, $de:literal;)*) => {
        $(pub(super) const $name: Text = Text { en: $en, de: $de };)*
        #[cfg(test)]
        const ALL: &[Text] = &[$($name),*];
    };
}

texts! {
    SUBSCRIBE = "Send a rule's alerts to this channel", "Sendet die Meldungen einer Regel in diesen Kanal";
    UNSUBSCRIBE = "Stop sending a rule's alerts to this channel",
        "Beendet die Meldungen einer Regel in diesem Kanal";
    WATCH = "Send alerts about a company's insider trades here",
        "Sendet hierher Meldungen über die Insidergeschäfte eines Unternehmens";
    UNWATCH = "Stop sending alerts about a company here",
        "Beendet hier die Meldungen über ein Unternehmen";
    SUBSCRIPTIONS = "List the rules and companies that send alerts here",
        "Zeigt die Regeln und Unternehmen, die hierher Meldungen senden";
    MUTE = "Hold back alerts here for a while", "Hält hier Meldungen eine Zeit lang zurück";
    MUTE_TICKER = "Hold back alerts about a company", "Hält Meldungen über ein Unternehmen zurück";
    MUTE_INSIDER = "Hold back alerts about an insider", "Hält Meldungen über einen Insider zurück";
    MUTE_RULE = "Hold back a rule's alerts", "Hält die Meldungen einer Regel zurück";
    UNMUTE = "End a mute, and send what it held back", "Beendet eine Stummschaltung und sendet, was sie zurückhielt";
    TEST = "Send a test alert here", "Sendet eine Probemeldung hierher";
    LATEST = "Show the latest insider trades of a company",
        "Zeigt die letzten Insidergeschäfte eines Unternehmens";
    INSIDER = "Show the latest trades of an insider", "Zeigt die letzten Geschäfte eines Insiders";
    TOP = "Show the largest insider trades", "Zeigt die größten Insidergeschäfte";
    EXPLAIN = "Explain why a filing sends alerts here, or why not",
        "Erklärt, warum eine Einreichung hierher Meldungen sendet oder nicht";
    STATUS = "Show how fresh the alerts are", "Zeigt, wie aktuell die Meldungen sind";
    PRIVACY = "Show what this bot stores about you, and delete it",
        "Zeigt, was dieser Bot über dich speichert, und löscht es";
    HELP = "Show what this bot can do", "Zeigt, was dieser Bot kann";
    RULE = "Which rule", "Welche Regel";
    MENTION = "A role to mention with each alert", "Eine Rolle, die bei jeder Meldung erwähnt wird";
    THREADS = "Put the alerts into threads", "Verteilt die Meldungen auf Threads";
    TICKER = "Ticker, such as QLYS", "Börsenkürzel, zum Beispiel QLYS";
    TRADES = "Which trades (sales and purchases)", "Welche Geschäfte (Verkäufe und Käufe)";
    MIN_VALUE = "Only from this value on, in dollars", "Nur ab diesem Wert in Dollar";
    ROLE = "Only trades of insiders with this role", "Nur Geschäfte von Insidern mit dieser Funktion";
    SKIP_PLANS = "Leave out trades under a 10b5-1 plan", "Ohne Geschäfte nach einem 10b5-1-Plan";
    LATEST_COUNT = "How many filings (5)", "Wie viele Einreichungen (5)";
    INSIDER_NAME = "Name or CIK", "Name oder CIK";
    SPAN = "For how long, such as 8h or 7d", "Wie lange, zum Beispiel 8h oder 7d";
    WHY = "Why; others see it", "Warum; andere sehen es";
    MUTED = "Which mute", "Welche Stummschaltung";
    PERIOD = "Since when (the last 7 days)", "Seit wann (die letzten 7 Tage)";
    KIND = "Sales or purchases (sales)", "Verkäufe oder Käufe (Verkäufe)";
    FILING = "Accession number, or the address of the filing on sec.gov",
        "Accession-Nummer oder Adresse der Einreichung auf sec.gov";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_fits_into_a_description() {
        for Text { en, de } in ALL {
            for text in [en, de] {
                assert!((1..=100).contains(&text.chars().count()), "{text}");
            }
        }
    }
}
