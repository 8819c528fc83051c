//! Wakes loops before their time.

use std::sync::Arc;

use tokio::sync::Notify;

/// Wakes the loops. Clones wake the same ones.
#[derive(Debug, Clone, Default)]
pub struct Wakes {
    /// A delivery was queued.
    pub queued: Arc<Notify>,
    /// A filing became pending, or work that waits for EDGAR no longer needs to wait.
    pub pending: Arc<Notify>,
    /// Something was muted, or a trouble is held back: housekeeping is due at another time.
    pub housekeeping: Arc<Notify>,
}
