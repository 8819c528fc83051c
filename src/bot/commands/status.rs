//! `/status`: how fresh the alerts are, without anything that is for operators alone.

use chrono::{DateTime, Utc};

use crate::bot::reply::{Reply, private};
use crate::runtime::App;
use crate::service;
use crate::store::StoreError;

pub(super) async fn answer(app: &App, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    let status = service::status(app, now).await?;
    let mut lines = Vec::new();
    match status.read_until {
        Some(until) => lines
            .push(format!("EDGAR's filings are read up to {}.", moment(until, now, app.clock().is_played()))),
        None => lines.push("EDGAR's filings have not been read yet.".to_owned()),
    }
    if let Some(until) = status.no_requests_until {
        lines.push(format!(
            "EDGAR asks for a pause until <t:{}:t>. What is filed meanwhile is reported afterwards.",
            until.timestamp()
        ));
    }
    if status.catching_up {
        lines.push("I am catching up on filings that I missed.".to_owned());
    }
    let alerts = status.latency.alerts;
    let count = match alerts {
        0 => "No alerts".to_owned(),
        1 => "1 alert".to_owned(),
        n => format!("{n} alerts"),
    };
    let speed = status
        .latency
        .sent
        .filter(|_| alerts > 1)
        .map(|times| format!(", half of them within {} after EDGAR showed the filing", span(times.p50)));
    lines.push(format!("{count} in the last day{}.", speed.unwrap_or_default()));
    if let Some(receipt) = status.receipts.iter().find(|receipt| receipt.receipt.is_final()) {
        lines.push(format!("Last comparison with EDGAR's daily index: {}", receipt.text));
    }
    Ok(private(lines.join("\n")))
}

/// A moment before now, as Discord counts it: `2 minutes ago`. In a replay, whose clock is another than Discord's,
/// the moment itself.
fn moment(moment: DateTime<Utc>, now: DateTime<Utc>, is_replay: bool) -> String {
    let style = if is_replay || moment > now { 'f' } else { 'R' };
    format!("<t:{}:{style}>", moment.timestamp())
}

/// A span in seconds, in minutes from two minutes on.
fn span(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.1} s") } else { format!("{:.0} minutes", seconds / 60.0) }
}
