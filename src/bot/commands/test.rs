//! `/test`: sends a test alert to a channel, and says at once what is wrong.

use chrono::{DateTime, Utc};

use super::asked::Asked;
use super::subscribe::cannot_send;
use crate::bot::context::Context;
use crate::bot::reply::{Reply, Stopped, private};
use crate::delivery::Batch;
use crate::service;
use crate::text::clip;

/// The longest error, in characters.
const LONGEST: usize = 500;

pub(super) async fn answer(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, Stopped> {
    let (app, caller) = (&*context.app, &asked.caller);
    if let Some(refusal) = cannot_send(caller) {
        return Ok(refusal);
    }
    let home = context.home(caller).await?;
    let destination = app.settings.discord.destination_of(home.channel);
    let delivery = match service::sample(&app.settings, &destination, now) {
        Ok(delivery) => delivery,
        Err(error) => {
            tracing::error!("{error}");
            return Ok(private("There is no test alert. The bot's log says why."));
        }
    };
    let batch = Batch::one(delivery);
    if app.notifier.turn(&batch, now).is_err() {
        return Ok(private("Discord lets me send nothing here right now. Try again in a minute."));
    }
    Ok(private(match app.notifier.send(&batch, now).await {
        Ok(_) if caller.is_personal() => "The test alert is in your direct messages.".to_owned(),
        Ok(_) => "The test alert is here. Its buttons work like those of real alerts.".to_owned(),
        Err(error) => {
            let advice = error.advice.map_or(String::new(), |advice| format!(" What to do: {advice}."));
            format!("Discord did not accept the test alert: {}.{advice}", clip(&error.to_string(), LONGEST))
        }
    }))
}
