//! Edits of the e-mails' templates while the bot runs: valid ones are used from the next e-mail on, others change
//! nothing.

use chrono::{DateTime, Utc};

use super::App;
use crate::notice::Notice;
use crate::notify::TemplatesReload;
use crate::store::StoreError;
use crate::text::clip;

/// The most characters of mistakes that are reported.
const MOST_TEXT: usize = 4_000;

/// Checks whether the templates were edited. The result is logged, and sent to the operators if it needs them.
pub async fn reload_templates_once(app: &App, now: DateTime<Utc>) -> Result<TemplatesReload, StoreError> {
    let looked = app.notifier.reload_templates();
    let notice = match &looked {
        TemplatesReload::Unchanged => None,
        TemplatesReload::Taken { names, were_refused } => {
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            tracing::info!("the edited e-mail templates are in use; own ones: {names}");
            let text = format!("Their mistakes are gone. Own templates: {names}.");
            were_refused.then(|| Notice::written(now, "Edited e-mail templates are in use", text))
        }
        TemplatesReload::Refused(mistakes) => {
            tracing::error!(
                "the edited e-mail templates cannot be used, so the ones before stay: {mistakes}"
            );
            let mistakes = app.notifier.redactor().hide(mistakes);
            let text = format!("The templates before stay in use. {}", clip(&mistakes, MOST_TEXT));
            Some(Notice::written(now, "Edited e-mail templates cannot be used", text))
        }
    };
    if let Some(notice) = notice {
        app.operators.notify(&notice, now).await?;
    }
    Ok(looked)
}
