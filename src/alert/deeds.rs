//! An alert's lots as verbs and amounts: sold, gave away, moved. Shares that come in and shares that go out are worded separately.

use super::Alert;
use crate::filing::record::LotRecord;
use crate::filing::{Direction, Shares, Sums, Usd};

impl Alert {
    /// One past-tense verb for all lots: `sold` if all have code S, `moved` if shares only change the line, `traded` if the lots
    /// differ.
    pub fn verb(&self) -> &'static str {
        if self.opposite.is_some() && !self.only_moves() {
            return "traded";
        }
        let moves = self.only_moves();
        verb_of(self.lots.iter().filter(|lot| moves || !lot.moved)).unwrap_or("traded")
    }

    /// Whether all lots only move shares between lines of the filing.
    pub fn only_moves(&self) -> bool {
        !self.lots.is_empty() && self.lots.iter().all(|lot| lot.moved)
    }

    /// The lots by direction, the direction of the alert's own figures first; then those that only move.
    pub fn ways(&self) -> Vec<Way> {
        let main = Way::new(
            match &self.opposite {
                None => self.verb(),
                Some(_) => self.verb_of_way(self.main_direction()),
            },
            Sums {
                shares: self.shares,
                shares_is_at_least: self.shares_is_at_least,
                principal: self.principal_usd,
                value: self.value_usd,
                value_is_at_least: self.value_is_at_least,
                value_is_odd: self.value_is_odd,
                ..Sums::default()
            },
        );
        let opposite = self.opposite.as_ref().filter(|_| !self.only_moves()).map(|opposite| {
            let direction = match self.main_direction() {
                Some(Direction::Acquired) => Direction::Disposed,
                _ => Direction::Acquired,
            };
            Way::new(
                self.verb_of_way(Some(direction)),
                Sums {
                    shares: opposite.shares,
                    shares_is_at_least: opposite.shares_is_at_least,
                    principal: opposite.principal_usd,
                    value: opposite.value_usd,
                    value_is_at_least: opposite.value_is_at_least,
                    value_is_odd: opposite.value_is_odd,
                    ..Sums::default()
                },
            )
        });
        let moves = self.moves_beside().map(|trade| Way::new("moved", trade.sums));
        [main].into_iter().chain(opposite).chain(moves).collect()
    }

    /// `+` or `-` before a lot's number, where the alert's lots go both ways.
    pub fn sign(&self, lot: &LotRecord) -> &'static str {
        match lot.acquired_disposed.filter(|_| self.opposite.is_some()) {
            Some(Direction::Acquired) => "+",
            Some(Direction::Disposed) => "-",
            None => "",
        }
    }

    fn verb_of_way(&self, direction: Option<Direction>) -> &'static str {
        let moves = self.only_moves();
        let own = self.lots.iter().filter(|lot| lot.acquired_disposed == direction && (moves || !lot.moved));
        let verb = verb_of(own);
        verb.unwrap_or(match direction {
            Some(Direction::Acquired) => "acquired",
            Some(Direction::Disposed) => "disposed of",
            None => "traded",
        })
    }

    /// The headline's predicate: `sold $2,661,359.10`, `gave away 500 shares and was given 200 shares`.
    pub fn deed_text(&self, value: impl Fn(Usd) -> String) -> String {
        let ways = self.ways();
        let each = ways.iter().map(|way| match way.verb {
            "moved" => format!("moved {} within what they hold", way.quantity),
            verb => format!("{verb} {}", way.what(&value)),
        });
        each.collect::<Vec<_>>().join(" and ")
    }

    /// ` for $2,661,359.10`, ` at an odd price`; nothing of gifts.
    pub fn for_value(&self, way: &Way) -> String {
        if way.verb == "moved" { " within what they hold".to_owned() } else { way.for_value() }
    }
}

/// The one phrase for what some lots did; `None` where they did several things, or there are none.
fn verb_of<'a>(lots: impl Iterator<Item = &'a LotRecord>) -> Option<&'static str> {
    let verb = |lot: &LotRecord| {
        if lot.moved { Some("moved") } else { lot.code.map(|code| code.verb_of(lot.acquired_disposed)) }
    };
    let mut verbs: Vec<&str> = lots.filter_map(verb).collect();
    verbs.sort_unstable();
    verbs.dedup();
    if let [one] = verbs[..] { Some(one) } else { None }
}

pub(super) fn number_text(shares: Option<Shares>, is_at_least: bool) -> String {
    match shares {
        None => "an unknown number of".into(),
        Some(shares) if is_at_least => format!("at least {shares}"),
        Some(shares) => shares.to_string(),
    }
}

/// The wording of lots that go one way.
pub struct Way {
    /// What was done: `sold`.
    pub verb: &'static str,
    /// With how much: `24,133`, `$25,000,000.00 of principal`.
    pub number: String,
    /// The same with its unit: `24,133 shares`.
    pub quantity: String,
    /// Whether the number is principal of debt.
    pub is_principal: bool,
    sums: Sums,
}

impl Way {
    /// In the words that every medium uses.
    pub fn new(verb: &'static str, sums: Sums) -> Self {
        let shares = number_text(sums.shares, sums.shares_is_at_least);
        let principal = sums.principal.map(|principal| format!("{principal} of principal"));
        let (number, quantity) = match (&principal, sums.shares) {
            (Some(principal), None) => (principal.clone(), principal.clone()),
            (Some(principal), Some(_)) => {
                (format!("{shares} shares and {principal}"), format!("{shares} shares and {principal}"))
            }
            (None, _) => (shares.clone(), format!("{shares} shares")),
        };
        Self { verb, number, quantity, is_principal: principal.is_some(), sums }
    }

    /// For a headline: the value, or where that is unknown, odd or nothing the number.
    pub fn what(&self, text: impl Fn(Usd) -> String) -> String {
        let value = self.sums.value.filter(|value| !value.is_zero() && !self.sums.value_is_odd);
        let least = if self.sums.value_is_at_least { "at least " } else { "" };
        value.map_or_else(|| self.quantity.clone(), |value| format!("{least}{}", text(value)))
    }

    /// ` for $2,661,359.10`, ` for an unknown price`, ` at an odd price`; nothing where it is for nothing.
    pub fn for_value(&self) -> String {
        match self.sums.value {
            Some(_) if self.sums.value_is_odd => " at an odd price".to_owned(),
            Some(value) if value.is_zero() && !self.sums.value_is_at_least => String::new(),
            Some(value) if self.sums.value_is_at_least => format!(" for at least {value}"),
            Some(value) => format!(" for {value}"),
            None => " for an unknown price".to_owned(),
        }
    }
}
