//! The faults of a replayed EDGAR, and when they happen.

use chrono::{DateTime, Utc};

use super::rng::Rng;

/// Which requests go wrong, and how. The same in every run.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    plan: Plan,
}

#[derive(Debug, Clone, Default)]
enum Plan {
    #[default]
    None,
    Storm {
        seed: u64,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        rate: f64,
        kinds: &'static [Kind],
    },
    Only(Vec<(u64, Kind)>),
}

/// The fault of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A page of the feed ends in the middle of its XML.
    FeedCut,
    /// A page of the feed is well formed but has fewer entries.
    FeedShort,
    /// A page of the feed has no entries.
    FeedEmpty,
    /// A page of the feed is minutes or hours old, or from yesterday.
    FeedStale,
    /// A web page with status 200.
    HtmlPage,
    /// The page of the rate limit with status 403. From then on everything is blocked until 10 minutes pass
    /// without a request.
    RateBlock,
    /// The same with status 200.
    RateBlockOk,
    /// The page about the undeclared tool, although the tool is declared.
    AgentRefused,
    /// S3's `AccessDenied` for a document that exists.
    AccessDenied,
    /// Status 403 with unknown wording.
    Forbidden,
    /// The page "File Unavailable", at any position in the feed.
    FileUnavailable,
    /// Status 503.
    Unavailable,
    /// Status 503, with a `Retry-After` that is a date.
    UnavailableUntil,
    /// Status 500.
    ServerError,
    /// Status 502.
    BadGateway,
    /// Status 429.
    TooMany,
    /// Status 429, with `Retry-After: 30`.
    TooManyWait,
    /// No answer at all.
    Silence,
    /// The connection breaks in the middle of the body.
    Reset,
    /// The body is shorter than its `Content-Length`, and the connection ends.
    ShortBody,
    /// A submission ends before its form does, with no other sign of it.
    SubmissionCut,
    /// The submission of another accession.
    OtherSubmission,
    /// A daily index without its last lines, with no other sign of it.
    IndexCut,
    /// A daily index does not exist until up to 12 hours after its time.
    IndexLate,
}

/// The kind of document that a request asks for, as far as it matters for faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Feed,
    Submission,
    Index,
    Other,
}

/// One fault in this many is a refused user agent, which only a person can fix.
const AGENT_ONE_IN: u64 = 20;
/// More than one in four kinds can affect any answer, so this many draws nearly always find one.
const MOST_DRAWN: usize = 8;

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// From `from` until `until`, a request has a fault with this probability. Which requests, and which
    /// kind, follows from the seed and the request's number.
    pub fn storm(seed: u64, from: DateTime<Utc>, until: DateTime<Utc>, rate: f64) -> Self {
        Self { plan: Plan::Storm { seed, from, until, rate, kinds: &Kind::ALL } }
    }

    /// The same, with only these kinds of faults.
    pub fn of_kinds(mut self, only: &'static [Kind]) -> Self {
        if let Plan::Storm { kinds, .. } = &mut self.plan {
            *kinds = only;
        }
        self
    }

    /// These requests, numbered from 1 in order of arrival, have these faults if possible.
    pub fn only(faults: Vec<(u64, Kind)>) -> Self {
        Self { plan: Plan::Only(faults) }
    }

    /// The fault of a request, with a generator for what it leaves open, followed by replacements in case it
    /// cannot affect the answer. Empty if nothing goes wrong.
    pub(super) fn of(&self, number: u64, now: DateTime<Utc>, endpoint: Endpoint) -> Vec<(Kind, Rng)> {
        match &self.plan {
            Plan::None => Vec::new(),
            Plan::Storm { seed, from, until, rate, kinds } => {
                let mut rng = Rng::new(*seed, number);
                let blows = *from <= now && now < *until && rng.chance(*rate);
                let drawn =
                    (0..MOST_DRAWN).filter_map(|_| Some((Kind::drawn(kinds, endpoint, &mut rng)?, rng)));
                if blows { drawn.collect() } else { Vec::new() }
            }
            Plan::Only(faults) => {
                let met = faults.iter().find(|(at, kind)| *at == number && kind.suits(endpoint));
                met.map(|(_, kind)| (*kind, Rng::new(0, number))).into_iter().collect()
            }
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::FeedCut,
        Self::FeedShort,
        Self::FeedEmpty,
        Self::FeedStale,
        Self::HtmlPage,
        Self::RateBlock,
        Self::RateBlockOk,
        Self::AgentRefused,
        Self::AccessDenied,
        Self::Forbidden,
        Self::FileUnavailable,
        Self::Unavailable,
        Self::UnavailableUntil,
        Self::ServerError,
        Self::BadGateway,
        Self::TooMany,
        Self::TooManyWait,
        Self::Silence,
        Self::Reset,
        Self::ShortBody,
        Self::SubmissionCut,
        Self::OtherSubmission,
        Self::IndexCut,
        Self::IndexLate,
    ];

    /// The kinds after which an immediate retry may succeed: nothing blocks us or asks to wait.
    pub const PASSING: [Self; 15] = [
        Self::FeedCut,
        Self::FeedShort,
        Self::FeedEmpty,
        Self::FeedStale,
        Self::HtmlPage,
        Self::AccessDenied,
        Self::FileUnavailable,
        Self::Unavailable,
        Self::ServerError,
        Self::BadGateway,
        Self::Silence,
        Self::Reset,
        Self::ShortBody,
        Self::SubmissionCut,
        Self::OtherSubmission,
    ];

    fn drawn(kinds: &[Self], endpoint: Endpoint, rng: &mut Rng) -> Option<Self> {
        if rng.below(AGENT_ONE_IN) == 0 && kinds.contains(&Self::AgentRefused) {
            return Some(Self::AgentRefused);
        }
        let suits = |kind: &&Self| **kind != Self::AgentRefused && kind.suits(endpoint);
        let kinds: Vec<&Self> = kinds.iter().filter(suits).collect();
        kinds.get(rng.place(kinds.len())).map(|kind| **kind)
    }

    fn suits(self, endpoint: Endpoint) -> bool {
        match self {
            Self::FeedCut | Self::FeedShort | Self::FeedEmpty | Self::FeedStale | Self::FileUnavailable => {
                endpoint == Endpoint::Feed
            }
            Self::SubmissionCut | Self::OtherSubmission => endpoint == Endpoint::Submission,
            Self::IndexCut | Self::IndexLate => endpoint == Endpoint::Index,
            Self::HtmlPage | Self::AccessDenied => endpoint != Endpoint::Other,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_storm_blows_at_its_rate_in_its_time_and_with_all_kinds() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (from, until) = (at("2023-03-08T11:00:00Z"), at("2023-03-08T12:00:00Z"));
        let storm = Faults::storm(7, from, until, 0.25);
        let mut met: BTreeMap<Kind, usize> = BTreeMap::new();
        for number in 0..30_000 {
            for endpoint in [Endpoint::Feed, Endpoint::Submission, Endpoint::Index, Endpoint::Other] {
                assert!(storm.of(number, until, endpoint).is_empty());
                if let Some(&(kind, _)) = storm.of(number, from, endpoint).first() {
                    assert!(kind.suits(endpoint));
                    *met.entry(kind).or_default() += 1;
                }
            }
        }
        let all: usize = met.values().sum();
        assert!((29_000..31_000).contains(&all), "{all}");
        assert_eq!(met.len(), Kind::ALL.len());
        let refused = met[&Kind::AgentRefused];
        assert!((1_300..1_700).contains(&refused), "{refused}");
    }
}
