//! sellbell alerts people when company insiders sell: it matches new Form 4 filings on SEC EDGAR against
//! rules and sends alerts to Discord, by e-mail and to the terminal.
//!
//! `docs/ARCHITECTURE.md` describes the layout: modules import only from lower floors, and everything below
//! `render` is pure.

pub mod alert;
pub mod backtest;
pub mod bot;
pub mod bounds;
pub mod cli;
pub mod clock;
pub mod config;
pub mod decide;
pub mod delivery;
pub mod destination;
pub mod digest;
pub mod edgar;
pub mod filing;
pub mod form4;
pub mod http;
pub mod intake;
pub mod metrics;
pub mod mute;
pub mod notice;
pub mod notify;
pub mod operators;
pub mod outbox;
pub mod parts;
pub mod private;
pub mod problem;
pub mod reader;
pub mod receipt;
pub mod render;
pub mod replay;
pub mod retry;
pub mod rules;
pub mod runtime;
pub mod sandbox;
pub mod schedule;
pub mod service;
pub mod source;
pub mod store;
pub mod summary;
pub mod text;
pub mod trust;
pub mod wake;
