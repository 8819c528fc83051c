//! `sellbell show`: what filings say.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::environment;
use crate::filing::Filing;
use crate::filing::record::FilingRecord;
use crate::reader::{self, Unreadable};
use crate::render::filing;
use crate::text::plain;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One JSON object a filing, for machines
    #[arg(long)]
    json: bool,
    /// Submission texts or bare XML documents
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let colour = environment::colour();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut failed = false;
    for path in &args.files {
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
        let read = read(path);
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
                let said = plain(&format!("{}: {error}", path.display()));
                super::tell(&mut io::stderr(), &format!("{said}\n"));
                continue;
            }
        };
        match out.write_all(text.as_bytes()) {
            // The reader of a pipe has seen enough.
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

fn read(path: &Path) -> Result<Filing, Unreadable> {
    let mut bytes = Vec::new();
    let most = u64::try_from(reader::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let filled = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    filled.map_err(|error| Unreadable {
        kind: "io",
        message: error.to_string(),
        at: "the whole file".into(),
    })?;
    reader::read(&bytes)
}
