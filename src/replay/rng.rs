//! Random numbers that are the same in every run: splitmix64.

/// A generator whose numbers depend only on its seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rng(u64);

impl Rng {
    /// The generator for this seed and number.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        Self(mixed(seed) ^ mixed(number.wrapping_add(0x632b_e59b_d9b4_e019)))
    }

    /// A number below `end`; 0 if `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// A position below `end`; 0 if `end` is 0.
    pub(super) fn place(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        // A float holds 53 bits.
        ((self.next() >> 11) as f64) < probability * (1_u64 << 53) as f64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
