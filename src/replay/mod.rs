//! An EDGAR on loopback, served from an archive of filings, and a Discord that records the messages it
//! receives: for the demo, tests and benchmarks. The EDGAR either serves all of its archive at once or plays
//! it, publishing each filing at its recorded time.

mod answer_faults;
mod answers;
mod archive;
mod discord;
mod documents;
mod edgar;
mod faults;
mod files;
mod log;
mod other_forms;
mod reply;
mod request;
mod rng;
mod server;
mod timeline;

pub use archive::{Archive, ArchiveError, Made, Maker, bundled};
pub use discord::WebhookSink;
pub use edgar::{ReplayedEdgar, Stage};
pub use faults::{Faults, Kind};
pub use log::Log;
