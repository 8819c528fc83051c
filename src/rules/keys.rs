//! Every key of a rule file, once: what the reader takes, what the JSON Schema says, what errors list.

use super::condition::{Amendments, Per, RoleWanted, Way};
use crate::filing::{Intent, Ownership, Plan, Table};

/// One key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What stands behind it.
    pub(super) shape: Shape,
    /// What it means, for an editor's hint.
    pub(super) about: &'static str,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Name,
    Text,
    Flag,
    Tickers,
    Ciks,
    Owners,
    Forms,
    Codes,
    Texts,
    Sics,
    Countries,
    Currencies,
    Destinations,
    Mentions,
    Word(&'static [&'static str]),
    Words(&'static [&'static str]),
    Number,
    Percent,
    Span,
    Insiders,
    Table(&'static [Key], &'static [&'static str]),
    Group,
    Groups,
    Tests,
}

impl Shape {
    /// In words, with an example, for errors.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Name => "a name of a-z, 0-9, - and _, like \"qualys-sales\"",
            Self::Text => "a text in quotes",
            Self::Flag => "true or false",
            Self::Tickers => "a list of tickers like [\"QLYS\"]",
            Self::Ciks => "a list of CIKs like [320193]",
            Self::Owners => "a list of names or CIKs like [\"Courtot Philippe\", 1204560]",
            Self::Forms => "a list of forms like [\"4\", \"4/A\"]",
            Self::Codes => "a list of transaction codes like [\"S\"]",
            Self::Texts => "a list of texts like [\"Common Stock\"]",
            Self::Sics => "a list of industry codes, or their first digits, like [\"7372\", \"73\"]",
            Self::Countries => "a list of countries like [\"Israel\", \"TW\"]",
            Self::Currencies => "a list of currencies like [\"USD\", \"TWD\"]",
            Self::Destinations => "a list of destinations like [\"terminal\", \"discord:alerts\"]",
            Self::Mentions => "a list like [\"role:1103812345678901234\"]",
            Self::Word(_) => "a word in quotes",
            Self::Words(_) => "a list of words in quotes",
            Self::Number => "a whole number like 1_000_000, or a decimal in quotes like \"0.50\"",
            Self::Percent => "a share in percent like \"10%\"",
            Self::Span => "a span of time like \"12h\", \"7d\", \"2w\", \"12mo\" or \"1y\", at most 30 years",
            Self::Insiders => "a whole number, at least 2",
            Self::Table(..) => "a table like { within = \"7d\", … }",
            Self::Group => "a table of conditions like { roles = [\"ceo\"] }",
            Self::Groups => "a list of tables like [{ roles = [\"ceo\"] }, { min_value = 1_000_000 }]",
            Self::Tests => "[[rule.test]] tables",
        }
    }
}

pub(super) const TABLES: [(&str, Option<Table>); 3] =
    [("non-derivative", Some(Table::NonDerivative)), ("derivative", Some(Table::Derivative)), ("any", None)];
pub(super) const OWNERSHIPS: [(&str, Ownership); 2] =
    [("direct", Ownership::Direct), ("indirect", Ownership::Indirect)];
pub(super) const PLANS: [(&str, Plan); 3] =
    [("yes", Plan::Yes), ("no", Plan::No), ("unknown", Plan::Unknown)];
pub(super) const INTENTS: [(&str, Intent); 7] = [
    ("involuntary", Intent::Involuntary),
    ("offering", Intent::Offering),
    ("to-issuer", Intent::ToIssuer),
    ("sell-to-cover", Intent::SellToCover),
    ("plan", Intent::Plan),
    ("discretionary", Intent::Discretionary),
    ("unknown", Intent::Unknown),
];

const fn names<T: Copy, const N: usize>(words: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = words[i].0;
        i += 1;
    }
    names
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about }
}

pub(super) const CLUSTER: &[Key] = &[
    key("insiders", Shape::Insiders, "How many different insiders; owners who report together count once."),
    key("within", Shape::Span, "From the first of their trades to the last."),
    key("min_value", Shape::Number, "Dollars that their trades are worth together, at least."),
];

pub(super) const CUMULATIVE: &[Key] = &[
    key("per", Shape::Word(&names(&Per::WORDS)), "Whose trades are added up."),
    key("within", Shape::Span, "From the first trade to the last."),
    key("min_value", Shape::Number, "Dollars that they are worth together, at least."),
];

/// The keys of the lots, which groups inherit.
pub(super) const SELECTION: &[&str] = &[
    "codes",
    "table",
    "securities",
    "ownership",
    "direction",
    "plan",
    "intents",
    "exclude_intents",
    "currency",
    "min_price",
    "max_price",
];

/// The conditions.
pub(super) const CONDITIONS: &[Key] = &[
    key("tickers", Shape::Tickers, "The issuer has one of these tickers."),
    key("ciks", Shape::Ciks, "The issuer is one of these companies, by EDGAR's own key."),
    key(
        "owners",
        Shape::Owners,
        "One of the reporting persons is one of these, by words of the name or by CIK.",
    ),
    key(
        "sic",
        Shape::Sics,
        "The issuer's Standard Industrial Classification is one of these, or begins with their digits.",
    ),
    key("sector", Shape::Texts, "The title of that classification has the words of one of these."),
    key(
        "country",
        Shape::Countries,
        "The issuer has its address, or is incorporated, in one of these countries or states.",
    ),
    key(
        "foreign",
        Shape::Flag,
        "Whether the issuer's address is outside the United States, or it has a symbol of another market.",
    ),
    key("forms", Shape::Forms, "The filing is one of these forms."),
    key("amendments", Shape::Word(&names(&Amendments::WORDS)), "Whether amendments (4/A) are meant."),
    key("filed_late", Shape::Flag, "Whether a lot that counts was reported after the second business day."),
    key(
        "roles",
        Shape::Words(&names(&RoleWanted::WORDS)),
        "One of the reporting persons has one of these roles.",
    ),
    key(
        "exclude_roles",
        Shape::Words(&names(&RoleWanted::WORDS)),
        "No reporting person has one of these roles.",
    ),
    key("codes", Shape::Codes, "Which lots count, by transaction code. Left out: S, sales."),
    key("table", Shape::Word(&names(&TABLES)), "Which lots count, by table. Left out: non-derivative."),
    key("securities", Shape::Texts, "Which lots count, by words of the security's title."),
    key("ownership", Shape::Word(&names(&OWNERSHIPS)), "Which lots count, by how they are held."),
    key(
        "direction",
        Shape::Word(&names(&Way::WORDS)),
        "Which lots count, by the way they go. Left out: either, but of gifts (G) those that are made.",
    ),
    key(
        "plan",
        Shape::Words(&names(&PLANS)),
        "Which lots count, by 10b5-1 plan. Unknown is neither yes nor no.",
    ),
    key(
        "intents",
        Shape::Words(&names(&INTENTS)),
        "Which lots count, by the reason that the filing gives for a sale.",
    ),
    key(
        "exclude_intents",
        Shape::Words(&names(&INTENTS)),
        "Which lots do not count, by the reason for a sale.",
    ),
    key("currency", Shape::Currencies, "Which lots count, by the currency of the price (ISO 4217)."),
    key("min_price", Shape::Number, "Which lots count: at this price in dollars a share or above."),
    key("max_price", Shape::Number, "Which lots count: at this price in dollars a share or below."),
    key("min_value", Shape::Number, "The lots that count are worth at least this many dollars together."),
    key("max_value", Shape::Number, "The lots that count are worth at most this many dollars together."),
    key(
        "min_shares",
        Shape::Number,
        "The lots of one security that count are at least this many shares together.",
    ),
    key("min_share_of_holdings", Shape::Percent, "They are at least this share of what was held before."),
    key(
        "min_stake_reduction",
        Shape::Percent,
        "The stake in a security of theirs is smaller after the filing than before it by at least this share.",
    ),
    key(
        "cluster",
        Shape::Table(CLUSTER, &["insiders", "within"]),
        "Several insiders do the like within a span.",
    ),
    key("cumulative", Shape::Table(CUMULATIVE, &["within", "min_value"]), "It adds up within a span."),
    key("first_in", Shape::Span, "The owner did nothing of the kind for so long before."),
    key(
        "largest_in",
        Shape::Span,
        "It is worth more than anything of the kind that the owner did for so long.",
    ),
    key(
        "reversal_after",
        Shape::Span,
        "The owner's last trade on the market, so long ago at most, was the opposite.",
    ),
    key("any", Shape::Groups, "At least one of these groups of conditions holds."),
    key("not", Shape::Group, "This group of conditions does not hold."),
    key("when", Shape::Text, "An expression over the names of docs/RULES.md that is true."),
];

/// The keys of a rule besides its conditions.
pub(super) const RULE: &[Key] = &[
    key("name", Shape::Name, "Required, unique over all files. Subscriptions and alert keys hold on to it."),
    key("description", Shape::Text, "For people: shown in alerts and in Discord's list of rules."),
    key("enabled", Shape::Flag, "false: the rule is checked, and does not ring."),
    key("notify", Shape::Destinations, "Where its alerts go, besides the channels that subscribe."),
    key(
        "cooldown",
        Shape::Span,
        "After it rang for an issuer it does not ring for that one again for so long.",
    ),
    key("mention", Shape::Mentions, "Whom its messages on Discord ping: role:ID, user:ID, here, everyone."),
    key(
        "template",
        Shape::Text,
        "The message's own words, a minijinja template over the names of docs/RULES.md.",
    ),
    key("test", Shape::Tests, "Filings, and what must happen for them; `sellbell check` runs them."),
];

pub(super) const TEST: &[Key] = &[
    key(
        "filing",
        Shape::Text,
        "A submission's path, from the rule file's folder, or a bundled filing's accession.",
    ),
    key("after", Shape::Texts, "Filings that came before it, likewise."),
    key("rings", Shape::Flag, "Whether the rule must ring."),
    key("value", Shape::Number, "What the lots that count must be worth together."),
    key("shares", Shape::Number, "How many shares they must be together."),
    key("because", Shape::Text, "The condition that must keep it silent."),
];

/// The names of some keys.
pub(super) fn listed<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Vec<&'static str> {
    keys.into_iter().map(|key| key.name).collect()
}

/// What must stand behind a key, in words.
pub(super) fn expected(name: &str) -> &'static str {
    let all = RULE.iter().chain(CONDITIONS).chain(CLUSTER).chain(CUMULATIVE).chain(TEST);
    all.into_iter().find(|key| key.name == name).map_or("another value", |key| key.shape.expected())
}
