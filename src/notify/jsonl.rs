//! An alert as one line of JSON.

use super::error::SendError;
use super::lines::LineFormat;
use crate::alert::Alert;
use crate::text::visible;

/// `jsonl`: the alert's JSON object, starting with its key.
pub(super) const FORMAT: LineFormat = LineFormat { line, key };

fn line(alert: &Alert) -> Result<String, SendError> {
    let json = serde_json::to_string(alert).map_err(|error| SendError::never(error.to_string()))?;
    Ok(visible(&json).into_owned() + "\n")
}

fn key(line: &[u8]) -> Option<String> {
    let line = line.strip_prefix(b"{\"key\":\"")?;
    let end = line.iter().position(|&byte| byte == b'"')?;
    String::from_utf8(line[..end].to_vec()).ok()
}
