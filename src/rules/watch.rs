//! Watches: rules that a channel makes in Discord with `/watch`, without a file. The name of such a rule says
//! all that it asks for, so channels that ask for the same share one rule.

use std::fmt;
use std::str::FromStr;

use super::condition::{Group, Selection};
use super::rule::Rule;
use super::wanted::RoleWanted;
use crate::filing::{Code, Plan, Usd, ticker_key};

/// How the names of watches begin; no rule of a file can have a name with a colon.
pub const WATCHES: &str = "watch:";
/// The longest ticker, in characters.
const LONGEST_TICKER: usize = 16;
const MIN: &str = "min=";
const ROLE: &str = "role=";
const NO_PLANS: &str = "no-plans";

/// What a channel watches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watch {
    /// The ticker, upper case.
    ticker: String,
    /// The trades that count.
    pub trades: WatchedTrades,
    /// The least value of the lots that count together, in dollars.
    pub min_value: Option<Usd>,
    /// The role that one of the owners must have.
    pub role: Option<WatchedRole>,
    /// True if trades under a 10b5-1 plan do not count.
    pub skips_plans: bool,
}

/// The trades that a watch is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchedTrades {
    /// Sales and purchases.
    Market,
    /// Sales.
    Sales,
    /// Purchases.
    Purchases,
    /// Transactions of every code, also of derivatives.
    All,
}

/// A role that a watch asks for, as its place in [`RoleWanted::WORDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchedRole(usize);

impl WatchedTrades {
    /// The words for it in commands and names.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("sales-and-purchases", Self::Market),
        ("sales", Self::Sales),
        ("purchases", Self::Purchases),
        ("everything", Self::All),
    ];

    /// The trades of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(own, _)| *own == word).map(|(_, trades)| *trades)
    }

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, own)| *own == self).map_or("", |(word, _)| word)
    }

    fn selection(self) -> Selection {
        let all = || ('A'..='Z').filter_map(|letter| letter.to_string().parse::<Code>().ok());
        match self {
            Self::Market => Selection { codes: [Code::SALE, Code::PURCHASE].into(), ..Selection::default() },
            Self::Sales => Selection::default(),
            Self::Purchases => Selection { codes: [Code::PURCHASE].into(), ..Selection::default() },
            Self::All => Selection {
                codes: all().filter(|code| code.meaning().is_some()).collect(),
                table: None,
                ..Selection::default()
            },
        }
    }
}

impl WatchedRole {
    /// All roles, with their words.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        RoleWanted::WORDS.iter().enumerate().map(|(place, (word, _))| (Self(place), *word))
    }

    /// The role of a word, or of the word in a watch's name.
    pub fn named(word: &str) -> Option<Self> {
        Self::all().find(|(_, own)| *own == word || slug(own) == word).map(|(role, _)| role)
    }

    fn word(self) -> &'static str {
        RoleWanted::WORDS.get(self.0).map_or("", |(word, _)| word)
    }
}

impl Watch {
    /// A watch of a ticker's sales and purchases; `None` for a text that cannot be a ticker.
    pub fn new(ticker: &str) -> Option<Self> {
        let ticker = ticker.trim().to_uppercase();
        let is_ticker = (1..=LONGEST_TICKER).contains(&ticker.len())
            && ticker.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
            && !ticker_key(&ticker).is_empty();
        let (trades, min_value, role, skips_plans) = (WatchedTrades::Market, None, None, false);
        is_ticker.then_some(Self { ticker, trades, min_value, role, skips_plans })
    }

    /// The ticker, upper case.
    pub fn ticker(&self) -> &str {
        &self.ticker
    }

    /// True if another watch is about the same ticker, in whatever spelling.
    pub fn is_of(&self, ticker: &str) -> bool {
        ticker_key(&self.ticker) == ticker_key(ticker)
    }

    /// The rule that it stands for.
    pub fn rule(&self) -> Rule {
        let selection = Selection {
            plan: if self.skips_plans { vec![Plan::No, Plan::Unknown] } else { Vec::new() },
            ..self.trades.selection()
        };
        let roles = self.role.and_then(|role| RoleWanted::WORDS.get(role.0)).map(|(_, role)| *role);
        let conditions = Group {
            tickers: [self.ticker.clone()].into(),
            roles: roles.into_iter().collect(),
            selection,
            min_value: self.min_value,
            ..Group::default()
        };
        Rule {
            name: self.to_string(),
            description: Some(self.in_words()),
            enabled: true,
            conditions,
            notify: Vec::new(),
            cooldown: None,
            mention: Vec::new(),
            template: None,
            tests: Vec::new(),
            file: "a channel's watch".to_owned(),
            place: None,
        }
    }

    /// What it is about: `QLYS: sales of $1.00M or more by the CFO, not under a 10b5-1 plan`.
    pub fn in_words(&self) -> String {
        let trades = match self.trades {
            WatchedTrades::Market => "sales and purchases",
            WatchedTrades::Sales => "sales",
            WatchedTrades::Purchases => "purchases",
            WatchedTrades::All => "all transactions",
        };
        let value = self.min_value.map(|value| format!(" of {} or more", value.short())).unwrap_or_default();
        let role = self.role.map(|role| format!(" by {}", person(role.word()))).unwrap_or_default();
        let plans = if self.skips_plans { ", without 10b5-1 plans" } else { "" };
        format!("{}: {trades}{value}{role}{plans}", self.ticker)
    }
}

/// A role's word within a name: `10-owner`.
fn slug(word: &str) -> String {
    word.replace('%', "").replace(' ', "-")
}

/// A role with its article.
fn person(word: &str) -> String {
    match word {
        "ceo" | "cfo" | "coo" => format!("the {}", word.to_uppercase()),
        "president" | "chair" | "general counsel" => format!("the {word}"),
        "other officer" => "another officer".to_owned(),
        "officer" => "an officer".to_owned(),
        "other" => "another kind of owner".to_owned(),
        _ => format!("a {word}"),
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{WATCHES}{}:{}", self.ticker, self.trades.word())?;
        if let Some(value) = self.min_value {
            write!(f, ":{MIN}{}", value.plain())?;
        }
        if let Some(role) = self.role {
            write!(f, ":{ROLE}{}", slug(role.word()))?;
        }
        if self.skips_plans {
            write!(f, ":{NO_PLANS}")?;
        }
        Ok(())
    }
}

impl FromStr for Watch {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let mut parts = name.strip_prefix(WATCHES).ok_or(())?.split(':');
        let mut watch = Self::new(parts.next().ok_or(())?).ok_or(())?;
        watch.trades = parts.next().and_then(WatchedTrades::named).ok_or(())?;
        for part in parts {
            match part.split_at_checked(MIN.len()) {
                Some((MIN, value)) => watch.min_value = Some(value.parse().map_err(drop)?),
                _ if part == NO_PLANS => watch.skips_plans = true,
                _ => {
                    let role = part.strip_prefix(ROLE).and_then(WatchedRole::named);
                    watch.role = Some(role.ok_or(())?);
                }
            }
        }
        if watch.to_string() == name { Ok(watch) } else { Err(()) }
    }
}

/// A rule's name as people read it: a watch's is long.
pub fn label(name: &str) -> String {
    name.parse::<Watch>().map_or_else(|()| name.to_owned(), |watch| format!("watch {}", watch.ticker))
}

/// True if a rule is a channel's watch, and not from a file.
pub fn is_watch(name: &str) -> bool {
    name.starts_with(WATCHES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_its_name() {
        let plain = Watch::new("qlys").unwrap();
        let all = Watch {
            trades: WatchedTrades::All,
            min_value: Some("1000000.50".parse().unwrap()),
            role: WatchedRole::named("10% owner"),
            skips_plans: true,
            ..Watch::new("BRK.B").unwrap()
        };
        for (watch, name, words) in [
            (plain, "watch:QLYS:sales-and-purchases", "QLYS: sales and purchases"),
            (
                all,
                "watch:BRK.B:everything:min=1000000.5:role=10-owner:no-plans",
                "BRK.B: all transactions of $1.00M or more by a 10% owner, without 10b5-1 plans",
            ),
        ] {
            assert_eq!(watch.to_string(), name);
            assert_eq!(name.parse(), Ok(watch.clone()));
            assert_eq!(watch.in_words(), words);
            let rule = watch.rule();
            assert_eq!((rule.name.as_str(), rule.conditions.tickers.len()), (name, 1));
            assert_eq!(label(name), format!("watch {}", watch.ticker()));
        }
        for name in
            ["", "watch:", "watch:QLYS", "watch:QLYS:x", "watch:qlys:sales", "watch:QLYS:sales:min=-1", "a"]
        {
            assert_eq!(name.parse::<Watch>(), Err(()), "{name}");
        }
        for ticker in ["", "  ", "A B", "@everyone", "$", "ABCDEFGHIJKLMNOPQ", ".-"] {
            assert!(Watch::new(ticker).is_none(), "{ticker}");
        }
    }

    #[test]
    fn each_role_and_kind_of_trade_reads_as_it_is_written() {
        for (role, word) in WatchedRole::all() {
            let watch = Watch { role: Some(role), ..Watch::new("A").unwrap() };
            assert_eq!(watch.to_string().parse(), Ok(watch), "{word}");
        }
        for (word, trades) in WatchedTrades::WORDS {
            let watch = Watch { trades, ..Watch::new("A").unwrap() };
            assert_eq!(watch.to_string().parse(), Ok(watch.clone()), "{word}");
            assert!(watch.rule().conditions.issuers().is_some());
        }
    }
}
