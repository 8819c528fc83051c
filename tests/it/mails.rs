//! The conversation with a mail server: what each refusal means and says, encryption, private authorities, names in ASCII.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use sellbell::config::Settings;
use sellbell::delivery::{Batch, Body, Delivery};
use sellbell::destination::Destination;
use sellbell::notice::Notice;
use sellbell::notify::{Notifier, Retry, Secrets, SendError};
use sellbell::outbox::Lane;
use sellbell::render::terminal::Colour;
use sellbell::service;
use sellbell::trust::Roots;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::authorities::Authority;
use crate::fakes::smtp::{Encryption, FakeSmtp, Manners, ReceivedMail};
use crate::world::{World, at, deliver_all, deliver_to, qualys};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const SETTINGS: &str = "[email]\nfrom = \"sellbell <bell@example.org>\"\n\
    [[email.recipient]]\nname = \"desk\"\naddress = \"Desk <desk@example.org>\"\n";

/// Sends a notice by these settings, which does not arrive where it fails.
async fn send(settings: &str, url: &str, roots: Roots) -> Result<(), SendError> {
    let sent = try_to_send(settings, url, roots).await;
    if let Err(error) = &sent {
        assert!(!error.may_have_arrived, "{error}");
    }
    sent
}

async fn try_to_send(settings: &str, url: &str, roots: Roots) -> Result<(), SendError> {
    let settings = Settings::read("settings", settings, &[]).unwrap();
    let secrets = Secrets { smtp_url: Some(url.into()), smtp_roots: roots, ..Secrets::default() };
    let output = Arc::new(std::sync::Mutex::new(Vec::new()));
    let notifier = Notifier::new(&settings, &secrets, &|_| true, output, Colour::Plain).unwrap();
    let desk: Destination = "email:desk".parse().unwrap();
    let notice = Body::Notice(Box::new(Notice::written(at(NOW), "A title", "A text")));
    let delivery = Delivery::new(desk, notice, at(NOW));
    let sent = notifier.send(&Batch::one(delivery), at(NOW)).await;
    if let Err(error) = &sent {
        for secret in ["desk@example.org", "bell@example.org", "s3cret"] {
            assert!(!error.to_string().contains(secret), "{error}");
        }
    }
    sent.map(drop)
}

async fn refused(settings: &str, url: &str) -> SendError {
    send(settings, url, Roots::default()).await.unwrap_err()
}

fn advice(error: &SendError) -> &'static str {
    error.advice.unwrap_or_default()
}

#[tokio::test]
async fn a_refusal_is_shown_in_the_servers_words_and_means_what_its_stage_says() {
    let smtp = FakeSmtp::start().await;
    let url = format!("smtp://bell%40example.org:s3cret@127.0.0.1:{}", smtp.port());
    for (stage, reply, retry, words, what_to_do) in [
        (
            "connect",
            "554 5.7.1 go away",
            Retry::Closed,
            "refuses the connection: \"554 5.7.1 go away\"",
            "block list",
        ),
        (
            "connect",
            "421 too busy",
            Retry::Later,
            "does not accept the connection now: \"421 too busy\"",
            "passes without action",
        ),
        ("hello", "550 what a name", Retry::Closed, "refuses the greeting (EHLO)", "ehlo_name"),
        (
            "auth",
            "535 5.7.8 bad user bell@example.org or s3cret",
            Retry::Closed,
            "bad user ••• or •••",
            "user and password",
        ),
        ("auth", "550 no more logins", Retry::Closed, "refuses the login", "user and password"),
        ("mail", "550 5.7.1 not you", Retry::Closed, "refuses the sender", "[email] from"),
        ("mail", "550 5.4.5 Daily sending quota exceeded", Retry::Closed, "Daily sending quota", "limit"),
        (
            "rcpt",
            "550 5.1.1 <desk@example.org> who?",
            Retry::Closed,
            "<d•••@example.org> who?",
            "correct the recipient",
        ),
        ("rcpt", "550", Retry::Closed, "refuses the recipient: \"550\"", "read the server"),
        ("rcpt", "552 5.2.2 full", Retry::Closed, "\"552 5.2.2 full\"", "mailbox is full"),
        ("rcpt", "550-5.7.1 one\r\n550 5.7.1 two", Retry::Closed, "\"550 5.7.1 one two\"", "SPF"),
        ("data", "554 no", Retry::Closed, "refuses the mail: \"554 no\"", "read the server"),
        ("end", "554 5.7.1 \u{1b}[31mspam\u{7}", Retry::Closed, "\"554 5.7.1 [31mspam\"", "block list"),
        (
            "end",
            "550 Domain example.org has exceeded the max emails per hour (501/500)",
            Retry::Closed,
            "501/500",
            "limit",
        ),
        ("end", "552 5.3.4 too big", Retry::Never, "too big", "larger than the server accepts"),
        ("end", "554 5.6.0 bad header", Retry::Never, "bad header", "content"),
        ("end", "451 4.3.0 later", Retry::Later, "does not accept the mail now", "passes without action"),
    ] {
        smtp.fail_next(stage, reply, 1);
        let error = refused(SETTINGS, &url).await;
        assert_eq!(error.retry, retry, "{stage} {reply}: {error}");
        assert!(error.to_string().contains(words), "{stage} {reply}: {error}");
        assert!(advice(&error).contains(what_to_do), "{stage} {reply}: {}", advice(&error));
    }
    send(SETTINGS, &url, Roots::default()).await.unwrap();
    let mail = smtp.next_mail().await;
    assert_eq!((mail.from.as_str(), mail.to[0].as_str()), ("bell@example.org", "desk@example.org"));
    smtp.finish().await;
}

#[tokio::test]
async fn a_server_that_talks_without_end_or_sense_exhausts_nothing() {
    let smtp = FakeSmtp::start().await;
    let endless_line = format!("220 {}", "x".repeat(3 * 1024 * 1024));
    let endless_lines = "220-and so on\r\n".repeat(200_000);
    for (reply, words) in [
        (endless_line.as_str(), "says more than a mail server would"),
        (endless_lines.as_str(), "says more than a mail server would"),
        ("HTTP/1.1 400 Bad Request", "does not speak SMTP"),
        ("", "does not speak SMTP"),
        ("220", "hung up"),
        ("220-half", "hung up"),
    ] {
        smtp.fail_next("connect", reply, 1);
        let error = refused(SETTINGS, &smtp.url()).await;
        assert_eq!(error.retry, Retry::Later);
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().len() < 200, "{error}");
    }
    let said = "550 ".to_owned() + &"no ".repeat(20_000);
    smtp.fail_next("mail", &said, 1);
    assert!(refused(SETTINGS, &smtp.url()).await.to_string().chars().count() < 300);
    smtp.finish().await;
}

/// A server that says the first of these at once, and each other one after a line: its address without the scheme.
async fn scripted(script: &'static [&'static [u8]]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        for said in script {
            stream.write_all(said).await.unwrap();
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                return;
            }
        }
        // Until the other side hangs up.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    address.to_string()
}

#[tokio::test]
async fn what_a_server_says_need_not_be_utf8_and_counts_only_in_its_turn() {
    let latin1 = scripted(&[
        b"220 hi\r\n",
        b"250 hi\r\n",
        b"250 ok\n",
        b"550-5.1.1 Empf\xe4nger\r\n550 5.1.1 unbekannt\r\n",
    ])
    .await;
    let error = refused(SETTINGS, &format!("smtp://{latin1}")).await;
    assert!(error.to_string().contains("\"550 5.1.1 Empf\u{fffd}nger unbekannt\""), "{error}");
    assert!(error.retry == Retry::Closed && advice(&error).contains("correct the recipient"), "{error}");
    // What somebody slipped in before the encryption is not taken for the server's word.
    let slipped =
        scripted(&[b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go on\r\n250 AUTH PLAIN\r\n"]).await;
    let error = refused(SETTINGS, &format!("smtp://{slipped}?tls=required")).await;
    assert!(error.to_string().contains("does not speak SMTP when the encryption was to begin"), "{error}");
    let early =
        scripted(&[b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 not 354\r\n"]).await;
    let error = refused(SETTINGS, &format!("smtp://{early}")).await;
    assert!(error.to_string().contains("does not speak SMTP while it was given the mail"), "{error}");
    assert_eq!(error.retry, Retry::Later);
    // Nor is what came before the end of the mail taken for an answer to it.
    let early = scripted(&[
        b"220 hi\r\n",
        b"250 hi\r\n",
        b"250 ok\r\n",
        b"250 ok\r\n",
        b"354 go on\r\n250 taken\r\n",
    ])
    .await;
    let error = refused(SETTINGS, &format!("smtp://{early}")).await;
    assert_eq!(error.retry, Retry::Later, "{error}");
}

#[tokio::test]
async fn what_a_server_offers_may_be_in_small_letters_between_lines_of_nothing() {
    let odd = scripted(&[
        b"220 hi\r\n",
        b"250-hi\r\n250-\x0b\r\n250-\xc2\xa0\r\n250-\r\n250-starttls\r\n250 auth=plain\r\n",
        b"454 4.7.0 not now\r\n",
    ])
    .await;
    let error = refused(SETTINGS, &format!("smtp://{odd}?tls=required")).await;
    assert!(error.to_string().contains("454 4.7.0 not now"), "{error}");
    const NOTHING: [&[&[u8]]; 2] = [&[b"220 hi\r\n", b"250 \x0b\r\n"], &[b"220 hi\r\n", b"250\r\n"]];
    for nothing in NOTHING {
        let error = refused(SETTINGS, &format!("smtp://{}", scripted(nothing).await)).await;
        assert!(error.to_string().contains("does not speak SMTP"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_holds_a_delivery_up_for_a_minute() {
    let silent = scripted(&[b""]).await;
    let began = tokio::time::Instant::now();
    let error = refused(SETTINGS, &format!("smtp://{silent}")).await;
    assert!(
        error.to_string().contains("did not answer in time") || error.to_string().contains("does not answer"),
        "{error}"
    );
    assert!(began.elapsed() <= std::time::Duration::from_secs(61), "{:?}", began.elapsed());
}

/// A server that takes a while to store a mail: its address without the scheme, and how many it took.
async fn slow(wait: Duration) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, taken) = (listener.local_addr().unwrap().to_string(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut reply = "220 hi";
            while stream.write_all(format!("{reply}\r\n").as_bytes()).await.is_ok() {
                let mut line = String::new();
                while matches!(stream.read_line(&mut line).await, Ok(1..)) {
                    if reply != "354 go on" || line == ".\r\n" {
                        break;
                    }
                    line.clear();
                }
                reply = match line.as_str() {
                    "" => break,
                    "DATA\r\n" => "354 go on",
                    ".\r\n" => {
                        tokio::time::sleep(wait).await;
                        count.fetch_add(1, Ordering::Relaxed);
                        "250 taken"
                    }
                    _ => "250 well",
                };
            }
        }
    });
    (address, taken)
}

#[tokio::test(start_paused = true)]
async fn a_server_has_ten_minutes_to_store_a_mail() {
    for (minutes, is_waited_for) in [(9, true), (11, false)] {
        let (address, taken) = slow(Duration::from_secs(minutes * 60)).await;
        let began = tokio::time::Instant::now();
        let sent = try_to_send(SETTINGS, &format!("smtp://{address}"), Roots::default()).await;
        let took = began.elapsed().as_secs() / 60;
        assert_eq!((took, taken.load(Ordering::Relaxed)), (minutes.min(10), usize::from(is_waited_for)));
        match sent {
            Ok(()) => assert!(is_waited_for),
            Err(error) => assert!(!is_waited_for && error.may_have_arrived, "{error}"),
        }
    }
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_is_sent_again_ever_less_often_and_holds_up_no_other() {
    let world = World::new().await;
    let app = world.app("[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:desk\"]\n", None);
    let desk: Destination = "email:desk".parse().unwrap();
    let notice = async |title: &str| {
        let body = Body::Notice(Box::new(Notice::written(at(NOW), title, "A text")));
        let delivery = Delivery::new(desk.clone(), body, at(NOW));
        app.store.enqueue(&delivery).await.unwrap();
    };
    notice("first").await;
    world.smtp.fail_next("accepted-then-reset", "", 4);
    let (mut lane, mut now, mut waits) = (Lane::default(), at(NOW), Vec::new());
    for _ in 0..4 {
        assert_eq!(app.outbox.deliver_once(&desk, &mut lane, now).await.unwrap().failed, 1);
        let next = app.store.queued(&desk, 9).await.unwrap()[0].not_before;
        waits.push((next - now).num_minutes());
        now = next;
        world.smtp.next_mail().await;
    }
    assert_eq!(waits, [1, 2, 4, 8]);
    notice("second").await;
    let before = now - TimeDelta::minutes(1);
    assert_eq!(deliver_to(&app, &desk, &mut lane, before).await, (1, 0, 0), "the other one");
    assert_eq!(deliver_to(&app, &desk, &mut lane, now).await, (1, 0, 0));
    assert_eq!(world.smtp.take_mails().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_one_that_has_no_name() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refused(SETTINGS, &format!("smtp://127.0.0.1:{free}")).await;
    assert!(error.to_string().contains("nothing listens") && error.retry == Retry::Later, "{error}");
    assert!(advice(&error).contains("587"), "{error}");
    let error = refused(SETTINGS, "smtp://no.such.host.invalid").await;
    assert!(error.to_string().contains("is not found") && error.retry == Retry::Later, "{error}");
    assert!(advice(&error).contains("DNS"), "{error}");
}

#[tokio::test]
async fn the_greeting_is_the_set_name_or_the_addresses_or_the_machines() {
    let smtp = FakeSmtp::start().await;
    for (hello_name, path, said) in [
        ("bell.bücher.example", "", Some("bell.xn--bcher-kva.example")),
        ("192.0.2.7", "/other.example", Some("[192.0.2.7]")),
        ("", "/other.example", Some("other.example")),
        ("", "", None),
    ] {
        let settings = SETTINGS.replace("[email]\n", &format!("[email]\nehlo_name = \"{hello_name}\"\n"));
        send(&settings, &format!("{}{path}", smtp.url()), Roots::default()).await.unwrap();
        smtp.next_mail().await;
        let greetings = smtp.take_greetings();
        assert_eq!(greetings.len(), 1);
        assert!(!greetings[0].is_empty() && !greetings[0].contains(' '));
        assert!(said.is_none_or(|said| said == greetings[0]), "{greetings:?}");
    }
    smtp.finish().await;
}

fn header(mail: &ReceivedMail, name: &str) -> String {
    let text = String::from_utf8(mail.raw.clone()).unwrap().replace("\r\n ", " ");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn domains_go_out_in_ascii_and_other_letters_only_where_the_server_takes_them() {
    let settings = "[email]\nfrom = \"Läuten <bell@bücher.example>\"\n\
        [[email.recipient]]\nname = \"desk\"\naddress = \"Desk <desk@例え.テスト>\"\n";
    let smtp = FakeSmtp::start().await;
    send(settings, &smtp.url(), Roots::default()).await.unwrap();
    let mail = smtp.next_mail().await;
    assert_eq!(
        (mail.from.as_str(), mail.to[0].as_str()),
        ("bell@xn--bcher-kva.example", "desk@xn--r8jz45g.xn--zckzah")
    );
    assert!(mail.raw.is_ascii());
    assert!(header(&mail, "From").ends_with("<bell@xn--bcher-kva.example>"), "{}", header(&mail, "From"));
    assert!(header(&mail, "To").ends_with("<desk@xn--r8jz45g.xn--zckzah>"));
    assert!(header(&mail, "Message-ID").ends_with("@xn--bcher-kva.example>"));
    let local = settings.replace("<desk@例え.テスト>", "<jürgen@bücher.example>");
    let error = refused(&local, &smtp.url()).await;
    assert!(error.to_string().contains("SMTPUTF8") && error.retry == Retry::Closed, "{error}");
    assert!(advice(&error).contains("beyond ASCII"));
    smtp.finish().await;

    let smtp =
        FakeSmtp::start_as(Manners { offers: vec!["8BITMIME", "SMTPUTF8"], ..Manners::default() }).await;
    send(&local, &smtp.url(), Roots::default()).await.unwrap();
    let mail = smtp.next_mail().await;
    assert_eq!(mail.to, ["jürgen@xn--bcher-kva.example"]);
    assert!(mail.parameters.contains("SMTPUTF8"), "{}", mail.parameters);
    smtp.finish().await;
}

#[tokio::test]
async fn a_private_authority_is_trusted_from_a_file_by_both_ways_to_encrypt() {
    let authority = Authority::new();
    let good = authority.server("127.0.0.1", (2000, 2999));
    for (encryption, scheme, query) in [
        (Encryption::AtOnce(Arc::clone(&good)), "smtps", ""),
        (Encryption::Later(Arc::clone(&good)), "smtp", "?tls=required"),
        (Encryption::Later(good), "smtp", "?tls=opportunistic"),
    ] {
        let smtp = FakeSmtp::start_as(Manners { encryption, ..Manners::default() }).await;
        let url = format!("{scheme}://bell:s3cret@127.0.0.1:{}{query}", smtp.port());
        send(SETTINGS, &url, authority.roots()).await.unwrap();
        smtp.next_mail().await;
        let error = refused(SETTINGS, &url).await;
        assert!(
            error.to_string().contains("an unknown authority") && error.retry == Retry::Closed,
            "{error}"
        );
        assert!(advice(&error).contains("SMTP_CA_FILE"), "{}", advice(&error));
        smtp.finish().await;
    }
}

#[tokio::test]
async fn what_hinders_encryption_or_login_is_told_apart() {
    let authority = Authority::new();
    let other_host = authority.server("mail.example.org", (2000, 2999));
    let expired = authority.server("127.0.0.1", (2000, 2001));
    let early = authority.server("127.0.0.1", (2998, 2999));
    let (own, own_roots) = Authority::as_server();
    let roots = authority.roots().and(&own_roots);
    for (encryption, words, what_to_do) in [
        (Encryption::AtOnce(own), "is an authority's own", "signed by the authority"),
        (Encryption::AtOnce(other_host), "is for another host", "that the certificate names"),
        (Encryption::AtOnce(expired), "has expired", "renew"),
        (Encryption::AtOnce(early), "is not valid yet", "clock"),
    ] {
        let smtp = FakeSmtp::start_as(Manners { encryption, ..Manners::default() }).await;
        let error =
            send(SETTINGS, &format!("smtps://127.0.0.1:{}", smtp.port()), roots.clone()).await.unwrap_err();
        assert!(error.to_string().contains(words) && error.retry == Retry::Closed, "{error}");
        assert!(advice(&error).contains(what_to_do), "{}", advice(&error));
        smtp.finish().await;
    }
    let url = format!("smtps://{}", scripted(&[b"220 mail.example.org ESMTP\r\n"]).await);
    let error = refused(SETTINGS, &url).await;
    assert!(error.to_string().contains("without encryption on a port"), "{error}");
    assert!(error.retry == Retry::Closed && advice(&error).contains("tls=required"), "{}", advice(&error));
    let smtp =
        FakeSmtp::start_as(Manners { offers: vec!["8BITMIME", "AUTH CRAM-MD5"], ..Manners::default() }).await;
    let error = refused(SETTINGS, &format!("{}?tls=required", smtp.url())).await;
    assert!(error.to_string().contains("does not offer STARTTLS") && error.retry == Retry::Closed, "{error}");
    assert!(advice(&error).contains("smtps://"));
    let error = refused(SETTINGS, &format!("smtp://bell:s3cret@127.0.0.1:{}", smtp.port())).await;
    assert!(error.to_string().contains("offers no login") && error.retry == Retry::Closed, "{error}");
    assert!(advice(&error).contains("after encryption only"));
    smtp.finish().await;
}

#[tokio::test]
async fn operators_are_sent_the_servers_words_at_once_and_status_has_them() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:desk\"]\n";
    let operators = "[operators]\nnotify = [\"discord:alerts\"]\n";
    let app = world.app_with(&(world.settings() + operators), rules, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    world.smtp.refuse("desk@example.org", "550 5.4.5 <desk@example.org> Daily sending quota exceeded");
    deliver_all(&app, at(NOW)).await;
    deliver_all(&app, at(NOW) + TimeDelta::seconds(1)).await;
    let notice = world.discord.next_message().await.body.to_string();
    assert!(notice.contains("is paused"), "{notice}");
    assert!(notice.contains("<d•••@example.org> Daily sending quota exceeded"), "{notice}");
    assert!(notice.contains("What to do: the provider's limit"), "{notice}");
    let paused = service::status(&app, at(NOW)).await.unwrap().paused;
    assert!(
        paused[0].contains("Daily sending quota exceeded") && !paused[0].contains("desk@example"),
        "{paused:?}"
    );
    world.finish().await;
}
