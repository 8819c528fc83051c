//! The meaning of a mail server's refusal: derives from the stage of the conversation, the code, the enhanced
//! code and the text whether to try again, and what people can do.

use crate::notify::error::Retry;

/// The stage of the conversation at which something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before the server sent anything.
    Connect,
    /// Its first line.
    Greeting,
    /// EHLO.
    Hello,
    /// STARTTLS and the TLS handshake.
    StartTls,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, and the content before its end.
    Data,
    /// After the end of the content: without an answer, it is uncertain whether it was accepted.
    End,
}

impl Stage {
    /// What was refused, for messages.
    pub(super) fn refused(self) -> &'static str {
        match self {
            Self::Connect | Self::Greeting => "the connection",
            Self::Hello => "the greeting (EHLO)",
            Self::StartTls => "the encryption (STARTTLS)",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Data | Self::End => "the mail",
        }
    }

    /// True if the server has some of the content.
    pub(super) fn is_of_content(self) -> bool {
        CONTENT.contains(&self)
    }
}

/// The cause of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    TooBig,
    Content,
    MailboxFull,
    Utf8,
    NeedsTls,
    Login,
    Hello,
    Blocked,
    Quota,
    Sender,
    Relay,
    Recipient,
    Greeting,
    Policy,
    Other,
}

impl Cause {
    /// Whether another try of the same message can succeed: yes, unless the message itself is certainly at
    /// fault. Before the content is sent, the server knows of it only the size.
    pub(super) fn retry(self, code: u16, stage: Stage) -> Retry {
        match self {
            _ if code < 500 => Retry::Later,
            Self::TooBig => Retry::Never,
            Self::Content if stage.is_of_content() => Retry::Never,
            _ => Retry::Closed,
        }
    }

    /// True if the refusal may be about this message rather than the destination.
    pub(super) fn may_be_of_message(self) -> bool {
        matches!(self, Self::TooBig | Self::Content | Self::Policy | Self::Blocked | Self::Other)
    }

    /// Advice for people.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::TooBig => {
                "the e-mail is larger than the server accepts: raise its limit, or make rules match less"
            }
            Self::Content => "the server rejects this content; its text says why",
            Self::MailboxFull => {
                "the recipient's mailbox is full: delete e-mails there, or give it more space"
            }
            Self::Utf8 => {
                "the server accepts no addresses with letters beyond ASCII before the `@` (SMTPUTF8): use another address or server"
            }
            Self::NeedsTls => {
                "the server wants encryption: use smtp://…?tls=required, or smtps://, in SMTP_URL"
            }
            Self::Login => {
                "check user and password in SMTP_URL; many providers need an app password, or must allow SMTP for the account"
            }
            Self::Hello => {
                "the server rejects this machine's name in EHLO: set [email] ehlo_name to a name in the DNS, such as bell.example.org"
            }
            Self::Blocked | Self::Policy => {
                "the server treats it as spam or has a rule against it; its text says why: check whether this machine's address is on a block list, and SPF, DKIM and DMARC of the sender's domain"
            }
            Self::Quota => {
                "the provider's limit for sent mail is reached: sellbell retries by itself; send less, or have the limit raised"
            }
            Self::Sender => "check that the server lets you send from the address in [email] from",
            Self::Relay => {
                "the server does not relay for this machine: put user and password in SMTP_URL, or use the provider's submission server"
            }
            Self::Recipient => {
                "the server knows no such mailbox: correct the recipient's address in the settings"
            }
            Self::Greeting => {
                "the server refuses connections from this machine: check that host and port in SMTP_URL are for submission, and that this machine's address is on no block list"
            }
            Self::Other => "read the server's text; sellbell retries by itself",
        }
    }
}

/// A row of the table; empty fields match everything.
struct Row {
    stages: &'static [Stage],
    codes: &'static [u16],
    /// Enhanced codes without their class: `1.1`, `6.*`, and `-` for none.
    enhanced: &'static [&'static str],
    /// Words in lower case.
    words: &'static [&'static str],
    cause: Cause,
}

const MAIL: &[Stage] = &[Stage::Sender, Stage::Recipient, Stage::Data, Stage::End];
const TO: &[Stage] = &[Stage::Recipient, Stage::Data, Stage::End];
const CONTENT: &[Stage] = &[Stage::Data, Stage::End];
const ANY: Row = Row { stages: &[], codes: &[], enhanced: &[], words: &[], cause: Cause::Other };

/// The first matching row applies.
const TABLE: &[Row] = &[
    Row { stages: MAIL, enhanced: &["3.4", "2.3"], cause: Cause::TooBig, ..ANY },
    Row { stages: TO, enhanced: &["2.2"], cause: Cause::MailboxFull, ..ANY },
    Row {
        stages: TO,
        codes: &[552, 452],
        enhanced: &["-", "2.*"],
        words: &["quota", "storage", "mailbox", "full"],
        cause: Cause::MailboxFull,
    },
    Row {
        stages: MAIL,
        codes: &[523, 550, 552, 554],
        enhanced: &["-", "0.*", "2.*", "3.*", "5.*"],
        words: &[
            "message too large",
            "message is too large",
            "message too big",
            "message is too big",
            "message file too big",
            "message size exceeds",
            "message size limit",
            "message exceeds",
            "message length exceeds",
            "maximum message size",
            "message is larger",
            "size limits",
        ],
        cause: Cause::TooBig,
    },
    Row { stages: CONTENT, enhanced: &["6.*"], cause: Cause::Content, ..ANY },
    Row {
        stages: CONTENT,
        enhanced: &["-"],
        words: &["line too long", "lines too long", "line length", "lines in message are too long"],
        cause: Cause::Content,
        ..ANY
    },
    Row { stages: MAIL, enhanced: &["6.7", "6.9"], cause: Cause::Utf8, ..ANY },
    Row { stages: MAIL, words: &["smtputf8"], cause: Cause::Utf8, ..ANY },
    Row { codes: &[530, 538], words: &["tls", "encrypt", "ssl"], cause: Cause::NeedsTls, ..ANY },
    Row { stages: &[Stage::Login], cause: Cause::Login, ..ANY },
    Row { codes: &[530, 534, 535, 538], cause: Cause::Login, ..ANY },
    Row {
        stages: MAIL,
        words: &[
            "authentication required",
            "authentication is required",
            "not authenticated",
            "must authenticate",
            "please authenticate",
            "authenticate first",
            "smtp auth",
        ],
        cause: Cause::Login,
        ..ANY
    },
    Row { stages: &[Stage::Hello], cause: Cause::Hello, ..ANY },
    Row { stages: MAIL, words: &["helo", "ehlo"], cause: Cause::Hello, ..ANY },
    Row { stages: &[Stage::Connect, Stage::Greeting, Stage::StartTls], cause: Cause::Greeting, ..ANY },
    Row {
        words: &[
            "spamhaus",
            "spamcop",
            "barracuda",
            "blocklist",
            "block list",
            "blacklist",
            "black list",
            "denylist",
            "dnsbl",
            "reputation",
            "spam",
            "unsolicited",
            "traffic not accepted",
            "unexpected volume",
            "complaint",
        ],
        cause: Cause::Blocked,
        ..ANY
    },
    Row { stages: MAIL, enhanced: &["4.5"], cause: Cause::Quota, ..ANY },
    Row {
        stages: MAIL,
        words: &[
            "per hour",
            "per day",
            "hourly",
            "daily",
            "sending limit",
            "sending quota",
            "message limit",
            "quota exceeded",
            "exceeded the max",
            "exceeded your",
            "limit exceeded",
            "rate limit",
            "ratelimit",
            "too many messages",
            "too many emails",
            "too many mails",
            "sending activity",
            "too fast",
            "too quickly",
            "throttl",
        ],
        cause: Cause::Quota,
        ..ANY
    },
    Row {
        stages: MAIL,
        words: &[
            "send as",
            "sendasdenied",
            "one of your addresses",
            "sender is not allowed",
            "not owned by",
            "allowed to send",
            "authorized to send",
            "authorised to send",
            "permitted to send",
            "permissions to send",
            "from address",
            "header address",
            "sender address",
            "sender identity",
            "sender rejected",
            "sender refused",
            "sender denied",
            "sender verif",
            "bad sender",
            "outbound sender",
            "senders not allowed",
            "not verified",
        ],
        cause: Cause::Sender,
        ..ANY
    },
    Row { stages: MAIL, words: &["relay", "rcpthosts"], cause: Cause::Relay, ..ANY },
    Row {
        stages: TO,
        enhanced: &["1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1"],
        cause: Cause::Recipient,
        ..ANY
    },
    Row { stages: &[Stage::Recipient], codes: &[551, 553], enhanced: &["-"], cause: Cause::Recipient, ..ANY },
    Row {
        stages: TO,
        words: &[
            "user unknown",
            "unknown user",
            "no such user",
            "user not found",
            "user not local",
            "no such recipient",
            "unknown recipient",
            "invalid recipient",
            "recipient unknown",
            "recipient not found",
            "recipient address rejected",
            "recipient rejected",
            "no mailbox",
            "no such mailbox",
            "invalid mailbox",
            "mailbox unavailable",
            "mailbox not found",
            "mailbox disabled",
            "account is disabled",
            "account has been disabled",
            "no such address",
            "address unknown",
            "unknown address",
            "unrouteable",
            "not exist",
            "doesn't exist",
        ],
        cause: Cause::Recipient,
        ..ANY
    },
    Row { stages: &[Stage::Sender], cause: Cause::Sender, ..ANY },
    Row { enhanced: &["7.*"], cause: Cause::Policy, ..ANY },
    Row {
        words: &["policy", "blocked", "denied", "banned", "virus", "prohibited"],
        cause: Cause::Policy,
        ..ANY
    },
];

/// The cause of a refusal.
pub(super) fn cause(stage: Stage, code: u16, words: &str) -> Cause {
    let (enhanced, words) = (enhanced(words), words.to_lowercase());
    let has_enhanced = |pattern: &&str| match (&enhanced, pattern.strip_suffix('*')) {
        (None, _) => *pattern == "-",
        (Some(own), Some(subject)) => own.starts_with(subject),
        (Some(own), None) => own == pattern,
    };
    let fits = |row: &&Row| {
        (row.stages.is_empty() || row.stages.contains(&stage))
            && (row.codes.is_empty() || row.codes.contains(&code))
            && (row.enhanced.is_empty() || row.enhanced.iter().any(has_enhanced))
            && (row.words.is_empty() || row.words.iter().any(|known| words.contains(known)))
    };
    TABLE.iter().find(fits).map_or(Cause::Other, |row| row.cause)
}

/// The enhanced code without its class: `7.26` of `5.7.26 …`, or of qmail's `… (#5.7.26)`.
fn enhanced(words: &str) -> Option<String> {
    let at_start = words.trim_start();
    let behind = words.find("(#").map(|at| &words[at + 2..]);
    [Some(at_start), behind].into_iter().flatten().find_map(|text| {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut parts = text[..end].trim_end_matches('.').split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = |part: &str| (1..=3).contains(&part.len());
        let whole = parts.next().is_none() && is_number(subject) && is_number(detail);
        (whole && matches!(class, "4" | "5")).then(|| format!("{subject}.{detail}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Real answers of servers: stage, answer and cause.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn what_servers_really_say_is_understood() {
        use Cause as C;
        use Stage as S;
        let rows: &[(Stage, &str, Cause)] = &[
            // Gmail
            (
                S::Recipient,
                "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking",
                C::Recipient,
            ),
            (
                S::Recipient,
                "552 5.2.2 The email account that you tried to reach is over quota",
                C::MailboxFull,
            ),
            (S::End, "552 5.2.3 Your message exceeded Google's message size limits", C::TooBig),
            (
                S::End,
                "552 5.7.0 This message was blocked because its content presents a potential security issue",
                C::Policy,
            ),
            (
                S::End,
                "550 5.7.1 [192.0.2.1 12] Our system has detected that this message is likely unsolicited mail",
                C::Blocked,
            ),
            (
                S::End,
                "550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy",
                C::Policy,
            ),
            (S::Sender, "550 5.4.5 Daily user sending limit exceeded", C::Quota),
            (S::Recipient, "550 5.4.5 Daily SMTP relay sending limit exceeded for customer", C::Quota),
            (
                S::Recipient,
                "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
                C::Quota,
            ),
            (S::Login, "535 5.7.8 Username and Password not accepted. For more information, go to", C::Login),
            (S::Login, "534 5.7.9 Application-specific password required", C::Login),
            (S::Sender, "530 5.7.0 Must issue a STARTTLS command first", C::NeedsTls),
            (S::Sender, "530 5.7.0 Authentication Required", C::Login),
            (S::Sender, "553 5.1.7 The sender address <a> is not a valid RFC 5321 address", C::Sender),
            // Outlook and Office 365
            (
                S::Recipient,
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
                C::Recipient,
            ),
            (
                S::Recipient,
                "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
                C::Recipient,
            ),
            (
                S::Recipient,
                "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)",
                C::Recipient,
            ),
            (
                S::Sender,
                "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your provider since part of their network is on our block list (S3140)",
                C::Blocked,
            ),
            (
                S::End,
                "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message",
                C::Blocked,
            ),
            (S::End, "554 5.2.252 SendAsDenied; bell@example.org not allowed to send as", C::Sender),
            (S::End, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", C::Sender),
            (
                S::Sender,
                "530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 Authentication unsuccessful",
                C::Login,
            ),
            (
                S::Login,
                "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
                C::Login,
            ),
            (S::Recipient, "550 5.1.8 Access denied, bad outbound sender AS(42003)", C::Sender),
            (
                S::Recipient,
                "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP",
                C::Blocked,
            ),
            (S::Sender, "552 5.3.4 Message size exceeds fixed maximum message size", C::TooBig),
            (S::Hello, "501 5.5.4 Invalid domain name", C::Hello),
            // Amazon SES
            (
                S::End,
                "554 Message rejected: Email address is not verified. The following identities failed the check",
                C::Sender,
            ),
            (S::End, "454 Throttling failure: Daily message quota exceeded.", C::Quota),
            (S::End, "454 Throttling failure: Maximum sending rate exceeded.", C::Quota),
            (S::Login, "535 Authentication Credentials Invalid", C::Login),
            (S::Sender, "530 Authentication required", C::Login),
            // Mailgun, SendGrid, Postmark-like
            (S::Recipient, "550 5.7.1 Relaying denied", C::Relay),
            (
                S::End,
                "550 The from address does not match a verified Sender Identity. Mail cannot be sent",
                C::Sender,
            ),
            (S::Sender, "550 Unauthenticated senders not allowed", C::Sender),
            (S::Login, "451 Authentication failed: Maximum credits exceeded", C::Login),
            (S::End, "552 5.3.4 Message size exceeds 20 MB", C::TooBig),
            // Postfix
            (
                S::Recipient,
                "550 5.1.1 <x>: Recipient address rejected: User unknown in local recipient table",
                C::Recipient,
            ),
            (S::Recipient, "554 5.7.1 <x>: Relay access denied", C::Relay),
            (
                S::Recipient,
                "504 5.5.2 <bell>: Helo command rejected: need fully-qualified hostname",
                C::Hello,
            ),
            (S::Recipient, "553 5.7.1 <x>: Sender address rejected: not owned by user y", C::Sender),
            (
                S::Recipient,
                "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
                C::Blocked,
            ),
            (
                S::Recipient,
                "552 5.2.2 <x>: Recipient address rejected: mailbox size limit exceeded",
                C::MailboxFull,
            ),
            (S::End, "552 5.3.4 Error: message file too big", C::TooBig),
            (S::Greeting, "521 5.3.2 mail.example.org does not accept mail", C::Greeting),
            (S::Recipient, "550 5.1.6 The recipient has moved", C::Recipient),
            (S::Recipient, "553 5.6.7 Must have smtputf8 capability", C::Utf8),
            // Exim and cPanel
            (S::Recipient, "550 Unrouteable address", C::Recipient),
            (S::End, "552 Message size exceeds maximum permitted", C::TooBig),
            (S::End, "550 maximum allowed line length is 998 octets, got 1203", C::Content),
            (
                S::End,
                "550 Domain example.org has exceeded the max emails per hour (501/500 (100%)) allowed. Message discarded.",
                C::Quota,
            ),
            (S::Recipient, "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", C::Hello),
            (S::Recipient, "550 Sender verify failed", C::Sender),
            (S::Recipient, "550 relay not permitted", C::Relay),
            (S::End, "550 This message was classified as SPAM and may not be delivered", C::Blocked),
            (S::Hello, "550 HELO should be a FQDN or address literal", C::Hello),
            // Yahoo
            (
                S::Sender,
                "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints",
                C::Blocked,
            ),
            (
                S::Greeting,
                "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
                C::Greeting,
            ),
            (S::End, "554 5.7.9 Message not accepted for policy reasons", C::Policy),
            (S::End, "554 delivery error: dd This user doesn't have a yahoo.com account", C::Other),
            // Zoho, iCloud, Fastmail, OVH, qmail
            (S::Sender, "553 Sender is not allowed to relay emails", C::Sender),
            (S::End, "550 5.4.6 Unusual sending activity detected. Please try after sometime", C::Quota),
            (S::Sender, "550 5.7.0 From address is not one of your addresses", C::Sender),
            (S::Recipient, "552 5.2.2 user is over quota", C::MailboxFull),
            (S::End, "551 5.7.1 Not authorised to send from this header address", C::Sender),
            (S::Login, "535 5.7.1 Authentication failed", C::Login),
            (S::Recipient, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", C::Relay),
            (S::Recipient, "550 sorry, no mailbox here by that name. (#5.1.1)", C::Recipient),
            (S::End, "552 sorry, that message size exceeds my databytes limit (#5.3.4)", C::TooBig),
            (S::Recipient, "551 User not local; please try <forward-path>", C::Recipient),
            (S::Recipient, "553 mailbox name not allowed", C::Recipient),
            (S::End, "554 5.6.0 Message contains invalid header", C::Content),
            (S::End, "554 Transaction failed", C::Other),
            (S::Recipient, "550 no", C::Other),
            (S::End, "552 Requested mail action aborted: exceeded storage allocation", C::MailboxFull),
            (S::StartTls, "502 5.5.1 not now", C::Greeting),
            (S::Data, "503 5.5.1 valid RCPT command must precede DATA", C::Other),
        ];
        assert!(rows.len() >= 60);
        for (stage, answer, expected) in rows {
            let (code, words) = answer.split_once(' ').unwrap();
            let code: u16 = code.parse().unwrap();
            let cause = cause(*stage, code, words);
            assert_eq!(cause, *expected, "{stage:?}: {answer}");
            let retry = match expected {
                _ if code < 500 => Retry::Later,
                C::TooBig => Retry::Never,
                C::Content if CONTENT.contains(stage) => Retry::Never,
                _ => Retry::Closed,
            };
            assert_eq!(cause.retry(code, *stage), retry, "{stage:?}: {answer}");
        }
    }

    #[test]
    fn nothing_but_a_fault_of_the_message_is_given_up() {
        let stages = [
            Stage::Greeting,
            Stage::Hello,
            Stage::StartTls,
            Stage::Login,
            Stage::Sender,
            Stage::Recipient,
            Stage::Data,
            Stage::End,
        ];
        for stage in stages {
            for code in 500..=599 {
                for words in
                    ["", "no", "5.7.1 no", "5.0.0 no", "5.5.0 no", "5.2.2 full", "5.4.5 slow down", "quota"]
                {
                    assert_eq!(
                        cause(stage, code, words).retry(code, stage),
                        Retry::Closed,
                        "{stage:?} {code} {words}"
                    );
                }
            }
            // Content can only be rejected once it has been sent.
            let is_content = matches!(stage, Stage::Data | Stage::End);
            let retry = cause(stage, 554, "5.6.0 what is this").retry(554, stage);
            assert_eq!(retry == Retry::Never, is_content, "{stage:?}");
        }
        assert_eq!(enhanced("5.7.26 no"), Some("7.26".into()));
        for none in ["", "no 5.1.1", "192.0.2.1 no", "5.1 no", "2.1.1 ok", "5.1234.1 no"] {
            assert_eq!(enhanced(none), None, "{none}");
        }
    }
}
