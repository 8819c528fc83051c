//! An alert's lots as verbs and amounts: sold, gave away, moved. Acquired and disposed shares are worded
//! separately.

use std::fmt;

use super::numbers::number_text;
use super::record::Alert;
use super::securities::Figure;
use crate::filing::record::LotRecord;
use crate::filing::{Code, Direction, Sums, Trade, Unit};

/// The action of the lots in one phrase, such as "sold".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// They were sold.
    Sold,
    /// They were bought.
    Bought,
    /// They only move shares between lines of the filing.
    Moved,
    /// They did several things.
    Traded,
    /// Something else, in the past tense: `was granted`, `disposed of`.
    Other(&'static str),
}

impl Verb {
    /// The action of a transaction code.
    pub fn of(code: Code, direction: Option<Direction>) -> Self {
        match code {
            Code::SALE => Self::Sold,
            Code::PURCHASE => Self::Bought,
            code => Self::Other(code.verb_of(direction)),
        }
    }

    /// The phrase.
    pub fn text(self) -> &'static str {
        match self {
            Self::Sold => Code::SALE.verb(),
            Self::Bought => Code::PURCHASE.verb(),
            Self::Moved => "moved",
            Self::Traded => "traded",
            Self::Other(phrase) => phrase,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Alert {
    /// The lots' figures together, from the records. Lots that only move shares within the holdings count
    /// only if all do: they are not added to anything else.
    pub fn trade(&self) -> Trade {
        let moves = self.only_moves();
        Trade::of(self.lots.iter().filter(|lot| moves || !lot.moved).map(LotRecord::figures))
    }

    /// The figures of the lots that only move shares, if there are others.
    pub(super) fn moves_beside(&self) -> Option<Trade> {
        let moved = || self.lots.iter().filter(|lot| lot.moved);
        (!self.only_moves() && moved().next().is_some()).then(|| Trade::of(moved().map(LotRecord::figures)))
    }

    /// One past-tense verb for all lots: `sold` if all have code S, `moved` if shares only change the line,
    /// `traded` if the lots differ.
    pub fn verb(&self) -> Verb {
        if self.opposite.is_some() && !self.only_moves() {
            return Verb::Traded;
        }
        let moves = self.only_moves();
        verb_of(self.lots.iter().filter(|lot| moves || !lot.moved)).unwrap_or(Verb::Traded)
    }

    /// True if all lots only move shares between lines of the filing.
    pub fn only_moves(&self) -> bool {
        !self.lots.is_empty() && self.lots.iter().all(|lot| lot.moved)
    }

    /// The lots by direction: the direction of the alert's own figures first, then the lots that only move
    /// shares.
    pub fn ways(&self) -> Vec<Way> {
        let direction = self.main_direction();
        let verb = if self.opposite.is_none() { self.verb() } else { self.verb_of_way(direction) };
        let main = Way::new(verb, self.sums_of(direction, true));
        let opposite = self.opposite.as_ref().filter(|_| !self.only_moves()).map(|_| {
            let direction = match direction {
                Some(Direction::Acquired) => Direction::Disposed,
                _ => Direction::Acquired,
            };
            Way::new(self.verb_of_way(Some(direction)), self.sums_of(Some(direction), false))
        });
        let moves = self.moves_beside().map(|trade| Way::new(Verb::Moved, trade.sums));
        [main].into_iter().chain(opposite).chain(moves).collect()
    }

    /// `+` or `-` before a lot's number, if the alert's lots go both ways.
    pub fn sign(&self, lot: &LotRecord) -> &'static str {
        match lot.acquired_disposed.filter(|_| self.opposite.is_some()) {
            Some(Direction::Acquired) => "+",
            Some(Direction::Disposed) => "-",
            None => "",
        }
    }

    fn verb_of_way(&self, direction: Option<Direction>) -> Verb {
        let moves = self.only_moves();
        let own = self.lots.iter().filter(|lot| lot.acquired_disposed == direction && (moves || !lot.moved));
        let verb = verb_of(own);
        verb.unwrap_or(match direction {
            Some(Direction::Acquired) => Verb::Other("acquired"),
            Some(Direction::Disposed) => Verb::Other("disposed of"),
            None => Verb::Traded,
        })
    }

    /// The headline's predicate: `sold $2,661,359.10`, `gave away 500 shares and was given 200 shares`.
    pub fn deed_text(&self, figure: Figure) -> String {
        let ways = self.ways();
        let each = ways.iter().map(|way| match way.verb {
            Verb::Moved => format!("moved {} within their holdings", way.quantity),
            verb => format!("{verb} {}", way.what(figure)),
        });
        each.collect::<Vec<_>>().join(" and ")
    }

    /// ` for $2,661,359.10`, ` at an odd price`; empty for gifts.
    pub fn for_value(&self, way: &Way) -> String {
        if way.verb == Verb::Moved { " within their holdings".to_owned() } else { way.for_value() }
    }
}

/// One phrase for what some lots did; `None` if they did several things, or there are none.
fn verb_of<'a>(lots: impl Iterator<Item = &'a LotRecord>) -> Option<Verb> {
    let verb = |lot: &LotRecord| {
        if lot.moved {
            return Some(Verb::Moved);
        }
        lot.code.map(|code| Verb::of(code, lot.acquired_disposed))
    };
    let mut verbs = lots.filter_map(verb);
    let first = verbs.next()?;
    verbs.all(|other| other == first).then_some(first)
}

/// The wording of lots that go one way.
pub struct Way {
    /// The action: `sold`.
    pub verb: Verb,
    /// The amount: `24,133`, `$25,000,000.00 of principal`.
    pub number: String,
    /// The same with a unit: `24,133 shares`.
    pub quantity: String,
    /// True if the number counts securities or principal, rather than shares: "2 securities of ACME".
    pub takes_of: bool,
    sums: Sums,
}

impl Way {
    /// Words the lots as every medium does.
    pub fn new(verb: Verb, sums: Sums) -> Self {
        let (number, quantity, takes_of) = match sums.only() {
            Some(only) => {
                let number = number_text(only.shares, only.shares_is_at_least);
                match only.principal_usd.filter(|_| only.shares.is_none()) {
                    Some(principal) => {
                        let text = format!("{principal} of principal");
                        (text.clone(), text, true)
                    }
                    None if only.unit == Unit::Ads => {
                        let text = format!("{number} ADS");
                        (text.clone(), text, true)
                    }
                    None => (number.clone(), format!("{number} {}", only.unit.word()), false),
                }
            }
            None if sums.securities.is_empty() => ("nothing".to_owned(), "nothing".to_owned(), false),
            None => {
                let text = format!("{} securities", sums.securities.len());
                (text.clone(), text, true)
            }
        };
        Self { verb, number, quantity, takes_of, sums }
    }

    /// For a headline: the value or, if that is unknown, odd or zero, the number.
    pub fn what(&self, figure: Figure) -> String {
        let value = self.sums.value.filter(|value| !value.is_zero() && !self.sums.value_is_odd);
        let least = if self.sums.value_is_at_least { "at least " } else { "" };
        let in_dollars = value.map(|value| format!("{least}{}", figure.usd(value)));
        // Amounts in several currencies are listed side by side.
        let only = self.sums.only().filter(|only| !only.is_in_dollars());
        only.and_then(|only| only.worth(figure)).or(in_dollars).unwrap_or_else(|| match figure {
            Figure::Short => self.whole().quantity,
            Figure::Full => self.quantity.clone(),
        })
    }

    /// The same with whole shares, for a glance.
    #[must_use]
    pub fn whole(&self) -> Self {
        let shares = self.sums.only().and_then(|only| only.shares);
        let rounded = |text: &str| match shares {
            Some(shares) => text.replacen(&shares.to_string(), &shares.whole().to_string(), 1),
            None => text.to_owned(),
        };
        let (number, quantity) = (rounded(&self.number), rounded(&self.quantity));
        Self { verb: self.verb, number, quantity, takes_of: self.takes_of, sums: self.sums.clone() }
    }

    /// ` for $2,661,359.10`, ` for an unknown price`, ` at an odd price`; empty if it is for nothing.
    pub fn for_value(&self) -> String {
        let only = self.sums.only();
        if let Some(worth) =
            only.filter(|only| !only.is_in_dollars()).and_then(|only| only.worth(Figure::Full))
        {
            return format!(" for {worth}");
        }
        match self.sums.value {
            Some(_) if self.sums.value_is_odd => " at an odd price".to_owned(),
            Some(value) if value.is_zero() && !self.sums.value_is_at_least => String::new(),
            Some(value) if self.sums.value_is_at_least => format!(" for at least {value}"),
            Some(value) => format!(" for {value}"),
            None if only.is_none_or(|only| only.unknown().is_some()) => " for an unknown value".to_owned(),
            None => " for an unknown price".to_owned(),
        }
    }

    /// Its sums.
    pub fn sums(&self) -> &Sums {
        &self.sums
    }

    /// Why its value is not known, if the filing says so.
    pub fn why_unknown(&self) -> Option<&'static str> {
        self.sums.only()?.unknown()
    }
}
