//! The integration tests: one binary, one module a subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod archive;
mod authorities;
mod backtest;
mod changes;
mod cli;
mod completeness;
mod deliveries;
mod digests;
mod discovery;
mod effects;
mod fakes;
mod form345;
mod gateway;
mod hostile;
mod house;
mod kills;
mod language;
mod local_user;
mod losses;
mod mails;
mod mutes;
mod no_files;
mod other_instance;
mod paused;
mod played;
mod plays;
mod processes;
mod refusals;
mod related;
mod reload;
mod retries;
mod rules;
mod sandbox;
mod secrets;
mod shared;
mod shipped;
mod stores;
mod subscriptions;
mod test_alert;
mod together;
mod troubles;
mod verbs;
mod webhooks;
mod world;
