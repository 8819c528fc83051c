//! Charts for alerts on Discord and in e-mails: drawn once for all destinations, off the bot's thread. A chart that fails, or takes
//! too long, never holds up an alert.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::task;
use tokio::time::timeout;

use crate::alert::Alert;
use crate::config::Settings;
use crate::delivery::{Batch, Body};
use crate::destination::Destination;
use crate::filing::{Accession, Cik, PastFiling};
use crate::parts::Parts;
use crate::render::chart::Chart;
use crate::render::discord::CardChart;
use crate::store::Store;
use crate::text::Language;

/// The most charts to keep; one has 20 to 70 kB.
const MOST_KEPT: usize = 32;
/// How long to wait for a chart.
const PATIENCE: Duration = Duration::from_secs(2);

/// A chart's picture and its words.
type Drawn = Option<(Arc<Vec<u8>>, String)>;
/// Which chart: rules that match the same lots of a filing share it.
type Which = (Accession, Vec<usize>, bool, Language);

/// Draws charts.
pub(super) struct Charts {
    settings: Arc<Settings>,
    store: Store,
    kept: Mutex<VecDeque<(Which, Arc<OnceCell<Drawn>>)>>,
}

impl Charts {
    pub(super) fn new(parts: &Parts) -> Self {
        Self { settings: Arc::clone(&parts.settings), store: parts.store.clone(), kept: Mutex::default() }
    }

    /// The charts of a new message: one for each issuer, on its first card.
    pub(super) async fn of(&self, batch: &Batch) -> Vec<CardChart> {
        let takes_charts = match batch.destination() {
            Destination::Discord(_) | Destination::Channel(_) => {
                self.settings.discord.charts && batch.concerned().is_none()
            }
            Destination::Email(_) => true,
            _ => false,
        };
        if !takes_charts {
            return Vec::new();
        }
        let language = match batch.destination() {
            Destination::Email(inbox) => self.settings.recipient(inbox).map(|recipient| recipient.language),
            _ => None,
        };
        let language = language.unwrap_or_default();
        let (mut charts, mut issuers) = (Vec::new(), BTreeSet::<Cik>::new());
        for delivery in batch.deliveries() {
            let Body::Alert(alert) = &delivery.body else { continue };
            if delivery.answers.is_some() || !issuers.insert(alert.issuer.cik) {
                continue;
            }
            let cell = self.cell((alert.accession, alert.lot_numbers.clone(), alert.withdrawn, language));
            let (store, alert) = (self.store.clone(), alert.clone());
            // It goes on if it is late: the next channel finds it drawn.
            let drawing =
                task::spawn(async move { cell.get_or_init(|| draw(store, *alert, language)).await.clone() });
            match timeout(PATIENCE, drawing).await {
                Ok(Ok(Some((png, alt_text)))) => {
                    charts.push(CardChart { card: delivery.key.clone(), png, alt_text });
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => tracing::warn!("a chart cannot be drawn: {error}"),
                Err(_) => tracing::debug!("a chart took too long: the alert goes without it"),
            }
        }
        charts
    }

    fn cell(&self, which: Which) -> Arc<OnceCell<Drawn>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = kept.iter().find(|(own, _)| *own == which) {
            return Arc::clone(cell);
        }
        if kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        let cell = Arc::default();
        kept.push_back((which, Arc::clone(&cell)));
        cell
    }
}

async fn draw(store: Store, alert: Alert, language: Language) -> Drawn {
    let since = alert.history_since()?;
    let past = match store.history(alert.issuer.cik, since).await {
        Ok((past, _)) => past,
        Err(error) => {
            tracing::debug!("there is no chart, because history cannot be read: {error}");
            return None;
        }
    };
    let until = alert.accepted_at.unwrap_or(alert.seen_at);
    // An alert that waited shows what was known when its filing came.
    let past: Vec<PastFiling> = past.into_iter().filter(|past| past.accepted_at <= until).collect();
    let (png, alt_text) = drawn(Chart::of_alert(&alert, &past, language)?).await?;
    Some((Arc::new(png), alt_text))
}

/// Draws a chart, and says what it shows. `None` if that fails, which is logged.
pub(crate) async fn drawn(chart: Chart) -> Option<(Vec<u8>, String)> {
    let drawn = task::spawn_blocking(move || chart.png().map(|png| (png.bytes, chart.alt_text()))).await;
    match drawn {
        Ok(Ok(drawn)) => Some(drawn),
        Ok(Err(error)) => {
            tracing::warn!("a chart cannot be drawn: {error}");
            None
        }
        Err(error) => {
            tracing::warn!("a chart cannot be drawn: {error}");
            None
        }
    }
}
