//! Where filings come from: EDGAR over HTTP, politely, and archives on disk.

pub mod archive;
mod client;
mod limiter;

pub use client::{Asked, Client, ClientError, FetchError, Trouble};
pub use limiter::Priority;
