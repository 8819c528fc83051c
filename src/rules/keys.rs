//! Every key of a rule file, defined once: the reader, the JSON Schema and the errors all use these tables.

use super::wanted::Per;

/// One key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Its name as written.
    pub(super) name: &'static str,
    /// How its value is written.
    pub(super) shape: Shape,
    /// Its meaning, for an editor's hint.
    pub(super) about: &'static str,
}

/// How a value is written.
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
    Cluster,
    Cumulative,
    Group,
    Groups,
    Tests,
}

impl Shape {
    /// Describes it in words, with an example, for errors.
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
            Self::Cluster | Self::Cumulative => "a table like { within = \"7d\", … }",
            Self::Group => "a table of conditions like { roles = [\"ceo\"] }",
            Self::Groups => "a list of tables like [{ roles = [\"ceo\"] }, { min_value = 1_000_000 }]",
            Self::Tests => "[[rule.test]] tables",
        }
    }
}

/// The words of a table of words and meanings.
pub(super) const fn words<T: Copy, const N: usize>(table: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut i = 0;
    while i < N {
        words[i] = table[i].0;
        i += 1;
    }
    words
}

/// The keys of one table: for each, its text, its kind (a [`Shape`], or something that becomes one) and its
/// documentation.
macro_rules! keys {
    ($(#[$meta:meta])* $vis:vis enum $keys:ident: $kind:ty {
        $($key:ident = $name:literal, $value:expr, $about:literal;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        $vis enum $keys {
            $(#[doc = $about] $key,)+
        }

        impl $keys {
            /// All keys, in the order in which messages list them.
            pub(super) const ALL: &'static [Self] = &[$(Self::$key),+];

            /// Its name as written.
            $vis const fn name(self) -> &'static str {
                match self {
                    $(Self::$key => $name,)+
                }
            }

            pub(super) fn kind(self) -> $kind {
                match self {
                    $(Self::$key => $value,)+
                }
            }

            pub(super) fn key(self) -> $crate::rules::keys::Key {
                let about = match self {
                    $(Self::$key => $about,)+
                };
                $crate::rules::keys::Key { name: self.name(), shape: self.kind().into(), about }
            }

            pub(super) fn keys() -> impl Iterator<Item = $crate::rules::keys::Key> {
                Self::ALL.iter().map(|key| key.key())
            }
        }
    };
}
pub(super) use keys;

keys! {
    /// The keys of a rule besides its conditions.
    pub(super) enum RuleKey: Shape {
        Name = "name", Shape::Name,
            "Required, unique over all files. Subscriptions and alert keys depend on it.";
        Description = "description", Shape::Text,
            "For people: shown in alerts and in Discord's list of rules.";
        Enabled = "enabled", Shape::Flag,
            "false: the rule is checked, but sends no alerts.";
        Notify = "notify", Shape::Destinations,
            "Where its alerts go, besides the channels that subscribe.";
        Cooldown = "cooldown", Shape::Span,
            "After an alert about an issuer, it sends none about that issuer for this long.";
        Mention = "mention", Shape::Mentions,
            "Whom its messages on Discord ping: role:ID, user:ID, here, everyone.";
        Template = "template", Shape::Text,
            "The message's own words, a minijinja template over the names of docs/RULES.md.";
        Test = "test", Shape::Tests,
            "Filings, and what must happen for them; `sellbell check` runs them.";
    }
}

keys! {
    /// The keys of a rule's test.
    pub(super) enum TestKey: Shape {
        Filing = "filing", Shape::Text,
            "A submission's path, from the rule file's folder, or a bundled filing's accession number.";
        After = "after", Shape::Texts,
            "Earlier filings, in the same way.";
        Alerts = "alerts", Shape::Flag,
            "Whether the rule must send an alert.";
        Value = "value", Shape::Number,
            "What the lots that count must be worth together.";
        Shares = "shares", Shape::Number,
            "How many shares they must be together.";
        Because = "because", Shape::Text,
            "The condition that must prevent the alert.";
    }
}

keys! {
    /// The keys of `cluster`.
    pub(super) enum ClusterKey: Shape {
        Insiders = "insiders", Shape::Insiders,
            "How many different insiders; owners who report together count once.";
        Within = "within", Shape::Span,
            "From the first of their trades to the last.";
        MinValue = "min_value", Shape::Number,
            "Dollars that their trades are worth together, at least.";
    }
}

keys! {
    /// The keys of `cumulative`.
    pub(super) enum CumulativeKey: Shape {
        Per = "per", Shape::Word(const { &words(&Per::WORDS) }),
            "Whose trades are added up.";
        Within = "within", Shape::Span,
            "From the first trade to the last.";
        MinValue = "min_value", Shape::Number,
            "Dollars that they are worth together, at least.";
    }
}

impl RuleKey {
    /// The required keys of a rule.
    pub(super) const REQUIRED: &'static [Self] = &[Self::Name];
}

impl TestKey {
    /// The required keys of a test.
    pub(super) const REQUIRED: &'static [Self] = &[Self::Filing, Self::Alerts];
}

impl ClusterKey {
    /// The required keys of a `cluster`.
    pub(super) const REQUIRED: &'static [Self] = &[Self::Insiders, Self::Within];
}

impl CumulativeKey {
    /// The required keys of a `cumulative`.
    pub(super) const REQUIRED: &'static [Self] = &[Self::Within, Self::MinValue];
}

/// The names of some keys.
pub(super) fn names(keys: impl IntoIterator<Item = Key>) -> Vec<&'static str> {
    keys.into_iter().map(|key| key.name).collect()
}
