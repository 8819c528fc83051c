//! An e-mail in its wire form: headers, both alternatives, the chart that the HTML shows, an attached table.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::delivery::{Body, Delivery};
use crate::render::email::{Chart, Email};

/// The message of a delivery, from one mailbox to another. `message_id` is its own, `answered` that of the
/// message that it replies to, and `link` stops such e-mails.
pub(super) fn message(
    (from, to): (&Mailbox, &Mailbox),
    (message_id, answered): (&str, Option<&str>),
    link: Option<&str>,
    delivery: &Delivery,
    (mail, chart): (&Email, Option<&Chart>),
) -> Result<Message, lettre::error::Error> {
    let header =
        |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let domain = from.email.domain();
    let mut message = Message::builder();
    if let Some(answered) = answered {
        message = message.in_reply_to(answered.to_owned()).references(answered.to_owned());
    }
    let message = message
        .from(from.clone())
        .to(to.clone())
        .subject(mail.subject.clone())
        .message_id(Some(message_id.to_owned()))
        .date(SystemTime::from(delivery.queued_at))
        .raw_header(header("Auto-Submitted", "auto-generated".into()))
        .raw_header(header("List-Id", format!("sellbell alerts <sellbell.{domain}>")))
        .raw_header(header("List-Unsubscribe", unsubscribe(from, link)));
    let message = match link {
        Some(_) => message.raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into())),
        None => message,
    };
    let html = SinglePart::html(mail.html.clone());
    let alternatives = MultiPart::alternative().singlepart(SinglePart::plain(mail.text.clone()));
    let alternatives = match mail.chart_id.clone().zip(chart) {
        Some((id, chart)) => {
            let picture = Attachment::new_inline(id).body(chart.png.clone(), kind("image/png")?);
            alternatives.multipart(MultiPart::related().singlepart(html).singlepart(picture))
        }
        None => alternatives.singlepart(html),
    };
    match &mail.table {
        Some(table) => {
            let table =
                Attachment::new(table.name.clone()).body(table.csv.clone(), kind("text/csv; charset=utf-8")?);
            message.multipart(MultiPart::mixed().multipart(alternatives).singlepart(table))
        }
        None => message.multipart(alternatives),
    }
}

/// How to stop it: by a link if there is one (RFC 8058), or by an e-mail.
fn unsubscribe(from: &Mailbox, link: Option<&str>) -> String {
    let by_mail = format!("<mailto:{}?subject=unsubscribe>", address(from));
    link.map_or(by_mail.clone(), |link| format!("<{link}>, {by_mail}"))
}

fn kind(text: &str) -> Result<ContentType, lettre::error::Error> {
    ContentType::parse(text).map_err(|_| lettre::error::Error::NonAsciiChars)
}

/// A mailbox's address for a URL, where letters beyond ASCII are escaped.
pub(super) fn address(mailbox: &Mailbox) -> String {
    let user = match mailbox.email.user() {
        user if user.is_ascii() => user.to_owned(),
        user => utf8_percent_encode(user, NON_ALPHANUMERIC).to_string(),
    };
    format!("{user}@{}", mailbox.email.domain())
}

/// The HTML as a page by itself, its chart included.
pub(super) fn page(mail: &Email, chart: Option<&Chart>) -> String {
    match mail.chart_id.as_deref().zip(chart) {
        Some((id, chart)) => {
            let data = format!("data:image/png;base64,{}", STANDARD.encode(&chart.png));
            mail.html.replace(&format!("cid:{id}"), &data)
        }
        None => mail.html.clone(),
    }
}

/// `qlys-5261cbc83841c892a3b07110`: the ticker for people, and the key so that the same mail always has the
/// same file.
pub(super) fn file_name(delivery: &Delivery) -> String {
    let subject = match &delivery.body {
        Body::Alert(alert) | Body::Addition(alert) | Body::Correction(alert) => {
            alert.ticker_or_name().to_ascii_lowercase()
        }
        Body::Digest(_) => "digest".to_owned(),
        Body::Notice(_) => "notice".to_owned(),
        Body::Summary(_) => "summary".to_owned(),
    };
    let safe: String = subject.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("{safe}-{}", delivery.key)
}
