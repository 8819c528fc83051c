//! A sample alert, for trying out a destination.

use std::fmt::Display;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::alert::{Alert, Key};
use crate::config::Settings;
use crate::decide::{self, Case};
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::digest::Digest;
use crate::problem::Source;
use crate::reader;
use crate::replay;
use crate::rules::{self, RuleSet};

/// A sale with many footnotes.
const SAMPLE: &str = "0009900001-21-000001";
const RULE: &str = "[[rule]]\nname = \"test-alert\"\ndescription = \"A sample: this is not a new filing\"\n\
    codes = [\"S\"]\ntemplate = \"This is a test alert from sellbell, with a filing from 2021.\"\n";

/// Why there is no sample.
#[derive(Debug, Error)]
#[error("the bundled sample cannot be used: {0}")]
pub struct SampleError(String);

/// Makes a sample delivery as the bot would, with a key that was never used before.
///
/// # Errors
/// A bundled sample that cannot be used.
pub fn sample(
    settings: &Settings,
    destination: &Destination,
    now: DateTime<Utc>,
) -> Result<Delivery, SampleError> {
    let failed = |why: &dyn Display| SampleError(why.to_string());
    let accession = SAMPLE.parse().map_err(|error| failed(&error))?;
    let bytes = replay::bundled(accession).ok_or_else(|| failed(&"it is not bundled"))?;
    let filing = reader::read(bytes).map_err(|error| failed(&error))?;
    let accepted_at = filing.accepted_at.unwrap_or(now);
    let source = Source { file: "sample", text: RULE };
    let rules = RuleSet::new(rules::load_slice([source], &|_| true, &[]).map_err(|error| failed(&error))?);
    let whole_since = Some(DateTime::UNIX_EPOCH);
    let case = Case { filing: &filing, accepted_at, seen_at: accepted_at, known: &[], whole_since };
    let alert = decide::decide(&rules, case).alerts.into_iter().next();
    let (_, alert) = alert.ok_or_else(|| failed(&"no rule matches it"))?;
    let key = Key::of(&["test-alert", &now.to_rfc3339(), &destination.to_string()]);
    let alert = Alert { key, ..alert };
    let body = match settings.digest_of(destination) {
        Some(schedule) => {
            let (since, slot) = (now - TimeDelta::days(1), schedule.local_slot(now));
            let zone = schedule.zone().name().to_owned();
            Body::Digest(Box::new(Digest::new(
                &destination.to_string(),
                slot,
                zone,
                (since, now),
                vec![alert],
            )))
        }
        None => Body::Alert(Box::new(alert)),
    };
    Ok(Delivery::new(destination.clone(), body, now))
}
