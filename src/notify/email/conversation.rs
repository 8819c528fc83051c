//! The part of a conversation with a mail server that is about one mail, stage by stage.

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Severity;

use super::connection::{Connection, Offers};
use super::fault::Fault;
use super::verdict::Stage;

/// A mail as it is handed over.
pub(super) struct Mail<'a> {
    envelope: &'a Envelope,
    /// Its lines in wire format, without the line that ends it.
    lines: Vec<u8>,
    /// Its bytes as SIZE counts them: without doubled dots.
    size: usize,
}

impl<'a> Mail<'a> {
    pub(super) fn new(envelope: &'a Envelope, content: &[u8]) -> Self {
        let (lines, size) = stuffed(content);
        Self { envelope, lines, size }
    }

    /// Its parameters in MAIL FROM, for a server that has these extensions.
    fn parameters(&self, offers: &Offers) -> Result<Vec<MailParameter>, Fault> {
        let mut parameters = Vec::new();
        if let Some(most) = offers.size {
            let size = u64::try_from(self.size).unwrap_or(u64::MAX);
            if most > 0 && size > most {
                return Err(Fault::TooBig { size, most });
            }
            parameters.push(MailParameter::Size(self.size));
        }
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !self.envelope.to().iter().chain(self.envelope.from()).all(is_ascii) {
            if !offers.has(Extension::SmtpUtfEight) {
                return Err(Fault::NoUtf8);
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !self.lines.is_ascii() && offers.has(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }
}

/// Sends a mail, except for its end. `stage` tracks the conversation, even if it fails or is cancelled.
///
/// # Errors
/// [`Fault`], at the current stage.
pub(super) async fn give(
    connection: &mut Connection,
    mail: &Mail<'_>,
    stage: &mut Stage,
) -> Result<(), Fault> {
    *stage = Stage::Sender;
    connection.begin();
    let parameters = mail.parameters(&connection.offers)?;
    connection.command(&MailFrom::new(mail.envelope.from().cloned(), parameters)).await?;
    *stage = Stage::Recipient;
    for to in mail.envelope.to() {
        connection.command(&Rcpt::new(to.clone(), Vec::new())).await?;
    }
    *stage = Stage::Data;
    let go_on = connection.command(&Data).await?;
    if !go_on.has_code(354) {
        return Err(Fault::NotSmtp);
    }
    connection.write(&mail.lines).await?;
    // Anything received before the end of the mail is not an answer to it.
    if connection.has_received() {
        return Err(Fault::NotSmtp);
    }
    // Without its end, the mail has certainly not been accepted.
    if connection.has_ended() {
        return Err(Fault::Broken);
    }
    Ok(())
}

/// Ends a mail; from here on, the server may have accepted it.
///
/// # Errors
/// [`Fault`]
pub(super) async fn end(connection: &mut Connection, stage: &mut Stage) -> Result<(), Fault> {
    *stage = Stage::End;
    connection.write(b".\r\n").await?;
    match connection.answer().await?.code().severity {
        Severity::PositiveCompletion => Ok(()),
        _ => Err(Fault::NotSmtp),
    }
}

/// A message in wire format: each line ends with CRLF, and a leading dot is doubled. With it, its size without
/// the doubled dots.
fn stuffed(message: &[u8]) -> (Vec<u8>, usize) {
    let (mut stuffed, mut dots) = (Vec::with_capacity(message.len() + 64), 0);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
            dots += 1;
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        stuffed.extend_from_slice(bare.strip_suffix(b"\r").unwrap_or(bare));
        stuffed.extend_from_slice(b"\r\n");
    }
    let size = stuffed.len() - dots;
    (stuffed, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_ends_where_it_ends() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\nc"), (b"a\r\n..\r\n...b\r\nc\r\n".to_vec(), 14));
        assert_eq!(stuffed(b"a\r\n\r\n"), (b"a\r\n\r\n".to_vec(), 5));
    }
}
