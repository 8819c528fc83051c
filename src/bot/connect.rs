//! Connects to the gateway: encrypted if its address says so, within limits, and only where configured.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

use crate::trust::Roots;

/// How long it may take to connect, or to send something.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// The most bytes in a message and in a frame. The largest message describes a server: with 500 channels that
/// each have dozens of permission overwrites, 1,000 threads, 250 roles and hundreds of emojis, it has several
/// megabytes. One message at a time is held, and only a small part of it is kept. Discord compresses only on
/// request, and this library does not decompress.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The most bytes that wait to be sent, such as answers to pings that nobody reads.
const MOST_UNSENT: usize = 1024 * 1024;

/// An encrypted stream, or an unencrypted one to a proxy.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) type Socket = WebSocketStream<Box<dyn Stream>>;

/// Connects to an address that was already validated. Redirects are not followed.
pub(super) async fn connect(address: &Url) -> Result<Socket, String> {
    match timeout(PATIENCE, open(address)).await {
        Ok(opened) => opened,
        Err(_) => Err("it did not answer in time".to_owned()),
    }
}

async fn open(address: &Url) -> Result<Socket, String> {
    let unreachable = |_| "it cannot be reached, or hung up".to_owned();
    let insecure = || "no secure connection could be made".to_owned();
    let unusable = || "its address cannot be used".to_owned();
    let host = address.host_str().ok_or_else(unusable)?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = address.port_or_known_default().ok_or_else(unusable)?;
    let plain = TcpStream::connect((bare, port)).await.map_err(unreachable)?;
    let stream: Box<dyn Stream> = match address.scheme() {
        "wss" => {
            let name = ServerName::try_from(bare.to_owned()).map_err(|_| unusable())?;
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|_| insecure())?
                .with_root_certificates(Roots::default().with_built_in())
                .with_no_client_auth();
            let connector = TlsConnector::from(Arc::new(config));
            Box::new(connector.connect(name, plain).await.map_err(|_| insecure())?)
        }
        _ => Box::new(plain),
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MOST_BYTES))
        .max_frame_size(Some(MOST_BYTES))
        .max_write_buffer_size(MOST_UNSENT);
    let opened = client_async_with_config(address.as_str(), stream, Some(config)).await;
    opened.map(|(socket, _)| socket).map_err(|error| words(&error))
}

/// An error in words, without an address.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::Http(answer) if answer.status().is_redirection() => {
            format!("it answers {}, and redirects are not followed", answer.status().as_u16())
        }
        Error::Http(answer) => format!("it answers {}", answer.status().as_u16()),
        Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed => {
            "it cannot be reached, or hung up".to_owned()
        }
        Error::Capacity(_) => format!("it sent a message of more than {} kB", MOST_BYTES / 1024),
        Error::Tls(_) => "no secure connection could be made".to_owned(),
        _ => "the connection failed".to_owned(),
    }
}
