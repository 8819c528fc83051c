//! Checks, before anything is sent, that secrets are set and usable.

use super::discord;
use super::email::Mailer;
use super::secrets::Secrets;
use super::setup_error::SetupError;
use super::webhook::Webhook;
use crate::config::Settings;
use crate::destination::Destination;

/// Lists every missing secret that a used destination needs, and every unusable one. Shows no secret.
pub fn check_secrets(
    settings: &Settings,
    secrets: &Secrets,
    used: &dyn Fn(&Destination) -> bool,
) -> Vec<SetupError> {
    let mut wrong = discord::check(settings, secrets, used);
    for name in &settings.webhooks {
        match secrets.webhook_urls.get(name) {
            Some(address) => {
                let roots = secrets.webhook_roots.get(name).cloned().unwrap_or_default();
                let secret = secrets.webhook_secrets.get(name);
                wrong.extend(Webhook::new(name, address, secret, &roots).err());
            }
            None if used(&Destination::Webhook(name.clone())) => {
                wrong.push(SetupError::NoEndpoint(name.clone()));
            }
            None => {}
        }
    }
    wrong.extend(Mailer::new(settings, secrets).err());
    wrong
}
