//! What the disk lost of the store is found again, and in a bot's channel not told again.

use std::fs;

use chrono::TimeDelta;
use sellbell::runtime::{self, App};
use sellbell::store::Store;

use crate::together::cards;
use crate::world::{World, at, deliver_all, qualys, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\", \"discord:hook\", \"terminal\"]\n";
const OPERATORS: &str = "[operators]\nnotify = [\"email:desk\"]\n";

fn sale(world: &World, accession: &'static str, issuer: u64, accepted: &'static str) {
    world.edgar.publish(&small_sale(accession, issuer, accepted));
}

/// A world in which three alerts were told everywhere.
async fn told() -> (World, App) {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    world.edgar.publish(&qualys());
    sale(&world, "0000000007-21-000001", 71, "2021-08-24T17:12:00-04:00");
    sale(&world, "0000000007-21-000002", 72, "2021-08-24T17:12:01-04:00");
    let app = world.app_with(&(world.settings() + OPERATORS), RULES, Some(SINCE));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 3);
    (world, app)
}

/// Sends all that is queued, and leaves the store as a disk has it that loses all that was written meanwhile.
async fn lose_what_is_sent(world: &World, app: App) {
    app.store.flush().await.unwrap();
    // What a disk has that loses all that is written from now on.
    let lost = world.path("lost");
    fs::create_dir(&lost).unwrap();
    for name in ["db", "conf"] {
        fs::copy(world.path("store").join(name), lost.join(name)).unwrap();
    }
    assert_eq!(deliver_all(&app, at(NOW)).await, (9, 0, 0));
    assert_eq!(world.discord.take_messages().iter().map(|message| cards(message).len()).sum::<usize>(), 6);
    world.take_output();
    world.close(app);
    drop(crate::world::reopened(&world.path("store")));
    fs::copy(world.path("store/flushed"), lost.join("flushed")).unwrap();
    fs::remove_dir_all(world.path("store")).unwrap();
    fs::rename(&lost, world.path("store")).unwrap();
    world.discord.forget_nonces();
}

#[tokio::test]
async fn a_loss_is_known_also_after_the_store_is_compacted() {
    let (world, app) = told().await;
    lose_what_is_sent(&world, app).await;
    Store::compact(&world.path("store")).unwrap();
    let store = crate::world::reopened(&world.path("store"));
    assert!(store.doubt().await.unwrap().is_some_and(|doubt| doubt.queue && !doubt.reported));
    assert_eq!(store.counts().await.unwrap().queued, 9);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn what_was_told_and_then_lost_is_found_in_the_channel() {
    let (world, app) = told().await;
    lose_what_is_sent(&world, app).await;

    let app = world.app_with(&(world.settings() + OPERATORS), RULES, None);
    assert!(app.store.has_lost());
    assert!(app.store.doubt().await.unwrap().is_some_and(|doubt| doubt.queue && doubt.until > at(NOW)));
    // It still has all three queued, and knows of no try.
    assert_eq!(app.store.counts().await.unwrap().queued, 9);
    runtime::on_start(&app, app.clock().now()).await.unwrap();
    // And the notice of the loss.
    assert_eq!(app.store.counts().await.unwrap().queued, 10);
    sale(&world, "0000000007-21-000003", 73, "2021-08-24T17:12:40-04:00");
    let now = at(NOW) + TimeDelta::minutes(10);
    world.discord.set_time(now);
    app.intake.poll_once(now).await.unwrap();
    deliver_all(&app, now).await;
    let channel: Vec<String> = world
        .discord
        .take_messages()
        .iter()
        .filter(|message| message.target == "channel:555")
        .flat_map(cards)
        .collect();
    assert_eq!(channel.len(), 1, "the new one alone: {channel:?}");
    world.take_output();
    world.smtp.take_mails();
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_store_that_is_begun_anew_tells_nothing_again_in_the_channel() {
    let (world, app) = told().await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (9, 0, 0));
    world.discord.take_messages();
    world.take_output();
    world.close(app);
    drop(crate::world::reopened(&world.path("store")));
    fs::remove_dir_all(world.path("store")).unwrap();
    world.discord.forget_nonces();
    let app = world.app(RULES, Some(SINCE));
    let now = at(NOW) + TimeDelta::minutes(10);
    world.discord.set_time(now);
    sale(&world, "0000000007-21-000003", 73, "2021-08-24T17:12:40-04:00");
    assert_eq!(app.intake.poll_once(now).await.unwrap().alerted, 4);
    assert_eq!(deliver_all(&app, now).await, (12, 0, 0));
    let messages = world.discord.take_messages();
    let of = |target: &str| -> usize {
        messages.iter().filter(|message| message.target == target).map(|message| cards(message).len()).sum()
    };
    assert_eq!((of("channel:555"), of("webhook:5")), (1, 4), "a webhook cannot be read");
    world.take_output();
    world.edgar.take_fetched();
    world.finish().await;
}
