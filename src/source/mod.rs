//! Where filings come from: EDGAR over HTTP, politely, and archives on disk.

pub mod archive;
mod client;

pub use client::{Client, ClientError, FetchError, Trouble};
