//! Many mails to one server: how connections are kept and replaced, limits on size and rate, outages of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::delivery::{Batch, Body, Delivery};
use sellbell::destination::Destination;
use sellbell::notice::Notice;
use sellbell::notify::{Notifier, Retry, Secrets, SendError};
use sellbell::outbox::Lane;
use sellbell::render::terminal::Colour;
use sellbell::runtime::{self, App};

use crate::fakes::smtp::{FakeSmtp, Manners, ReceivedMail};
use crate::world::{World, at, deliver_all, deliver_to, qualys};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const ANY: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:r0\"]\n";

/// Recipients `r0`, `r1` and so on.
fn recipients(count: usize) -> String {
    let one = |n| format!("[[email.recipient]]\nname = \"r{n}\"\naddress = \"r{n}@example.org\"\n");
    (0..count).map(one).collect()
}

fn to(recipient: usize) -> Destination {
    format!("email:r{recipient}").parse().unwrap()
}

fn notice(destination: Destination, title: &str) -> Delivery {
    let notice = Notice::written(at(NOW), title, "A text");
    Delivery::new(destination, Body::Notice(Box::new(notice)), at(NOW))
}

fn app(world: &World, count: usize) -> App {
    world.app_with(&(world.settings() + &recipients(count)), ANY, None)
}

/// Queues this many notices for each recipient.
async fn queue(app: &App, recipients: usize, each: usize) {
    for recipient in 0..recipients {
        for number in 0..each {
            app.store.enqueue(&notice(to(recipient), &format!("Notice {number}"))).await.unwrap();
        }
    }
}

/// How often each mail arrived, by its recipient and Message-ID.
fn copies(mails: &[ReceivedMail]) -> BTreeMap<(String, String), usize> {
    let mut copies = BTreeMap::new();
    for mail in mails {
        let text = String::from_utf8_lossy(&mail.raw);
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        *copies.entry((mail.to[0].clone(), id.to_owned())).or_default() += 1;
    }
    copies
}

/// Fails unless this many mails arrived, each once.
fn each_once(mails: &[ReceivedMail], expected: usize) {
    let copies = copies(mails);
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    assert_eq!(copies.len(), expected);
}

/// Delivers as the loops do, by a clock of its own, until nothing waits or a time is over. Returns when that was.
async fn deliver_until(app: &App, begin: DateTime<Utc>, end: DateTime<Utc>) -> DateTime<Utc> {
    let mut lanes = BTreeMap::new();
    for destination in app.store.waiting_destinations().await.unwrap() {
        lanes.insert(destination, (Lane::default(), begin));
    }
    loop {
        let Some((destination, (mut lane, now))) = lanes
            .iter()
            .min_by_key(|(_, (_, next))| *next)
            .map(|(destination, _)| destination.clone())
            .and_then(|next| lanes.remove_entry(&next))
        else {
            return begin;
        };
        if now > end {
            return now;
        }
        let report = app.outbox.deliver_once(&destination, &mut lane, now).await.unwrap();
        match report.next {
            Some(next) => drop(lanes.insert(destination, (lane, next.max(now)))),
            None if lanes.is_empty() => return now,
            None => {}
        }
    }
}

/// A notifier of its own for some recipients, and how it sends.
fn notifier(url: &str, count: usize) -> Notifier {
    let settings = "[email]\nfrom = \"sellbell <bell@example.org>\"\n".to_owned() + &recipients(count);
    let settings = Settings::read("settings", &settings, &[]).unwrap();
    let secrets = Secrets { smtp_url: Some(url.into()), ..Secrets::default() };
    let output = Arc::new(std::sync::Mutex::new(Vec::new()));
    Notifier::new(&settings, &secrets, &|_| true, output, Colour::Plain).unwrap()
}

async fn send(notifier: &Notifier, title: &str) -> Result<(), SendError> {
    notifier.send(&Batch::one(notice(to(0), title)), at(NOW)).await.map(drop)
}

#[tokio::test]
async fn twenty_mails_go_over_one_connection_and_those_at_once_over_four() {
    let world = World::new().await;
    let app = app(&world, 10);
    queue(&app, 10, 2).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (20, 0, 0));
    assert_eq!((world.smtp.connections(), world.smtp.open()), (1, (1, 1)));
    each_once(&world.smtp.take_mails(), 20);
    let app = &app;
    let at_once = (0..10).map(|recipient| async move {
        let batch = Batch::one(notice(to(recipient), "At once"));
        app.notifier.send(&batch, at(NOW)).await.unwrap();
    });
    join_all(at_once).await;
    assert_eq!((world.smtp.connections(), world.smtp.open()), (4, (4, 4)));
    each_once(&world.smtp.take_mails(), 10);
    // Nothing uses them between two looks.
    app.notifier.close_idle().await;
    assert_eq!(world.smtp.open(), (4, 4));
    app.notifier.close_idle().await;
    world.smtp.until_open(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_connection_has_an_end_and_is_replaced_after_many_mails_or_refusals() {
    let smtp = FakeSmtp::start().await;
    let notifier = notifier(&smtp.url(), 1);
    for number in 0..101 {
        send(&notifier, &number.to_string()).await.unwrap();
    }
    assert_eq!((smtp.connections(), smtp.open().1), (2, 1));
    each_once(&smtp.take_mails(), 101);
    notifier.hang_up().await;
    smtp.until_open(0).await;
    for (stage, reply) in [
        ("rcpt", "550 5.1.1 who?"),
        ("data", "451 4.3.0 not now"),
        ("end", "554 5.6.0 bad header"),
        ("rcpt", "450 4.2.0 greylisted"),
    ] {
        smtp.fail_next(stage, reply, 1);
        let error = send(&notifier, "Refused").await.unwrap_err();
        assert!(error.to_string().contains(reply), "{error}");
    }
    send(&notifier, "Accepted").await.unwrap();
    assert_eq!(smtp.connections(), 3, "the server forgot what it refused");
    smtp.fail_next("rcpt", "550 5.1.1 who?", 1);
    send(&notifier, "Refused").await.unwrap_err();
    send(&notifier, "Accepted, too").await.unwrap();
    assert_eq!((smtp.connections(), smtp.open()), (4, (1, 1)));
    each_once(&smtp.take_mails(), 2);
    smtp.finish().await;
}

#[tokio::test]
async fn a_connection_that_ended_between_mails_is_replaced_at_once() {
    let smtp = FakeSmtp::start().await;
    let notifier = notifier(&smtp.url(), 1);
    send(&notifier, "First").await.unwrap();
    for (number, words) in ["", "421 4.4.2 idle for too long"].into_iter().enumerate() {
        smtp.cut(words);
        smtp.until_open(0).await;
        send(&notifier, &format!("After the cut {number}")).await.unwrap();
        assert_eq!(smtp.connections(), number + 2);
    }
    // What concerns the connection is found out with the next mail.
    for (number, (stage, reply)) in [
        ("mail", "421 4.7.0 too many mails over this connection"),
        ("mail", "550 5.7.1 too many mails over this connection"),
        ("mail", "503 5.5.1 out of order"),
        ("rcpt", "421 4.3.2 shutting down"),
        ("data", "421 4.3.2 shutting down"),
    ]
    .into_iter()
    .enumerate()
    {
        smtp.fail_next(stage, reply, 1);
        send(&notifier, &format!("After {stage} {number}")).await.unwrap();
        assert_eq!(smtp.connections(), number + 4, "{stage} {reply}");
    }
    each_once(&smtp.take_mails(), 8);
    // From a new connection it is the server's answer.
    notifier.hang_up().await;
    for (stage, retry) in [("connect", Retry::Later), ("mail", Retry::Later), ("end", Retry::Later)] {
        smtp.fail_next(stage, "421 4.3.2 shutting down", 1);
        let error = send(&notifier, stage).await.unwrap_err();
        assert_eq!((error.retry, error.may_have_arrived), (retry, false), "{stage}: {error}");
    }
    assert_eq!(smtp.connections(), 11);
    // After the end of a mail, the answer counts, also over a connection that was used before.
    send(&notifier, "Again").await.unwrap();
    smtp.fail_next("end", "421 4.3.2 shutting down", 1);
    assert!(!send(&notifier, "Refused").await.unwrap_err().may_have_arrived);
    assert_eq!(smtp.connections(), 12);
    each_once(&smtp.take_mails(), 1);
    smtp.finish().await;
}

#[tokio::test]
async fn a_cut_before_the_end_of_a_mail_costs_no_mail_and_one_after_it_a_copy_at_most() {
    for is_used_before in [false, true] {
        for (stage, most) in [("cut-in-data", 1), ("accepted-then-reset", 2)] {
            let world = World::new().await;
            let app = app(&world, 1);
            if is_used_before {
                queue(&app, 1, 1).await;
                assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
                world.smtp.next_mail().await;
            }
            app.store.enqueue(&notice(to(0), "The mail that is cut")).await.unwrap();
            world.smtp.fail_next(stage, "", 1);
            let mut lane = Lane::default();
            let (delivered, failed, dead) = deliver_to(&app, &to(0), &mut lane, at(NOW)).await;
            let at_once = world.smtp.take_mails();
            assert_eq!((delivered + failed, dead), (1, 0), "{stage}");
            assert!(at_once.len() < 2, "{stage}: it is not repeated by itself");
            let ended = deliver_until(&app, at(NOW), at(NOW) + TimeDelta::minutes(5)).await;
            assert!(ended < at(NOW) + TimeDelta::minutes(3), "{stage}: {ended}");
            let mails = [at_once, world.smtp.take_mails()].concat();
            let copies = copies(&mails);
            assert_eq!(copies.len(), 1, "{stage}: {copies:?}");
            assert!(copies.values().all(|count| (1..=most).contains(count)), "{stage}: {copies:?}");
            world.finish().await;
        }
    }
}

#[tokio::test]
async fn greylisting_delays_each_mail_and_repeats_none() {
    let world = World::new().await;
    let app = app(&world, 3);
    queue(&app, 3, 2).await;
    for recipient in 0..3 {
        world
            .smtp
            .refuse(&format!("r{recipient}@example.org"), "450 4.2.0 greylisted, come back in 5 minutes");
    }
    deliver_until(&app, at(NOW), at(NOW) + TimeDelta::minutes(5)).await;
    assert_eq!(world.smtp.unread(), 0);
    for recipient in 0..3 {
        world.smtp.allow(&format!("r{recipient}@example.org"));
    }
    let ended = deliver_until(&app, at(NOW) + TimeDelta::minutes(6), at(NOW) + TimeDelta::minutes(9)).await;
    assert!(ended < at(NOW) + TimeDelta::minutes(8), "{ended}");
    each_once(&world.smtp.take_mails(), 6);
    world.finish().await;
}

#[tokio::test]
async fn a_server_that_is_down_for_an_hour_gets_every_mail_once() {
    let world = World::new().await;
    let app = app(&world, 3);
    queue(&app, 3, 1).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (3, 0, 0));
    each_once(&world.smtp.take_mails(), 3);
    world.smtp.set_down(true);
    world.smtp.until_open(0).await;
    for recipient in 0..3 {
        for number in 0..3 {
            app.store.enqueue(&notice(to(recipient), &format!("Down {number}"))).await.unwrap();
        }
    }
    let hour = at(NOW) + TimeDelta::hours(1);
    assert!(deliver_until(&app, at(NOW), hour).await > hour);
    world.smtp.set_down(false);
    let ended = deliver_until(&app, hour, hour + TimeDelta::minutes(2)).await;
    assert!(ended <= hour + TimeDelta::minutes(2), "it is tried every minute: {ended}");
    each_once(&world.smtp.take_mails(), 9);
    world.finish().await;
}

#[tokio::test]
async fn a_login_that_is_refused_pauses_and_once_mended_everything_arrives_once() {
    let mut world = World::new().await;
    let url = format!("smtp://bell:s3cret-word@127.0.0.1:{}", world.smtp.port());
    world.secrets.smtp_url = Some(url.into());
    let settings = world.settings() + &recipients(1) + "[operators]\nnotify = [\"discord:alerts\"]\n";
    let app = world.app_with(&settings, ANY, None);
    queue(&app, 1, 3).await;
    world.smtp.fail_next("auth", "535 5.7.8 bad credentials", 1_000);
    let hour = at(NOW) + TimeDelta::hours(1);
    deliver_until(&app, at(NOW), hour).await;
    deliver_all(&app, hour).await;
    let told = world.discord.next_message().await.body.to_string();
    assert!(told.contains("is paused") && told.contains("535 5.7.8 bad credentials"), "{told}");
    assert!(told.contains("user and password in SMTP_URL") && !told.contains("s3cret"), "{told}");
    world.smtp.mend();
    // It is tried after 5, 10, 20 and 40 minutes, and so on.
    deliver_until(&app, hour, hour + TimeDelta::hours(2)).await;
    each_once(&world.smtp.take_mails(), 3);
    deliver_all(&app, hour + TimeDelta::hours(2)).await;
    let told = world.discord.next_message().await.body.to_string();
    assert!(told.contains("again"), "{told}");
    world.finish().await;
}

#[tokio::test]
async fn of_three_recipients_one_is_refused_and_the_others_get_theirs() {
    let world = World::new().await;
    let settings = world.settings() + &recipients(3) + "[operators]\nnotify = [\"discord:alerts\"]\n";
    let rule = ANY.replace("[\"email:r0\"]", "[\"email:r0\", \"email:r1\", \"email:r2\"]");
    let app = world.app_with(&settings, &rule, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    world.smtp.refuse("r1@example.org", "550 5.1.1 <r1@example.org> no such user");
    for minutes in [0, 1, 6, 20, 90] {
        let now = at(NOW) + TimeDelta::minutes(minutes);
        deliver_until(&app, now, now).await;
    }
    let mails = world.smtp.take_mails();
    each_once(&mails, 2);
    assert!(mails.iter().all(|mail| mail.to != ["r1@example.org"]));
    let told = world.discord.next_message().await.body.to_string();
    assert!(told.contains("r1 is paused") && told.contains("no such user"), "{told}");
    assert!(!told.contains("r1@example.org"), "{told}");
    world.finish().await;
}

#[tokio::test]
async fn the_size_is_declared_and_a_mail_above_the_servers_limit_is_not_sent() {
    let smtp = FakeSmtp::start().await;
    let sender = notifier(&smtp.url(), 1);
    send(&sender, ".A title").await.unwrap();
    let mail = smtp.next_mail().await;
    assert_eq!(mail.parameters, format!("SIZE={}", mail.raw.len()));
    smtp.finish().await;
    let with = |offer| Manners { offers: vec!["8BITMIME", offer], ..Manners::default() };
    for offer in ["SIZE", "size 0", "PIPELINING"] {
        let smtp = FakeSmtp::start_as(with(offer)).await;
        send(&notifier(&smtp.url(), 1), "A title").await.unwrap();
        let is_declared = smtp.next_mail().await.parameters.starts_with("SIZE=");
        assert_eq!(is_declared, offer != "PIPELINING", "{offer}");
        smtp.finish().await;
    }
    let smtp = FakeSmtp::start_as(with("SIZE 1000")).await;
    let sender = notifier(&smtp.url(), 1);
    let error = send(&sender, "A title").await.unwrap_err();
    assert_eq!((error.retry, error.of_message, error.may_have_arrived), (Retry::Never, true, false));
    assert!(error.to_string().ends_with(" bytes, and the mail server accepts at most 1,000"), "{error}");
    assert!(error.advice.unwrap().contains("larger than the server accepts"));
    send(&sender, "Another title").await.unwrap_err();
    assert_eq!(smtp.connections(), 1, "the server heard nothing of either");
    smtp.finish().await;
    // A limit that the server applies to the declared size is about the mail, too.
    let smtp = FakeSmtp::start().await;
    let sender = notifier(&smtp.url(), 1);
    for stage in ["mail", "rcpt"] {
        smtp.fail_next(stage, "552 5.3.4 message size exceeds this user's limit", 2);
        let error = send(&sender, "A title").await.unwrap_err();
        assert_eq!((error.retry, error.of_message), (Retry::Never, true), "{stage}: {error}");
        smtp.mend();
    }
    smtp.finish().await;
}

#[tokio::test]
async fn a_limit_on_mails_a_minute_is_shared_by_recipients_and_holds_up_nothing_else() {
    let world = World::new().await;
    let settings = world.settings().replace("[email]\n", "[email]\nmessages_per_minute = 2\n");
    let app = world.app_with(&(settings + &recipients(3)), ANY, None);
    queue(&app, 3, 4).await;
    let chat: Destination = "discord:alerts".parse().unwrap();
    app.store.enqueue(&notice(chat.clone(), "To Discord")).await.unwrap();
    let mut lanes: Vec<(Destination, Lane)> = (0..3).map(|n| (to(n), Lane::default())).collect();
    lanes.push((chat, Lane::default()));
    let (mut minutes, mut by) = (Vec::new(), BTreeMap::<String, usize>::new());
    for seconds in (0..=300).step_by(5) {
        let now = at(NOW) + TimeDelta::seconds(seconds);
        for (destination, lane) in &mut lanes {
            let (_, failed, dead) = deliver_to(&app, destination, lane, now).await;
            assert_eq!((failed, dead), (0, 0), "waiting is no failure");
        }
        if seconds == 0 {
            world.discord.next_message().await;
        }
        for mail in world.smtp.take_mails() {
            minutes.push(seconds / 60);
            *by.entry(mail.to[0].clone()).or_default() += 1;
        }
    }
    assert_eq!(minutes, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    assert!(by.values().all(|count| *count == 4), "{by:?}");
    for recipient in 0..3 {
        assert_eq!(app.store.queued(&to(recipient), 9).await.unwrap(), []);
    }
    world.finish().await;
}

#[tokio::test]
async fn only_a_few_mails_are_loaded_while_the_server_takes_its_time() {
    let world = World::new().await;
    let app = app(&world, 30);
    queue(&app, 30, 1).await;
    let chat: Destination = "discord:alerts".parse().unwrap();
    app.store.enqueue(&notice(chat.clone(), "To Discord")).await.unwrap();
    world.smtp.fail_next("accepted-then-silent", "", 4);
    let mut lanes: Vec<Lane> = (0..30).map(|_| Lane::default()).collect();
    let rounds = lanes.iter_mut().enumerate();
    let mut rounds: FuturesUnordered<_> = rounds
        .map(|(n, lane)| {
            let app = &app;
            async move { app.outbox.deliver_once(&to(n), lane, at(NOW)).await.unwrap() }
        })
        .collect();
    for _ in 0..22 {
        assert!(rounds.next().await.unwrap().crowded, "8 of 30 are being sent");
    }
    for _ in 0..4 {
        let mail = world.smtp.next_mail();
        tokio::select! {
            _ = mail => {}
            round = rounds.next() => panic!("{round:?}"),
        }
    }
    let mut waiting = Lane::default();
    assert!(app.outbox.wait_for_place(&to(29), &mut waiting).now_or_never().is_none());
    assert_eq!(deliver_to(&app, &chat, &mut Lane::default(), at(NOW)).await, (1, 0, 0));
    world.discord.next_message().await;
    drop(rounds);
    app.outbox.wait_for_place(&to(29), &mut waiting).await;
    assert_eq!(deliver_to(&app, &to(29), &mut waiting, at(NOW)).await, (1, 0, 0));
    world.smtp.next_mail().await;
    world.finish().await;
}

#[tokio::test]
async fn a_stop_waits_for_mails_under_way_and_not_for_all_that_are_queued() {
    let mut world = World::new().await;
    world.clock = Clock::played(at(NOW), 1.0);
    let app = Arc::new(app(&world, 100));
    queue(&app, 100, 1).await;
    runtime::run(Arc::clone(&app), None, world.smtp.until_unread()).await.unwrap();
    world.smtp.until_open(0).await;
    let sent = world.smtp.unread();
    assert!(sent < 60, "{sent} were sent after the stop");
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::hours(1)).await, (100 - sent, 0, 0));
    each_once(&world.smtp.take_mails(), 100);
    world.finish().await;
}
