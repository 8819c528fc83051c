//! Sums of lots, of which some may have no price or number: what they are at least, and at most where that is known.

use super::Truth;
use crate::filing::{Filing, Lot, Trade};

/// The lots of a group: those that surely count, and those of which that cannot be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Positions, ascending.
    pub(super) sure: Vec<usize>,
    /// Likewise; none of them is sure.
    pub(super) doubtful: Vec<usize>,
}

impl Counted {
    /// The lots of two groups together.
    pub(super) fn join(&mut self, other: Self) {
        self.sure.extend(other.sure);
        self.sure.sort_unstable();
        self.sure.dedup();
        self.doubtful.extend(other.doubtful);
        self.doubtful.sort_unstable();
        self.doubtful.dedup();
        self.doubtful.retain(|lot| !self.sure.contains(lot));
    }

    /// All of them as doubtful.
    pub(super) fn doubted(mut self) -> Self {
        let sure = std::mem::take(&mut self.sure);
        self.join(Self { sure: Vec::new(), doubtful: sure });
        self
    }

    /// All that may count.
    pub(super) fn all(&self) -> Vec<usize> {
        let mut all: Vec<usize> = self.sure.iter().chain(&self.doubtful).copied().collect();
        all.sort_unstable();
        all
    }

    pub(super) fn holds(&self) -> Truth {
        match (self.sure.is_empty(), self.doubtful.is_empty()) {
            (false, _) => Truth::Yes,
            (true, true) => Truth::No,
            (true, false) => Truth::Unknown,
        }
    }

    /// The figures of those that surely count.
    pub(super) fn trade(&self, filing: &Filing) -> Trade {
        trade(filing, self.sure.iter().copied())
    }

    /// The figures of all that may count.
    pub(super) fn most(&self, filing: &Filing) -> Trade {
        trade(filing, self.sure.iter().chain(&self.doubtful).copied())
    }
}

fn trade(filing: &Filing, lots: impl Iterator<Item = usize>) -> Trade {
    Trade::of(lots.filter_map(|lot| filing.lots.get(lot)).map(Lot::figures))
}

/// Whether a figure that is at least `least` and, where known, at most `most` reaches a threshold.
pub(super) fn reaches<T: PartialOrd>(least: T, most: Option<T>, threshold: T) -> Truth {
    if least >= threshold {
        return Truth::Yes;
    }
    match most {
        Some(most) if most < threshold => Truth::No,
        _ => Truth::Unknown,
    }
}

/// Whether it stays at or below a threshold.
pub(super) fn stays_below<T: PartialOrd>(least: T, most: Option<T>, threshold: T) -> Truth {
    if least > threshold {
        return Truth::No;
    }
    match most {
        Some(most) if most <= threshold => Truth::Yes,
        _ => Truth::Unknown,
    }
}
