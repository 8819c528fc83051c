//! Where filings come from: EDGAR over HTTP, politely.

mod client;

pub use client::{Client, ClientError, FetchError, Trouble};
