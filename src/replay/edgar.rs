//! EDGAR's feed and submissions over HTTP, as far as sellbell asks for them.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono_tz::America::New_York;
use serde::Deserialize;

use super::Server;
use super::archive::{Archive, Listing};
use crate::edgar::feed::PAGE_SIZES;
use crate::edgar::tickers;
use crate::filing::{Accession, Cik, index_url};

/// A running replay: it ends with this value.
#[derive(Debug)]
pub struct ReplayedEdgar {
    server: Server,
}

impl ReplayedEdgar {
    /// Serves an archive on a free port of loopback.
    ///
    /// # Errors
    /// No port.
    pub async fn start(archive: Archive) -> io::Result<Self> {
        let router = Router::new()
            .route("/cgi-bin/browse-edgar", get(feed))
            .route(tickers::PATH, get(company_tickers))
            .route("/Archives/edgar/data/{cik}/{file}", get(submission))
            .with_state(Arc::new(archive));
        Ok(Self { server: Server::start(router).await? })
    }

    /// Its address, for `[edgar] base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }
}

#[derive(Deserialize)]
struct FeedQuery {
    #[serde(default)]
    start: usize,
    count: Option<usize>,
    #[serde(rename = "type", default)]
    form: String,
}

async fn feed(State(archive): State<Arc<Archive>>, query: Query<FeedQuery>, headers: HeaderMap) -> Response {
    if !headers.contains_key(header::USER_AGENT) {
        return page(StatusCode::FORBIDDEN, "Your Request Originates from an Undeclared Automated Tool");
    }
    let asked = query.count.unwrap_or(40);
    let count = PAGE_SIZES.into_iter().find(|&size| size >= asked).unwrap_or(100);
    let listed = archive.listings.iter().filter(|listing| listing.form.starts_with(&query.form));
    let shown: Vec<&Listing> = listed.skip(query.start).take(count).collect();
    if shown.is_empty() && query.start > 0 {
        return page(StatusCode::SERVICE_UNAVAILABLE, "SEC.gov | File Unavailable");
    }
    ([(header::CONTENT_TYPE, "application/atom+xml"), (header::CACHE_CONTROL, "no-cache")], atom(&shown))
        .into_response()
}

async fn submission(
    State(archive): State<Arc<Archive>>,
    Path((cik, file)): Path<(String, String)>,
) -> Response {
    let found = || {
        let accession: Accession = file.strip_suffix(".txt")?.parse().ok()?;
        let filer: Cik = cik.parse().ok()?;
        archive.submissions.get(&accession).filter(|submission| submission.filers.contains(&filer))
    };
    match found() {
        Some(submission) => {
            ([(header::CONTENT_TYPE, "text/plain")], submission.bytes.clone()).into_response()
        }
        None => page(StatusCode::NOT_FOUND, "SEC.gov | File Not Found Error Alert (404)"),
    }
}

/// The tickers that the archive's filers typed, in the shape of EDGAR's own list.
async fn company_tickers(State(archive): State<Arc<Archive>>) -> Response {
    Json(&archive.tickers).into_response()
}

fn page(status: StatusCode, title: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    );
    (status, [(header::CONTENT_TYPE, "text/html")], html).into_response()
}

fn atom(listings: &[&Listing]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>Latest Filings</title>\n<id>https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent</id>\n",
    );
    for listing in listings {
        let Listing { form, accession, filer, name, role, size, .. } = listing;
        let accepted = listing.accepted_at.with_timezone(&New_York);
        let name = escape(name);
        let url = index_url(*filer, *accession);
        // Writing to a String cannot fail.
        let _ = write!(
            xml,
            "<entry>\n<title>{form} - {name} ({:010}) ({role})</title>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{url}\"/>\n\
             <summary type=\"html\">\n &lt;b&gt;Filed:&lt;/b&gt; {} &lt;b&gt;AccNo:&lt;/b&gt; {accession} &lt;b&gt;Size:&lt;/b&gt; {size}\n</summary>\n\
             <updated>{}</updated>\n\
             <category scheme=\"https://www.sec.gov/\" label=\"form type\" term=\"{form}\"/>\n\
             <id>urn:tag:sec.gov,2008:accession-number={accession}</id>\n</entry>\n",
            filer.number(),
            accepted.format("%Y-%m-%d"),
            accepted.to_rfc3339(),
        );
    }
    xml.push_str("</feed>\n");
    xml
}

/// Markup escaped, and all beyond ASCII as character references: the feed declares ISO-8859-1.
fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            c if c.is_ascii() => c.to_string(),
            c => format!("&#{};", u32::from(c)),
        })
        .collect()
}
