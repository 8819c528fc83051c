//! `sellbell show`: prints filings.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::{environment, filings, setup};
use crate::filing::record::FilingRecord;
use crate::reader::Unreadable;
use crate::render::filing;
use crate::text::{plain, visible};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print one JSON object per filing
    #[arg(long)]
    json: bool,
    /// Settings file, used when something is fetched from EDGAR [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Submission texts, bare XML documents, accession numbers or sec.gov URLs
    #[arg(value_name = "FILE|ACCESSION|URL", required = true)]
    filings: Vec<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let colour = environment::colour();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut failed = false;
    let mut filings = filings::Named::new(|| setup::settings(args.config.as_deref()));
    for named in &args.filings {
        let name =
            Path::new(named).file_name().map_or_else(|| named.clone(), |name| name.to_string_lossy().into());
        let read = filings.read(named);
        failed |= read.is_err();
        let text = match (read, args.json) {
            (Ok(filing), true) => serde_json::to_string(&FilingRecord::new(&name, &filing))? + "\n",
            (Ok(filing), false) => filing::show(&name, &filing, colour),
            (Err(Unreadable { kind, message, at }), true) => {
                json!({ "file": name, "error": { "kind": kind, "message": message, "where": at } })
                    .to_string()
                    + "\n"
            }
            (Err(error), false) => {
                out.flush()?;
                let said = plain(&format!("{named}: {error}"));
                super::output::print(&mut io::stderr(), &format!("{said}\n"));
                continue;
            }
        };
        match out.write_all(visible(&text).as_bytes()) {
            // The reader of the pipe has gone away.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            written => written?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
