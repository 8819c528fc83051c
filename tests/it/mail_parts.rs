//! The parts of an e-mail on the wire: both alternatives, the picture that the HTML shows, one header of each name.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use sellbell::notify::TemplatesReload;
use sellbell::runtime::reload_templates_once;

use crate::fakes::smtp::ReceivedMail;
use crate::pictures::DAY_BEFORE;
use crate::related::{Filed, filed, publish};
use crate::world::{World, at, deliver_all};

const RULES: &str =
    "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nnotify = [\"email:desk\", \"email:digest\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const EARLIER: &str = "2025-12-11T17:00:00-05:00";
const NOW: &str = "2025-12-12T17:00:00-05:00";
const SLOT: &str = "2025-12-12T17:30:00-05:00";
const LAST: &str = "0000000070-25-000019";
const ACCESSIONS: [&str; 4] =
    ["0000000070-25-000011", "0000000070-25-000012", "0000000070-25-000013", "0000000070-25-000014"];

/// Parses a mail as it arrived, and checks what holds for each: its headers, its lines, its alternatives.
pub fn parsed(mail: &ReceivedMail) -> Message<'_> {
    let head = mail.raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(mail.raw[..head].to_vec()).unwrap();
    for name in [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Auto-Submitted",
        "List-Id",
        "List-Unsubscribe",
        "Content-Type",
    ] {
        let count =
            head.lines().filter(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())));
        assert_eq!(count.count(), 1, "{name}: {head}");
    }
    assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
    for line in mail.raw.split(|byte| *byte == b'\n') {
        assert!(line.len() <= 998 && !line[..line.len().saturating_sub(1)].contains(&b'\r'), "{line:?}");
    }
    let message = MessageParser::default().parse(&mail.raw).unwrap();
    assert!(!message.body_text(0).unwrap().trim().is_empty());
    assert!(message.body_html(0).unwrap().contains("<html"));
    message
}

/// The ids and bytes of the pictures.
fn pictures(message: &Message<'_>) -> Vec<(String, Vec<u8>)> {
    let is_picture = |part: &&mail_parser::MessagePart<'_>| {
        part.content_type().is_some_and(|kind| kind.ctype() == "image" && kind.subtype() == Some("png"))
    };
    let parts = message.parts.iter().filter(is_picture);
    parts
        .map(|part| {
            let id = part.content_id().unwrap().to_owned();
            match &part.body {
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => (id, bytes.to_vec()),
                other => panic!("{other:?}"),
            }
        })
        .collect()
}

#[tokio::test]
async fn an_alert_with_history_and_a_digest_of_several_days_have_a_chart() {
    let world = World::new().await;
    let app = world.app(RULES, Some(SINCE));
    app.outbox.digests.digest_once(at(SINCE)).await.unwrap();
    let first = Filed { rows: DAY_BEFORE, ..filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00") };
    publish(&world, &app, &[&first], EARLIER).await;
    deliver_all(&app, at(EARLIER)).await;
    let mail = world.smtp.next_mail().await;
    let message = parsed(&mail);
    assert!(
        pictures(&message).is_empty() && !message.body_html(0).unwrap().contains("cid:"),
        "no history yet"
    );
    let second = Filed {
        owner: (8, "ROE RICHARD"),
        sales: vec![("200", "10", "700", "D")],
        ..filed("0000000070-25-000002", "2025-12-12T16:30:00-05:00")
    };
    publish(&world, &app, &[&second], NOW).await;
    deliver_all(&app, at(NOW)).await;
    let alert = world.smtp.next_mail().await;
    app.outbox.digests.digest_once(at(SLOT)).await.unwrap();
    deliver_all(&app, at(SLOT)).await;
    let digest = world.smtp.take_mails().pop().unwrap();
    for mail in [&alert, &digest] {
        let message = parsed(mail);
        let pictures = pictures(&message);
        let [(id, png)] = pictures.as_slice() else { panic!("{} pictures", pictures.len()) };
        assert!(png.starts_with(b"\x89PNG") && png.len() < 60_000, "{} bytes", png.len());
        let html = message.body_html(0).unwrap();
        assert!(html.contains(&format!("src=\"cid:{id}\"")), "{id} is not in {html}");
        let alt = html.split_once("alt=\"").unwrap().1.split_once('"').unwrap().0;
        assert!(alt.contains("ACME") || alt.contains("Dec"), "{alt}");
    }
    assert_ne!(parsed(&alert).message_id(), parsed(&digest).message_id());
    world.finish().await;
}

#[tokio::test]
async fn hostile_names_are_text_and_add_no_header() {
    let world = World::new().await;
    let app = world.app(RULES, Some(SINCE));
    app.outbox.digests.digest_once(at(SINCE)).await.unwrap();
    let names: [&'static str; 4] = [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "DOE&#13;&#10;Bcc: everyone@example.org&#13;&#10;&#13;&#10;JANE",
        "🦀 &#x202E;REVERSED&#x202C; \u{5d0}\u{5d1}",
        "Ä".repeat(10_000).leak(),
    ];
    for ((cik, accession), name) in (30..).zip(ACCESSIONS).zip(names) {
        let filing = Filed {
            owner: (cik, name),
            sales: vec![("100", "10", "900", "D")],
            ..filed(accession, "2025-12-11T16:30:00-05:00")
        };
        publish(&world, &app, &[&filing], EARLIER).await;
    }
    app.outbox.digests.digest_once(at(SLOT)).await.unwrap();
    deliver_all(&app, at(SLOT)).await;
    let mails = world.smtp.take_mails();
    assert_eq!(mails.len(), names.len() + 1, "an alert each, and the digest");
    for mail in &mails {
        assert_eq!(mail.to.len(), 1);
        let message = parsed(mail);
        let (subject, html) = (message.subject().unwrap(), message.body_html(0).unwrap());
        assert!(subject.chars().count() <= 150 && !subject.contains('\u{202e}'), "{subject}");
        assert!(!html.contains("<script") && !html.contains('\u{202e}') && html.len() < 80_000, "{html}");
    }
    let all: String = mails.iter().map(|mail| parsed(mail).body_html(0).unwrap().into_owned()).collect();
    for shown in ["&lt;script&gt;alert(1)", "DOE Bcc: everyone@example.org JANE", "🦀 REVERSED"] {
        assert!(all.contains(shown), "{shown}");
    }
    world.finish().await;
}

#[tokio::test]
async fn own_templates_are_used_until_they_are_edited_and_never_with_mistakes() {
    let world = World::new().await;
    let folder = world.path("templates");
    std::fs::create_dir(&folder).unwrap();
    let write = |text: &str| std::fs::write(folder.join("alert.txt"), text).unwrap();
    write("Mine: {{ subject }}\n");
    let settings =
        world.settings().replace("[email]\n", &format!("[email]\ntemplates = \"{}\"\n", folder.display()))
            + "[operators]\nnotify = [\"discord:alerts\"]\n";
    let app = world.app_with(&settings, RULES, Some(SINCE));
    let mut filings = (40..).zip(ACCESSIONS);
    let mut text_now = async || {
        let (cik, accession) = filings.next().unwrap();
        let filing = Filed { owner: (cik, "DOE JANE"), ..filed(accession, "2025-12-11T16:30:00-05:00") };
        publish(&world, &app, &[&filing], EARLIER).await;
        deliver_all(&app, at(EARLIER)).await;
        let mail = world.smtp.next_mail().await;
        parsed(&mail).body_text(0).unwrap().trim().to_owned()
    };
    assert!(text_now().await.starts_with("Mine: ACME: DOE JANE"));
    let look = async || reload_templates_once(&app, at(NOW)).await.unwrap();
    write("Mine again: {{ subject }}\n");
    assert_eq!(look().await, TemplatesReload::Unchanged, "it may be half written");
    let taken = TemplatesReload::Taken { names: vec!["alert.txt".into()], were_refused: false };
    assert_eq!((look().await, look().await), (taken, TemplatesReload::Unchanged));
    assert!(text_now().await.starts_with("Mine again: ACME"));
    write("{% if lots|length > 2 %}{{ no_such_thing }}{% endif %}\nMine: {{ subject }}\n");
    assert_eq!(look().await, TemplatesReload::Unchanged);
    assert!(matches!(look().await, TemplatesReload::Taken { .. }), "no mistake shows in the sample");
    let three = Filed {
        owner: (50, "ROE RICHARD"),
        sales: vec![("1", "10", "900", "D"); 3],
        ..filed(LAST, "2025-12-11T16:30:00-05:00")
    };
    publish(&world, &app, &[&three], EARLIER).await;
    deliver_all(&app, at(EARLIER)).await;
    let mail = world.smtp.next_mail().await;
    assert!(parsed(&mail).body_text(0).unwrap().starts_with("ROE RICHARD"), "by the built-in one");
    write("{{ subject }}\n{{ no_such_thing }}\n");
    let refused = (look().await, look().await).1;
    let TemplatesReload::Refused(mistakes) = refused else { panic!("{refused:?}") };
    assert!(mistakes.contains("alert.txt:2") && mistakes.contains("undefined"), "{mistakes}");
    deliver_all(&app, at(NOW)).await;
    let notice = world.discord.next_message().await.body.to_string();
    assert!(notice.contains("Edited e-mail templates cannot be used"), "{notice}");
    assert!(text_now().await.starts_with("Mine: ACME"), "the ones before stay");
    // A mistake in a template that others include is named once, with its own place.
    write("Mine: {{ subject }}\n{% include \"foot.txt\" %}");
    std::fs::write(folder.join("foot.txt"), "--\n\n{{ no_such_thing }}\n").unwrap();
    let refused = (look().await, look().await).1;
    let TemplatesReload::Refused(mistakes) = refused else { panic!("{refused:?}") };
    assert!(mistakes.matches("foot.txt:3").count() == 1 && !mistakes.contains("alert.txt"), "{mistakes}");
    deliver_all(&app, at(NOW)).await;
    world.discord.next_message().await;
    std::fs::remove_dir_all(&folder).unwrap();
    let taken = TemplatesReload::Taken { names: Vec::new(), were_refused: true };
    assert_eq!((look().await, look().await), (TemplatesReload::Unchanged, taken));
    assert!(text_now().await.starts_with("DOE JANE"), "the built-in ones");
    deliver_all(&app, at(NOW)).await;
    world.discord.next_message().await;
    world.finish().await;
}
