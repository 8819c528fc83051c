//! An EDGAR on loopback, served from an archive of filings, and a Discord that writes down what it is sent: for the demo,
//! for tests and benchmarks. The EDGAR holds all of its archive at once, or plays it: each filing comes out at its recorded time.

mod archive;
mod asked;
mod dice;
mod discord;
mod documents;
mod edgar;
mod faults;
mod files;
mod log;
mod mixed;
mod reply;
mod shelf;
mod spoil;

pub use archive::{Archive, ArchiveError, Made, Maker, bundled};
pub use discord::WebhookSink;
pub use edgar::{ReplayedEdgar, Stage};
pub use faults::{Faults, Kind};
pub use log::Log;

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server on loopback that ends with this value.
#[derive(Debug)]
struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // It serves until the task is ended; an error of accept is handled within.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task })
    }

    fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
