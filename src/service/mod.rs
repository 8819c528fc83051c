//! Operations shared by the command line, the bot and HTTP.

mod digests;
mod explain;
mod filings;
mod latency;
mod lookup;
mod sample;
mod status;
mod subscribe;
mod subscriptions;
mod unsubscribe;

pub use digests::{DigestPreview, NoDigest, Previewer, SentDigest, digest_inboxes, send_digests};
pub use explain::{Explained, ExplainedDelivery, Explainer};
pub use filings::{accession_named, filing_in_file, filing_of_test, unreadable};
pub use latency::{LatencyStatus, Quantiles};
pub use lookup::{Found, Lookup};
pub use sample::{SampleError, sample};
pub use status::{MuteLine, ReceiptLine, Running, Status, status};
pub use subscribe::{Subscribed, forget, subscribe, unsubscribe, watch};
pub use subscriptions::{NotSubscribed, SetAsideLine, SubscriptionLine, Subscriptions, subscriptions};
pub use unsubscribe::{Reader, gets_emails, reader_of, set_emails};
