//! Numbers, money and dates in the language of their reader.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::filing::{Currency, Money, Shares, Usd, grouped};
use crate::text::Language;

impl Language {
    /// To the cent: `$2,661,359.10`, `2.661.359,10 $`.
    pub(in crate::render) fn usd(self, value: Usd) -> String {
        self.money_text(value.to_string())
    }

    /// Short: `$2.66M`, `2,66 Mio. $`.
    pub(in crate::render) fn usd_short(self, value: Usd) -> String {
        self.money_text(value.short())
    }

    /// With every digit: `$110.2893`, `110,2893 $`.
    pub(in crate::render) fn usd_exact(self, value: Usd) -> String {
        self.money_text(value.exact())
    }

    /// To the hundredth, in its own currency: `NT$41.10`, `41,10 NT$`.
    pub(in crate::render) fn money(self, money: &Money) -> String {
        self.money_text(money.amount.text_in(Some(money.currency)))
    }

    /// Short, in its own currency: `NT$123.3M`, `123,3 Mio. NT$`.
    pub(in crate::render) fn money_short(self, money: &Money) -> String {
        self.money_text(money.amount.short_in(Some(money.currency)))
    }

    /// A number of shares: `24,133`, `24.133`.
    pub(in crate::render) fn shares(self, shares: Shares) -> String {
        self.number(&shares.to_string())
    }

    /// A count: `1,000`, `1.000`.
    pub(in crate::render) fn count(self, count: usize) -> String {
        self.number(&grouped(&count.to_string()))
    }

    /// A fraction in percent, to two digits: `0.48%`, `0,48 %`.
    pub(in crate::render) fn percent(self, fraction: Decimal) -> Option<String> {
        let percent = fraction.checked_mul(Decimal::ONE_HUNDRED)?.round_dp(2).normalize();
        if fraction < Decimal::ONE && percent == Decimal::ONE_HUNDRED {
            // Something is left.
            return Some(match self {
                Self::English => "over 99.99%".to_owned(),
                Self::German => "über 99,99\u{a0}%".to_owned(),
            });
        }
        let number = self.number(&grouped(&percent.to_string()));
        Some(match (self, percent.is_zero()) {
            (Self::English, true) => "under 0.01%".to_owned(),
            (Self::English, false) => format!("{number}%"),
            (Self::German, true) => "unter 0,01\u{a0}%".to_owned(),
            (Self::German, false) => format!("{number}\u{a0}%"),
        })
    }

    /// An amount written in English, with its sign or code before it, in this language.
    pub(in crate::render) fn money_text(self, english: String) -> String {
        if self == Self::English {
            return english;
        }
        let Some(start) = english.find(|c: char| c.is_ascii_digit()) else { return english };
        let (sign, rest) = english.split_at(start);
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(rest.len());
        let (number, unit) = rest.split_at(end);
        let unit = match unit {
            "K" => "\u{a0}Tsd.",
            "M" => "\u{a0}Mio.",
            "B" => "\u{a0}Mrd.",
            "T" => "\u{a0}Bio.",
            other => other,
        };
        format!("{}{unit}\u{a0}{}", self.number(number), sign.trim_end())
    }

    /// A number written in English, in this language.
    pub(in crate::render) fn number(self, english: &str) -> String {
        let swapped = |c| match c {
            ',' => '.',
            '.' => ',',
            other => other,
        };
        match self {
            Self::English => english.to_owned(),
            Self::German => english.chars().map(swapped).collect(),
        }
    }

    /// `Aug 24, 2021`, `24.08.2021`.
    pub(in crate::render) fn day(self, day: NaiveDate) -> String {
        match self {
            Self::English => day.format("%b %-d, %Y").to_string(),
            Self::German => day.format("%d.%m.%Y").to_string(),
        }
    }

    /// `Aug 24`, `24.08.`, where the year is obvious.
    pub(in crate::render) fn short_day(self, day: NaiveDate) -> String {
        match self {
            Self::English => day.format("%b %-d").to_string(),
            Self::German => day.format("%d.%m.").to_string(),
        }
    }

    /// `Aug 20–23, 2021`, `20.–23.08.2021`.
    pub(in crate::render) fn days(self, first: NaiveDate, last: NaiveDate) -> String {
        let same_month = (first.year(), first.month()) == (last.year(), last.month());
        match self {
            _ if first == last => self.day(first),
            Self::English if same_month => format!("{}–{}", first.format("%b %-d"), last.format("%-d, %Y")),
            Self::German if same_month => format!("{}–{}", first.format("%d."), self.day(last)),
            Self::English if first.year() == last.year() => {
                format!("{} – {}", first.format("%b %-d"), self.day(last))
            }
            Self::German if first.year() == last.year() => {
                format!("{} – {}", first.format("%d.%m."), self.day(last))
            }
            _ => format!("{} – {}", self.day(first), self.day(last)),
        }
    }

    /// A month in three letters: `Mar`, `Mär`.
    pub(in crate::render) fn month(self, day: NaiveDate) -> String {
        const GERMAN: [&str; 12] =
            ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"];
        let german = usize::try_from(day.month0()).ok().and_then(|month| GERMAN.get(month));
        match (self, german) {
            (Self::German, Some(month)) => (*month).to_owned(),
            _ => day.format("%b").to_string(),
        }
    }

    /// A month with its year: `Mar 2021`, `Mär 2021`.
    pub(in crate::render) fn month_of_year(self, day: NaiveDate) -> String {
        format!("{} {}", self.month(day), day.format("%Y"))
    }

    /// A date as in JSON, a day or a month: `Sep 12, 2022`, `Sep 2022`; `12.09.2022`, `09/2022`.
    pub(in crate::render) fn written(self, date: &str) -> String {
        match (date.parse::<NaiveDate>(), format!("{date}-01").parse::<NaiveDate>(), self) {
            (Ok(day), ..) => self.day(day),
            (_, Ok(month), Self::English) => month.format("%b %Y").to_string(),
            (_, Ok(month), Self::German) => month.format("%m/%Y").to_string(),
            _ => date.to_owned(),
        }
    }

    /// A time in a zone: `Tue, Aug 24, 2021, 17:30 EDT`, `Di., 24.08.2021, 17:30 Uhr EDT`.
    pub(in crate::render) fn time(self, time: DateTime<Utc>, zone: Tz) -> String {
        let local = time.with_timezone(&zone);
        match self {
            Self::English => local.format("%a, %b %-d, %Y, %H:%M %Z").to_string(),
            Self::German => {
                let weekday = ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."];
                let at = usize::try_from(local.weekday().num_days_from_monday()).unwrap_or(0);
                format!("{}, {}", weekday[at], local.format("%d.%m.%Y, %H:%M Uhr %Z"))
            }
        }
    }
}

/// True for US dollars.
pub(in crate::render) fn is_dollars(currency: Option<Currency>) -> bool {
    currency.is_none_or(|currency| currency == Currency::USD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_readers_get_german_numbers_and_dates() {
        let (en, de) = (Language::English, Language::German);
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        assert_eq!(de.usd(usd("2661359.1")), "2.661.359,10\u{a0}$");
        assert_eq!(de.usd_short(usd("2661359.1")), "2,66\u{a0}Mio.\u{a0}$");
        assert_eq!(de.usd_exact(usd("110.2893")), "110,2893\u{a0}$");
        assert_eq!(en.usd_short(usd("2661359.1")), "$2.66M");
        let money = Money { currency: "CHF".parse().unwrap(), amount: "1234.5".parse().unwrap() };
        assert_eq!((en.money(&money), de.money(&money)), ("CHF 1,234.50".into(), "1.234,50\u{a0}CHF".into()));
        assert_eq!(de.percent("0.0048".parse().unwrap()).as_deref(), Some("0,48\u{a0}%"));
        assert_eq!(en.percent("0.00001".parse().unwrap()).as_deref(), Some("under 0.01%"));
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (first, last, english, german) in [
            ("2021-08-24", "2021-08-24", "Aug 24, 2021", "24.08.2021"),
            ("2021-08-20", "2021-08-23", "Aug 20–23, 2021", "20.–23.08.2021"),
            ("2021-07-30", "2021-08-02", "Jul 30 – Aug 2, 2021", "30.07. – 02.08.2021"),
            ("2020-12-31", "2021-01-02", "Dec 31, 2020 – Jan 2, 2021", "31.12.2020 – 02.01.2021"),
        ] {
            let (first, last) = (day(first), day(last));
            assert_eq!((en.days(first, last), de.days(first, last)), (english.into(), german.into()));
        }
        let time = "2021-08-24T21:30:00Z".parse().unwrap();
        let zone = chrono_tz::America::New_York;
        assert_eq!(en.time(time, zone), "Tue, Aug 24, 2021, 17:30 EDT");
        assert_eq!(de.time(time, zone), "Di., 24.08.2021, 17:30 Uhr EDT");
        assert_eq!((en.written("2022-09"), de.written("2022-09")), ("Sep 2022".into(), "09/2022".into()));
    }
}
