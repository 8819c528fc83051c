//! The environment: overrides of settings, secrets, the log's level, colour.

#![expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]

use std::collections::{BTreeMap, BTreeSet};
use std::env::{self, VarError};
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, anyhow, bail};
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::filter::LevelFilter;

use super::log;
use crate::config::{Settings, Via};
use crate::notify::{Secrets, variable};
use crate::private;
use crate::render::terminal::Colour;
use crate::text::path_text;
use crate::trust::Roots;

const PREFIX: &str = "SELLBELL_";
const LOG: &str = "SELLBELL_LOG";
/// A file with a secret is larger than this only by mistake.
const MOST_SECRET_BYTES: u64 = 64 * 1024;
/// Names a file of certificate authorities for all webhooks or, with a webhook's name appended, for that one.
const WEBHOOK_CA: &str = "WEBHOOK_CA_FILE";
/// A file with certificates is larger than this only by mistake: the system's whole list is a quarter of it.
const MOST_CA_BYTES: u64 = 1024 * 1024;

/// Every `SELLBELL_…` variable except `SELLBELL_LOG`, sorted by name. Variables without `__` set nothing and
/// only cause a warning, because Kubernetes sets `SELLBELL_PORT` for a service called sellbell.
///
/// # Errors
/// A variable whose value is not UTF-8. Variables of other programs may hold anything.
pub(super) fn overrides() -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (name, value) in env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        let Some(rest) = name.strip_prefix(PREFIX).filter(|_| name != LOG) else { continue };
        let Ok(value) = value.into_string() else { bail!("the environment variable {name} is not UTF-8") };
        let sets = rest.contains("__");
        found.push((name.clone(), value));
        if !sets {
            tracing::warn!(
                "the environment variable {name} sets nothing: names are like SELLBELL_EDGAR__CONTACT"
            );
        }
    }
    found.sort();
    Ok(found)
}

/// The names of all variables that are not empty.
pub(super) fn names() -> BTreeSet<String> {
    let is_set = |value: &OsStr| value.to_str().is_none_or(|value| !value.trim().is_empty());
    let set = env::vars_os().filter(|(_, value)| is_set(value));
    set.filter_map(|(name, _)| name.into_string().ok()).collect()
}

/// The secrets that the settings may need, each from its variable or from the file that `…_FILE` names.
///
/// # Errors
/// A file that cannot be read, or both variables set at once. No error contains the secret itself.
pub(super) fn secrets(settings: &Settings) -> anyhow::Result<Secrets> {
    let (secrets, errors) = secrets_and_errors(settings);
    errors.into_iter().next().map_or(Ok(secrets), Err)
}

/// Like `secrets`, but returns the secrets that can be read and an error for each of the others.
pub(super) fn secrets_and_errors(settings: &Settings) -> (Secrets, Vec<anyhow::Error>) {
    let mut errors = Vec::new();
    let mut read = |name: &str| {
        secret(name).unwrap_or_else(|error| {
            errors.push(error);
            None
        })
    };
    let mut named = |kind: &str, names: &mut dyn Iterator<Item = &String>| {
        names
            .filter_map(|name| Some((name.clone(), read(&variable(kind, name))?)))
            .collect::<BTreeMap<_, _>>()
    };
    let mut channels = settings.discord.channels.iter().filter(|channel| channel.via == Via::Webhook);
    let discord_webhooks = named("DISCORD_WEBHOOK", &mut channels.by_ref().map(|channel| &channel.name));
    let webhook_urls = named("WEBHOOK_URL", &mut settings.webhooks.iter());
    let webhook_secrets = named("WEBHOOK_SECRET", &mut settings.webhooks.iter());
    let (discord_token, smtp_url) = (read("DISCORD_TOKEN"), read("SMTP_URL"));
    // Mistakes in it are reported where changes over HTTP are set up.
    let http_token = secret("HTTP_TOKEN").ok().flatten();
    // Env files for containers keep quotes as part of the value, and no address begins with a quote.
    let smtp_url = smtp_url.map(unquoted);
    let webhook_urls = webhook_urls.into_iter().map(|(name, url)| (name, unquoted(url))).collect();
    let mut roots = |variables: &[String]| {
        trusted(variables).unwrap_or_else(|error| {
            errors.push(error);
            Roots::default()
        })
    };
    let smtp_roots = roots(&["SMTP_CA_FILE".to_owned()]);
    let of_webhook =
        |name: &String| (name.clone(), roots(&[variable(WEBHOOK_CA, name), WEBHOOK_CA.to_owned()]));
    let webhook_roots = settings.webhooks.iter().map(of_webhook).collect();
    let secrets = Secrets {
        discord_token,
        discord_webhooks,
        smtp_url,
        http_token: http_token.clone(),
        webhook_urls,
        webhook_secrets,
        smtp_roots,
        webhook_roots,
    };
    log::hide(&secrets, http_token);
    (secrets, errors)
}

fn unquoted(secret: SecretString) -> SecretString {
    let text = secret.expose_secret();
    let inner = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.map_or(secret.clone(), |inner| inner.trim().into())
}

/// The certificate authorities that may sign EDGAR's certificate, or that of a proxy in front of it, in
/// addition to the built-in ones.
///
/// # Errors
/// An `EDGAR_CA_FILE` that cannot be used.
pub(super) fn edgar_roots() -> anyhow::Result<Roots> {
    trusted(&["EDGAR_CA_FILE".to_owned()])
}

/// The system's certificate authorities, plus those in the file named by the first of these variables that is
/// set.
fn trusted(variables: &[String]) -> anyhow::Result<Roots> {
    static SYSTEM: OnceLock<Roots> = OnceLock::new();
    let system = SYSTEM.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        // The system is only one source of certificate authorities.
        for error in &found.errors {
            tracing::debug!("a part of the system's certificates cannot be read: {error}");
        }
        Roots::usable(found.certs)
    });
    for name in variables {
        let Some(path) = env::var_os(name).filter(|path| !path.is_empty()) else { continue };
        let read = private::open(Path::new(&path)).and_then(|file| private::bytes(file, MOST_CA_BYTES));
        let bytes = read.with_context(|| {
            format!("{name}: cannot read the file that it names (its value is not shown, it may be a secret)")
        })?;
        // A path that could be read is a path and not a secret, so it may be shown.
        let own = Roots::from_pem(&bytes).with_context(|| format!("{name}: {}", path_text(&path)))?;
        return Ok(system.and(&own));
    }
    Ok(system.clone())
}

/// The token for changes over HTTP, from `HTTP_TOKEN` or the file that `HTTP_TOKEN_FILE` names.
///
/// # Errors
/// The same as for other secrets, and a file that others can read.
pub(super) fn http_token() -> anyhow::Result<Option<SecretString>> {
    if let Ok(path) = env::var("HTTP_TOKEN_FILE")
        && let Ok(file) = private::open(Path::new(path.trim()))
        && file.metadata().is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
    {
        bail!("HTTP_TOKEN_FILE: others can read {path}: chmod 600 it");
    }
    secret("HTTP_TOKEN")
}

/// The name of the logged-in user.
pub(super) fn user() -> Option<String> {
    env::var("USER").ok().filter(|name| !name.trim().is_empty())
}

fn secret(name: &str) -> anyhow::Result<Option<SecretString>> {
    let set = |name: &str| match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(anyhow!("the environment variable {name} is not UTF-8")),
    };
    let file_name = format!("{name}_FILE");
    match (set(name)?, set(&file_name)?) {
        (Some(_), Some(_)) => bail!("both {name} and {file_name} are set: set one of them"),
        (Some(value), None) => Ok(Some(value.trim().into())),
        (None, None) => Ok(None),
        // Do not print a secret that was put into the wrong variable.
        (None, Some(path)) if path.contains("://") => {
            bail!("{file_name} is the path of a file, and holds an address: put that into {name}")
        }
        (None, Some(path)) => {
            let read = private::open(Path::new(path.trim()));
            let value = read.and_then(|file| private::text(file, MOST_SECRET_BYTES)).with_context(|| {
                format!(
                    "{file_name}: cannot read the file that it names (its value is not shown; a secret itself belongs into {name})"
                )
            })?;
            Ok(Some(value.trim().into()))
        }
    }
}

/// Colour on a terminal, unless `NO_COLOR` is set.
pub(super) fn colour() -> Colour {
    let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && io::stdout().is_terminal() { Colour::Ansi } else { Colour::Plain }
}

/// Like `colour`, but for standard error.
pub(super) fn colour_of_errors() -> Colour {
    let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && io::stderr().is_terminal() { Colour::Ansi } else { Colour::Plain }
}

/// Starts the log at the level of `SELLBELL_LOG` (`warn`, `debug`, `sellbell=trace`…), else at `usual`.
pub(super) fn start_log(usual: LevelFilter) {
    log::start(env::var(LOG).ok().as_deref(), usual, env::var_os("NO_COLOR").is_none());
}
