//! The page behind the link in e-mails that stops them. Looking at it changes nothing: programs that fetch links
//! to check them must not unsubscribe anybody (RFC 8058).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::HtmlEscape;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::runtime::App;
use crate::service::{Reader, gets_emails, reader_of, set_emails};
use crate::store::StoreError;
use crate::text::Language::{English, German};

/// The path of the page.
pub(super) const PATH: &str = "/unsubscribe";

const PAGE: &str = include_str!("unsubscribe.html");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

/// The query of the link.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    to: String,
    #[serde(default)]
    token: String,
    /// Set by the button that undoes it.
    #[serde(default)]
    again: bool,
}

/// Asks whether to stop e-mails.
pub(super) async fn ask(State(app): State<Arc<App>>, Query(link): Query<Link>) -> Response {
    match reader_of(&app, &link.to, &link.token) {
        Some(reader) => match gets_emails(&app, &reader).await {
            Ok(true) => {
                let (title, button) = match reader.language {
                    English => (format!("Stop e-mails to {}?", reader.masked), "Unsubscribe"),
                    German => (format!("E-Mails an {} abbestellen?", reader.masked), "Abbestellen"),
                };
                page(&reader, &title, &link, (button, false))
            }
            Ok(false) => now(&reader, &link, false),
            Err(error) => failed(&error),
        },
        None => unknown(),
    }
}

/// Stops e-mails, or sends them again.
pub(super) async fn change(State(app): State<Arc<App>>, Query(link): Query<Link>) -> Response {
    let Some(reader) = reader_of(&app, &link.to, &link.token) else { return unknown() };
    match set_emails(&app, &reader, link.again, app.clock().now()).await {
        Ok(()) => now(&reader, &link, link.again),
        Err(error) => failed(&error),
    }
}

fn failed(error: &StoreError) -> Response {
    tracing::error!("an unsubscription cannot be looked up or stored: {error}");
    (StatusCode::INTERNAL_SERVER_ERROR, "this does not work now; try again later\n").into_response()
}

/// Says whether a reader gets e-mails now, with a button to change that.
fn now(reader: &Reader, link: &Link, gets_them: bool) -> Response {
    let (title, button) = match (reader.language, gets_them) {
        (English, false) => (format!("{} gets no more e-mails.", reader.masked), "Subscribe again"),
        (German, false) => (format!("{} bekommt keine E-Mails mehr.", reader.masked), "Wieder abonnieren"),
        (English, true) => (format!("{} gets e-mails again.", reader.masked), "Unsubscribe"),
        (German, true) => (format!("{} bekommt wieder E-Mails.", reader.masked), "Abbestellen"),
    };
    page(reader, &title, link, (button, !gets_them))
}

fn unknown() -> Response {
    let text = "This link is not valid: it may be cut, or its address is no longer a recipient.\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

fn page(reader: &Reader, title: &str, link: &Link, (text, again): (&str, bool)) -> Response {
    let to = utf8_percent_encode(&link.to, NON_ALPHANUMERIC);
    let token = utf8_percent_encode(&link.token, NON_ALPHANUMERIC);
    let form = format!(
        "<form method=\"post\" action=\"?to={to}&amp;token={token}&amp;again={again}\"><button>{text}</button></form>"
    );
    let body = PAGE
        .replace("{lang}", reader.language.tag())
        .replace("{title}", &HtmlEscape(title).to_string())
        .replace("{form}", &form);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, body).into_response()
}
