//! An answer before it is sent, and the pages that EDGAR returns instead of documents.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};

/// A complete answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    headers: Vec<(HeaderName, String)>,
}

/// The bytes on the wire.
#[derive(Debug)]
pub(super) enum Sent {
    /// All of it.
    Whole(Reply),
    /// This many bytes of it, then the connection breaks.
    Broken(Reply, usize),
    /// This many bytes of it, although its full length is declared.
    Short(Reply, usize),
    /// Nothing, ever.
    Nothing,
}

impl Reply {
    /// A document.
    pub(super) fn document(kind: &str, body: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, body, headers: Vec::new() }.with(header::CONTENT_TYPE, kind.into())
    }

    /// An HTML page.
    pub(super) fn page(status: StatusCode, title: &str, text: &str) -> Self {
        let html = format!(
            "<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
        );
        Self { status, ..Self::document("text/html", html.into_bytes()) }
    }

    /// The page for a client that sends too many requests, with status 403 or 200.
    pub(super) fn rate_block(status: StatusCode) -> Self {
        let text = "Your request rate has exceeded the SEC's maximum allowable requests per second. Your access to SEC.gov will \
            be limited for 10 minutes.";
        Self::page(status, "SEC.gov | Request Rate Threshold Exceeded", text)
    }

    /// The page for a client that does not identify itself.
    pub(super) fn undeclared() -> Self {
        let title = "SEC.gov | Your Request Originates from an Undeclared Automated Tool";
        let text = "Please declare your traffic by updating your user agent to include company specific information.";
        Self::page(StatusCode::FORBIDDEN, title, text)
    }

    /// S3's answer for a file that does not exist.
    pub(super) fn access_denied() -> Self {
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>\
            <RequestId>0000000000000000</RequestId><HostId>0</HostId></Error>";
        Self { status: StatusCode::FORBIDDEN, ..Self::document("application/xml", xml.into()) }
    }

    /// The page after the feed's end.
    pub(super) fn file_unavailable() -> Self {
        let text = "The file you requested is not available at this time.";
        Self::page(StatusCode::SERVICE_UNAVAILABLE, "SEC.gov | File Unavailable", text)
    }

    /// The page for something that does not exist.
    pub(super) fn not_found() -> Self {
        let text = "The requested document was not found.";
        Self::page(StatusCode::NOT_FOUND, "SEC.gov | File Not Found Error Alert (404)", text)
    }

    /// The same with one more header.
    pub(super) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same with another body.
    pub(super) fn holding(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

impl Sent {
    /// How many bytes of the body are sent.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Whole(reply) => reply.body.len(),
            Self::Broken(_, bytes) | Self::Short(_, bytes) => *bytes,
            Self::Nothing => 0,
        }
    }

    /// The answer as an HTTP response.
    pub(super) fn response(self) -> Response {
        let (mut reply, body) = match self {
            Self::Whole(mut reply) => {
                let body = std::mem::take(&mut reply.body);
                (reply, Body::from(body))
            }
            Self::Broken(mut reply, bytes) => {
                let body = ending(&mut reply, bytes, Some(io::ErrorKind::ConnectionReset));
                (reply, body)
            }
            Self::Short(reply, bytes) => {
                let length = reply.body.len().to_string();
                let mut reply = reply.with(header::CONTENT_LENGTH, length);
                let body = ending(&mut reply, bytes, None);
                (reply, body)
            }
            Self::Nothing => (Reply::page(StatusCode::GATEWAY_TIMEOUT, "Gateway Timeout", ""), Body::empty()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = reply.status;
        for (name, value) in reply.headers.drain(..) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// A time in HTTP's format.
pub(super) fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The first bytes of the body, sent before the end or the error after them is known.
fn ending(reply: &mut Reply, bytes: usize, error: Option<io::ErrorKind>) -> Body {
    let mut body = std::mem::take(&mut reply.body);
    body.truncate(bytes);
    let first = stream::iter([Ok(Bytes::from(body))]);
    let end = stream::once(async move {
        tokio::task::yield_now().await;
        error.map(|kind| Err(io::Error::from(kind)))
    });
    Body::from_stream(first.chain(end.filter_map(std::future::ready)))
}
