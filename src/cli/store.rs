//! `sellbell store`: checks, exports or compacts the store.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Subcommand;

use super::output::print;
use super::{remote, setup};
use crate::store::{Checked, Store, StoreError};
use crate::text::path_text;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read every record and check that they agree; changes nothing but an outdated layout
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write all records as JSON Lines
    Export {
        /// Output file [default: standard output]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Rewrite the store to make its file smaller
    Compact,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    done(args).map_err(|error| match error.downcast_ref::<StoreError>() {
        Some(StoreError::Busy(_)) => error.context("stop the bot, run this, and start it again"),
        _ => error,
    })
}

fn done(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let dir = &settings.store_dir;
    if !Store::is_in(dir) {
        return Err(anyhow!("there is no store in {}: sellbell has not run", path_text(dir)));
    }
    let runtime = remote::runtime()?;
    match &args.verb {
        Verb::Check { json } => {
            let store = runtime.block_on(remote::open(dir))?;
            let checked = runtime.block_on(store.check())?;
            let said = match json {
                true => format!("{}\n", serde_json::to_string_pretty(&checked)?),
                false => people(&checked),
            };
            print(&mut io::stdout(), &said);
            let whole = checked.problem_count == 0 && !checked.lost;
            Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Verb::Export { file } => {
            let store = runtime.block_on(remote::open(dir))?;
            let (mut out, name): (Box<dyn Write>, String) = match file {
                None => (Box::new(io::stdout().lock()), "standard output".to_owned()),
                Some(path) => {
                    let file = File::create_new(path)
                        .with_context(|| format!("cannot write to {}", path_text(path)))?;
                    (Box::new(file), path_text(path))
                }
            };
            let mut out = BufWriter::new(&mut out);
            let count = runtime
                .block_on(store.export(&mut out))?
                .with_context(|| format!("cannot write to {name}"))?;
            if file.is_some() {
                print(&mut io::stdout(), &format!("{count} records written to {name}\n"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Compact => {
            let (before, after) = runtime.block_on(remote::open_by(dir, Store::compact))?;
            let size = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
            print(&mut io::stdout(), &format!("The store was {} and is now {}\n", size(before), size(after)));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn people(checked: &Checked) -> String {
    let mut text = String::new();
    for (kind, count) in checked.records.iter().filter(|(_, count)| **count > 0) {
        text.push_str(&format!("{kind:<15} {count}\n"));
    }
    if checked.corrupt_records > 0 {
        text.push_str(&format!(
            "{} unreadable records were found before, and are kept apart\n",
            checked.corrupt_records
        ));
    }
    if checked.lost {
        text.push_str("The disk lost the latest writes; the next start finds those filings again\n");
    }
    for problem in &checked.problems {
        text.push_str(&format!("! {problem}\n"));
    }
    let unnamed = checked.problem_count.saturating_sub(checked.problems.len());
    if unnamed > 0 {
        text.push_str(&format!("! and {unnamed} more\n"));
    }
    if checked.problem_count == 0 {
        text.push_str(if checked.lost {
            "All other records can be read and agree.\n"
        } else {
            "All records can be read and agree.\n"
        });
    }
    text
}
