//! The integration tests: one binary, one module a subject.

// A test tells one story from its beginning to its end, however long.
#![allow(clippy::too_many_lines)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod archive;
mod authorities;
mod backtest;
mod bounds;
mod cards;
mod changes;
mod cli;
mod commands;
mod completeness;
mod deliveries;
mod digests;
mod discovery;
mod documentation;
mod earlier_trades;
mod effects;
mod fakes;
mod figures;
mod foreign;
mod form345;
mod gateway;
mod gateway_bounds;
mod hostile;
mod house;
mod kills;
mod language;
mod leaks;
mod local_user;
mod losses;
mod mails;
mod memory;
mod mutes;
mod no_files;
mod older_store;
mod other_instance;
mod outages;
mod paused;
mod played;
mod plays;
mod processes;
mod refusals;
mod related;
mod reload;
mod renamed;
mod retries;
mod rules;
mod sandbox;
mod search;
mod secrets;
mod shared;
mod shipped;
mod stops;
mod stores;
mod strangers;
mod subscriptions;
mod sums;
mod test_alert;
mod together;
mod troubles;
mod unlike;
mod verbs;
mod webhooks;
mod world;
