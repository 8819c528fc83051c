//! Operations shared by the command line, the bot and HTTP.

mod explain;
mod filings;
mod latency;
mod sample;
mod status;
mod subscribe;

pub use explain::{Explained, ExplainedDelivery, Explainer};
pub use filings::{accession_named, filing_in_file, filing_of_test, unreadable};
pub use latency::{LatencyStatus, Quantiles};
pub use sample::{SampleError, sample};
pub use status::{MuteLine, ReceiptLine, Running, Status, status};
pub use subscribe::{
    NotSubscribed, SetAsideLine, Subscribed, SubscriptionLine, Subscriptions, subscribe, subscriptions,
    unsubscribe,
};
