//! How long to wait before trying again, as pure functions.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(60 * 60);
const SOON: Duration = Duration::from_millis(250);

/// The wait after the `attempt`-th failure (from 1): two seconds, doubled each time up to an hour, plus up to
/// a quarter more depending on `seed`, so that deliveries that failed together are not retried together.
pub fn delay(attempt: u32, seed: u64) -> Duration {
    backed_off(FIRST, attempt, seed)
}

/// The wait before a request with a passing failure is repeated: a quarter of a second, doubled each time,
/// plus up to a quarter more depending on `seed`.
pub fn soon(attempt: u32, seed: u64) -> Duration {
    backed_off(SOON, attempt, seed)
}

fn backed_off(first: Duration, attempt: u32, seed: u64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(20)));
    let base = doubled.min(LONGEST);
    let mixed = (seed ^ u64::from(attempt)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
    base + base.mul_f64(mixed as f64 / 4096.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_a_quarter() {
        for seed in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
            for attempt in 1..=200 {
                let doubled = |first: Duration| first.as_secs_f64() * 2_f64.powi(attempt.min(30) as i32 - 1);
                for (wait, first) in [(delay(attempt, seed), FIRST), (soon(attempt, seed), SOON)] {
                    let base = doubled(first).min(LONGEST.as_secs_f64());
                    let wait = wait.as_secs_f64();
                    assert!((base..=base * 1.25).contains(&wait), "{attempt}: {wait}");
                }
            }
        }
        assert_ne!(delay(3, 1), delay(3, 2));
        assert!(delay(0, 0) >= FIRST && delay(u32::MAX, 0) <= LONGEST.mul_f64(1.25));
    }
}
