//! Warnings in a few words, in the reader's language.

use crate::filing::Warning;
use crate::text::Language;

/// The short forms of a message.
struct Short {
    code: &'static str,
    /// Each `{}` is a gap.
    message: &'static str,
    /// `{0}` is the text of the first gap.
    english: &'static str,
    german: &'static str,
}

const SHORT: [Short; 25] = [
    Short {
        code: "filed-late",
        message: "a transaction of {} was reported on {}, two business days end on {}",
        english: "filed late: due {2}, filed {1}",
        german: "verspätet gemeldet: fällig {2}, gemeldet {1}",
    },
    Short {
        code: "filed-late",
        message: "a transaction of {} was reported on {}",
        english: "filed late: traded {0}, filed {1}",
        german: "verspätet gemeldet: gehandelt {0}, gemeldet {1}",
    },
    Short {
        code: "date-mistyped",
        message: "a transaction of {} was reported on {}, and has a date that looks mistyped",
        english: "the date looks mistyped: {0}",
        german: "das Datum wirkt vertippt: {0}",
    },
    Short {
        code: "date-mistyped",
        message: "a transaction of {} has a date that looks mistyped",
        english: "the date looks mistyped: {0}",
        german: "das Datum wirkt vertippt: {0}",
    },
    Short {
        code: "date-in-future",
        message: "a transaction of {} was reported on {}, before it",
        english: "dated after the filing: {0}",
        german: "das Datum liegt nach der Meldung: {0}",
    },
    Short {
        code: "date-after-signature",
        message: "a transaction of {} was signed for on {}",
        english: "signed before the trade, on {1}",
        german: "unterschrieben vor dem Geschäft, am {1}",
    },
    Short {
        code: "plan-after-trade",
        message: "traded on {} under a plan adopted on {}, after it",
        english: "plan adopted after the trade: {1}",
        german: "Plan nach dem Geschäft beschlossen: {1}",
    },
    Short {
        code: "plan-box-denied",
        message: "the 10b5-1 box is ticked, and a note says otherwise{}",
        english: "a note denies the 10b5-1 plan",
        german: "eine Fußnote widerspricht dem 10b5-1-Plan",
    },
    Short {
        code: "price-outside-range",
        message: "the price {} is outside its footnoted range, {} to {} ({})",
        english: "the price is {0}, its note says {1}–{2}",
        german: "der Preis ist {0}, seine Fußnote nennt {1} bis {2}",
    },
    Short {
        code: "price-far-from-siblings",
        message: "the price {} is far from {}, that of the lots beside it",
        english: "the price {0} is far from {1} beside it",
        german: "der Preis {0} ist weit von {1} daneben entfernt",
    },
    Short {
        code: "price-far-from-history",
        message: "the price {} is far from {}, what other filings reported of this security lately{}",
        english: "the price {0} is far from {1} lately: per ADS?",
        german: "der Preis {0} ist weit von zuletzt {1} entfernt: je ADS?",
    },
    Short {
        code: "price-like-total",
        message: "{} per share looks like the price of all of them",
        english: "the price {0} looks like a total",
        german: "der Preis {0} sieht nach einer Summe aus",
    },
    Short {
        code: "value-too-large",
        message: "{} is more than any row of a filing was ever worth",
        english: "the value {0} is not credible",
        german: "der Wert {0} ist nicht glaubhaft",
    },
    Short {
        code: "value-too-large",
        message: "the stated total of {} makes {} a share",
        english: "the total {0} makes {1} a share",
        german: "die Summe {0} ergibt {1} je Aktie",
    },
    Short {
        code: "total-against-price",
        message: "shares times price are {}, the stated total is {}",
        english: "the total is {1}, shares × price is {0}",
        german: "die Summe ist {1}, Anzahl × Preis ist {0}",
    },
    Short {
        code: "count-off-by-ten",
        message: "the number is {}, and held are {}: it may be {} or {}",
        english: "{0} shares, or {3} by the holdings",
        german: "Anzahl {0}, nach dem Bestand {3}",
    },
    Short {
        code: "count-against-holdings",
        message: "the number is {}, and held are {}, which makes {}",
        english: "{0} shares, but {2} by the holdings",
        german: "Anzahl {0}, nach dem Bestand aber {2}",
    },
    Short {
        code: "debt-security",
        message: "a debt security: {}",
        english: "a debt security: its number is dollars",
        german: "eine Schuldverschreibung: die Anzahl ist ein Betrag in Dollar",
    },
    Short {
        code: "split-in-filing",
        message: "a split{} lies between the rows: {}",
        english: "a split{0} lies between the rows",
        german: "zwischen den Zeilen liegt ein Aktiensplit",
    },
    Short {
        code: "title-without-office",
        message: "the title {} is of somebody who is no officer{}",
        english: "{0}, but not ticked as an officer",
        german: "{0}, aber nicht als Führungskraft angekreuzt",
    },
    Short {
        code: "ticker-of-another",
        message: "the filer typed {} as its trading symbol, {}",
        english: "{0}, as typed, is another company’s ticker",
        german: "{0}, wie eingetippt, ist das Kürzel einer anderen Gesellschaft",
    },
    Short {
        code: "unlisted-ticker",
        message: "the filer typed {} as a trading symbol; EDGAR lists this company as {}, {}",
        english: "the filer typed {0}, EDGAR lists {1}",
        german: "eingetippt ist {0}, EDGAR führt {1}",
    },
    Short {
        code: "unconfirmed-ticker",
        message: "the trading symbol {} is not confirmed: {}",
        english: "the ticker {0} is not confirmed yet",
        german: "das Kürzel {0} ist noch nicht bestätigt",
    },
    Short {
        code: "footnote-missing",
        message: "a row refers to footnote {}, which is not there",
        english: "footnote {0} is missing",
        german: "Fußnote {0} fehlt",
    },
    Short {
        code: "too-long",
        message: "{} longer than the part that is read{}",
        english: "a long note was read in part",
        german: "ein langer Text wurde nur zum Teil gelesen",
    },
];

/// A warning in a few words, with the texts of its message's gaps as `write` writes them; `None` if it has no short
/// form.
pub(super) fn short(warning: &Warning, language: Language, write: impl Fn(&str) -> String) -> Option<String> {
    let of_code = SHORT.iter().filter(|short| short.code == warning.code);
    let mut filled_in = of_code.filter_map(|short| {
        let gaps: Vec<String> = gaps(short.message, &warning.message)?.into_iter().map(&write).collect();
        let text = match language {
            Language::English => short.english,
            Language::German => short.german,
        };
        Some(filled(text, &gaps))
    });
    filled_in.next()
}

/// The texts in the gaps of a message.
fn gaps<'m>(pattern: &str, message: &'m str) -> Option<Vec<&'m str>> {
    let mut parts = pattern.split("{}");
    let mut rest = message.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let (gap, after) = match (part, parts.peek()) {
            ("", None) => (rest, ""),
            (part, None) => (rest.strip_suffix(part)?, ""),
            (part, Some(_)) => rest.split_once(part)?,
        };
        found.push(gap);
        rest = after;
    }
    rest.is_empty().then_some(found)
}

/// A short form with the texts of a message's gaps.
fn filled(short: &str, gaps: &[String]) -> String {
    let mut text = String::new();
    let mut rest = short;
    while let Some((before, (number, after))) =
        rest.split_once('{').and_then(|(before, gap)| Some((before, gap.split_once('}')?)))
    {
        let gap = number.parse::<usize>().ok().and_then(|number| gaps.get(number));
        text.push_str(before);
        text.push_str(gap.map_or("", String::as_str));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_has_the_texts_of_the_gaps() {
        let short = |pattern, message, short| {
            gaps(pattern, message)
                .map(|gaps| filled(short, &gaps.into_iter().map(str::to_owned).collect::<Vec<_>>()))
        };
        assert_eq!(short("a {} b {}", "a {1} b y", "{1} before {0}").as_deref(), Some("y before {1}"));
        assert_eq!(short("a {} b", "a x b", "{0}{7}").as_deref(), Some("x"));
        assert_eq!(short("a {} b", "a x c", "{0}"), None);
        assert_eq!(short("a", "ab", ""), None);
        assert_eq!(short("{} a{}", "x a", "{0}.{1}").as_deref(), Some("x."));
    }
}
