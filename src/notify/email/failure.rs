//! What a failed conversation means for the delivery: whether to retry, what to show, and what people can do.

use std::io;

use rustls::CertificateError;

use super::fault::Fault;
use super::verdict::{Cause, Stage, cause};
use crate::filing::grouped;
use crate::notify::error::{Retry, SendError};
use crate::text::redact::Redactor;

/// The most characters to show of a server's text.
const MOST_WORDS: usize = 200;

fn too_late(stage: Stage) -> SendError {
    let error = at(stage, "the mail server did not answer in time");
    match stage {
        Stage::Connect => error.advise(UNREACHABLE),
        _ => error,
    }
}

/// The meaning of a fault.
pub(super) fn failure(fault: &Fault, stage: Stage, redactor: &Redactor) -> SendError {
    match fault {
        Fault::Refused(code, words) => refused(*code, words, stage, redactor),
        Fault::NoName => SendError::refused("the mail server's name in SMTP_URL is not found")
            .advise("see whether the host in SMTP_URL is written right, and this machine can look up names (DNS)"),
        Fault::NoConnection(error) => SendError::refused(match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                "the mail server takes no connection: nothing listens at the host and port in SMTP_URL".to_owned()
            }
            io::ErrorKind::TimedOut => "the mail server cannot be reached: it does not answer".to_owned(),
            _ => format!("the mail server cannot be reached: {error}"),
        })
        .advise(UNREACHABLE),
        Fault::Broken => at(stage, &format!("the mail server hung up {}", during(stage))),
        Fault::Late => too_late(stage),
        Fault::Tls(error) => encryption(error),
        Fault::NotSmtp => at(stage, &format!("the mail server does not speak SMTP {}", during(stage)))
            .advise("see whether host and port in SMTP_URL are a mail server's: smtps:// for 465, smtp://…?tls=required for 587"),
        Fault::TooMuch => at(stage, "the mail server says more than a mail server would")
            .advise("see whether host and port in SMTP_URL are a mail server's"),
        Fault::NoStartTls => SendError::closed("the mail server does not offer STARTTLS").advise(
            "smtp://…?tls=required is for a port that offers it, mostly 587; use smtps:// for one that begins with TLS, mostly 465",
        ),
        Fault::NoLogin => {
            SendError::closed("the mail server offers no login that sellbell knows (PLAIN or LOGIN)").advise(
                "many servers offer it after encryption only: use smtp://…?tls=required or smtps://; leave user and password out of \
                 SMTP_URL where the server wants none",
            )
        }
        Fault::TooBig { size, most } => too_big(*size, *most),
        Fault::NoUtf8 => {
            SendError::closed("the mail server does not offer SMTPUTF8, which an address here needs").advise(Cause::Utf8.advice())
        }
    }
}

fn too_big(size: u64, most: u64) -> SendError {
    let (size, most) = (grouped(&size.to_string()), grouped(&most.to_string()));
    let message = format!("the mail has {size} bytes, and the mail server accepts at most {most}");
    let error = SendError::refused(message).advise(Cause::TooBig.advice());
    SendError { retry: Retry::Never, of_message: true, ..error }
}

const UNREACHABLE: &str = "see whether host and port in SMTP_URL are right (465 for smtps://, 587 for smtp://…?tls=required), and no firewall is in between";

fn refused(code: u16, words: &str, stage: Stage, redactor: &Redactor) -> SendError {
    let cause = cause(stage, code, words);
    let words = redactor.clean(words, MOST_WORDS);
    let said = if words.is_empty() { format!("{code}") } else { format!("{code} {words}") };
    let refused = stage.refused();
    let of_message = cause.may_be_of_message() && (cause == Cause::TooBig || stage.is_of_content());
    let error = match code {
        // The server itself asks to try again.
        400..500 => SendError::refused(format!("the mail server does not accept {refused} now: \"{said}\"")),
        _ => SendError::refused(format!("the mail server refuses {refused}: \"{said}\"")),
    };
    let advice = match cause {
        Cause::Sender | Cause::Recipient | Cause::Policy | Cause::Greeting | Cause::Other if code < 500 => {
            "this often passes without action; the server's text says why"
        }
        known => known.advice(),
    };
    SendError { retry: cause.retry(code, stage), of_message, ..error.advise(advice) }
}

/// Why TLS could not be established. A person must fix each of these.
fn encryption(error: &io::Error) -> SendError {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    let (what, advice) = match tls {
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::UnknownIssuer => (
                "the mail server's certificate is from an unknown authority".to_owned(),
                "if it is your private authority, name the file with its certificate (PEM) in SMTP_CA_FILE, or add it to the system's store",
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "the mail server's certificate has expired".to_owned(),
                "renew the server's certificate, or correct this machine's clock",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("the mail server's certificate is not valid yet".to_owned(), "check this machine's clock")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
                "the mail server's certificate is for another host".to_owned(),
                "use the host that the certificate names in SMTP_URL",
            ),
            other if format!("{other:?}").contains("CaUsedAsEndEntity") => (
                "the mail server's certificate is an authority's own".to_owned(),
                "get a certificate for the server that names it and is signed by the authority; name the authority's file in SMTP_CA_FILE",
            ),
            other => (
                format!("the mail server's certificate cannot be used: {other:?}"),
                "get a certificate for the server that names it and is signed by an authority",
            ),
        },
        Some(rustls::Error::InvalidMessage(_)) => (
            "the mail server answers without encryption on a port that should be encrypted from the start"
                .to_owned(),
            "smtps:// is for a port that begins with TLS, mostly 465; use smtp://…?tls=required for one that changes to it, mostly 587",
        ),
        Some(other) => {
            (format!("no encryption with the mail server: {other}"), "the server must speak TLS 1.2 or 1.3")
        }
        // The server hung up, which may be temporary.
        None => {
            return SendError::refused("the mail server hung up while the encryption began").advise(
                "smtps:// is for a port that begins with TLS, mostly 465; use smtp://…?tls=required for one that changes to it, mostly 587",
            );
        }
    };
    SendError::closed(what).advise(advice)
}

/// A failure without an answer. The message may have arrived if all of it was sent.
fn at(stage: Stage, what: &str) -> SendError {
    match stage {
        Stage::End => SendError::later(what),
        _ => SendError::refused(what),
    }
}

fn during(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect | Stage::Greeting => "before it greeted",
        Stage::Hello => "at the greeting",
        Stage::StartTls => "when the encryption was to begin",
        Stage::Login => "at the login",
        Stage::Sender => "at the sender's address",
        Stage::Recipient => "at the recipient's address",
        Stage::Data => "while it was given the mail",
        Stage::End => "after it was given the mail",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::super::Retry;
    use super::*;

    fn of(fault: Fault, stage: Stage) -> SendError {
        failure(&fault, stage, &Redactor::default())
    }

    #[test]
    fn each_way_to_fail_names_its_own_cause() {
        let tls = |error: rustls::Error| Fault::Tls(io::Error::new(io::ErrorKind::InvalidData, error));
        let certificate = |error| tls(rustls::Error::InvalidCertificate(error));
        let other = rustls::OtherError(Arc::new(io::Error::other("CaUsedAsEndEntity")));
        for (fault, stage, retry, advice) in [
            (Fault::NoName, Stage::Connect, Retry::Later, "written right"),
            (
                Fault::NoConnection(io::ErrorKind::ConnectionRefused.into()),
                Stage::Connect,
                Retry::Later,
                "firewall",
            ),
            (certificate(CertificateError::UnknownIssuer), Stage::Connect, Retry::Closed, "SMTP_CA_FILE"),
            (certificate(CertificateError::Expired), Stage::Connect, Retry::Closed, "renew"),
            (certificate(CertificateError::NotValidYet), Stage::StartTls, Retry::Closed, "clock"),
            (
                certificate(CertificateError::NotValidForName),
                Stage::StartTls,
                Retry::Closed,
                "host that the certificate names in SMTP_URL",
            ),
            (
                certificate(CertificateError::Other(other)),
                Stage::Connect,
                Retry::Closed,
                "is signed by the authority",
            ),
            (
                tls(rustls::InvalidMessage::InvalidContentType.into()),
                Stage::Connect,
                Retry::Closed,
                "tls=required",
            ),
            (tls(rustls::Error::General("no".into())), Stage::Connect, Retry::Closed, "TLS 1.2"),
            (Fault::Tls(io::ErrorKind::UnexpectedEof.into()), Stage::Connect, Retry::Later, "465"),
            (Fault::NoStartTls, Stage::StartTls, Retry::Closed, "smtps://"),
            (Fault::NoLogin, Stage::Login, Retry::Closed, "after encryption only"),
            (Fault::NoUtf8, Stage::Sender, Retry::Closed, "SMTPUTF8"),
            (Fault::NotSmtp, Stage::Greeting, Retry::Later, "a mail server's"),
            (Fault::TooMuch, Stage::Hello, Retry::Later, "a mail server's"),
            (Fault::Refused(554, "go away".into()), Stage::Greeting, Retry::Closed, "refuses connections"),
            (Fault::Refused(501, "bad name".into()), Stage::Hello, Retry::Closed, "ehlo_name"),
        ] {
            let shown = format!("{fault:?}");
            let error = of(fault, stage);
            assert_eq!(error.retry, retry, "{shown}");
            assert!(!error.may_have_arrived, "{shown}");
            assert!(error.advice.is_some_and(|own| own.contains(advice)), "{shown}: {:?}", error.advice);
        }
    }

    #[test]
    fn only_what_was_sent_whole_may_have_arrived() {
        for (stage, may) in
            [(Stage::Login, false), (Stage::Recipient, false), (Stage::Data, false), (Stage::End, true)]
        {
            assert_eq!(of(Fault::Broken, stage).may_have_arrived, may, "{stage:?}");
            assert_eq!(of(Fault::Late, stage).may_have_arrived, may, "{stage:?}");
            assert!(!of(Fault::Refused(554, "no".into()), stage).may_have_arrived);
        }
    }

    #[test]
    fn the_servers_words_are_shown_and_nothing_secret_in_them() {
        let redactor = Redactor::new(["bell@example.org", "s3cret"]);
        let said =
            Fault::Refused(550, "5.1.1 <jane.doe@example.com> unknown to bell@example.org, s3cret".into());
        let error = failure(&said, Stage::Recipient, &redactor);
        assert_eq!(
            error.message,
            "the mail server refuses the recipient: \"550 5.1.1 <j•••@example.com> unknown to •••, •••\""
        );
        assert_eq!(
            of(Fault::Refused(550, String::new()), Stage::Sender).message,
            "the mail server refuses the sender: \"550\""
        );
        let now = of(Fault::Refused(451, "4.3.0 busy".into()), Stage::End);
        assert_eq!(now.message, "the mail server does not accept the mail now: \"451 4.3.0 busy\"");
        assert_eq!((now.retry, now.of_message), (Retry::Later, true));
    }
}
