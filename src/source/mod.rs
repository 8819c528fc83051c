//! Where filings come from: EDGAR over HTTP, politely, and archives on disk.

pub mod archive;
mod client;
mod error;
mod health;
mod limiter;
mod request;

pub use client::Client;
pub use error::{ClientError, FetchError, Trouble};
pub use health::Outage;
pub use limiter::Priority;
pub use request::Traffic;
