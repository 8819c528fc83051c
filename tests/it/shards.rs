//! Several connections to Discord's gateway, among which it divides the bot's servers.

use std::time::Duration;

use chrono::TimeDelta;
use sellbell::clock::Clock;
use sellbell::config::SubscriptionLimits;
use sellbell::operators::ConnectionCount;
use sellbell::service::Status;
use sellbell::store::Subscription;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::fakes::discord::FakeDiscord;
use crate::fakes::gateway::{Farewell, Mood};
use crate::fakes::shards::Shard;
use crate::gateway::{Running, gateway, is_connected};
use crate::guilds::until;
use crate::world::{World, at};

const START: &str = "2021-08-24T17:12:31-04:00";
const MANAGE_GUILD: &str = "32";
/// The time between two sessions of a group, by Discord's rules.
const BETWEEN: TimeDelta = TimeDelta::seconds(5);

/// A server on a shard, whatever the number of shards up to three.
fn server(shard: u64) -> u64 {
    shard << 22 | 5
}

fn all_of(count: u64) -> Vec<Shard> {
    (0..count).map(|id| (id, count)).collect()
}

/// A bot whose seconds are fifths of real ones, so that Discord, by the same clock, sees how far apart sessions are.
fn slowly(world: &World) -> Running {
    let clock = Clock::played(at(START), 5.0);
    world.discord.set_clock(TimeDelta::MAX, move || clock.now());
    Running::of(Running::app(world, clock))
}

/// Waits until all shards have a session, and the bot knows.
async fn all_open(world: &World, bot: &Running, count: u64) -> Status {
    let is_open = |status: &Status| is_connected(status) && world.discord.open_shards() == all_of(count);
    bot.until("all shards are open", is_open).await
}

/// Where each session began after the first one, in the order of the shards.
fn begun(world: &World) -> Vec<(Shard, TimeDelta)> {
    let mut begun = world.discord.begun();
    begun.sort_by_key(|(shard, _)| *shard);
    let first = begun.iter().map(|(_, at)| *at).min().unwrap();
    begun.into_iter().map(|(shard, at)| (shard, at - first)).collect()
}

async fn ask(world: &World, channel: u64) -> Value {
    world.discord.slash(channel, MANAGE_GUILD, "subscriptions", json!([])).await
}

async fn finish(world: World, bot: Running) {
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_shards_as_discord_recommends_begin_one_after_the_other() {
    let world = World::new().await;
    world.discord.set_shards(3, 1);
    let bot = slowly(&world);
    let status = all_open(&world, &bot, 3).await;
    assert_eq!(gateway(&status).connections, Some(ConnectionCount { open: 3, all: 3 }));
    world.discord.commands().await;
    let begun = begun(&world);
    assert_eq!(begun.iter().map(|(shard, _)| *shard).collect::<Vec<_>>(), all_of(3));
    let mut times: Vec<TimeDelta> = begun.iter().map(|(_, after)| *after).collect();
    times.sort_unstable();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= BETWEEN), "{times:?}");
    assert!(times[2] < BETWEEN * 10, "{times:?}");
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_of_different_groups_begin_at_once_and_commands_are_registered_once() {
    let world = World::new().await;
    world.discord.set_shards(4, 2);
    world.discord.fail_next("commands", 503, json!("down"), 1);
    let bot = slowly(&world);
    all_open(&world, &bot, 4).await;
    let begun = begun(&world);
    let after = |id: usize| begun[id].1;
    assert_eq!(begun.len(), 4, "{begun:?}");
    // Discord itself looks at the time between those of a group.
    assert!(after(0) < BETWEEN && after(1) < BETWEEN, "{begun:?}");
    assert!(after(2) >= BETWEEN && after(3) >= BETWEEN, "{begun:?}");
    assert!((after(2) - after(3)).abs() < BETWEEN, "{begun:?}");
    world.discord.commands().await;
    bot.until("they are registered", |status| gateway(status).registered).await;
    assert_eq!(world.discord.registrations().len(), 1);
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_each_shard_and_in_direct_messages_are_answered_once() {
    let world = World::new().await;
    world.discord.set_shards(3, 0);
    let bot = Running::start(&world);
    all_open(&world, &bot, 3).await;
    world.discord.commands().await;
    world.discord.set_home(777, server(2));
    world.discord.set_home(778, server(1));
    world.discord.set_direct(FakeDiscord::DIRECT);
    // A second answer to the same one is an error of the bot's.
    world.discord.repeat_interactions();
    for channel in [777, 778, 555, FakeDiscord::DIRECT] {
        assert_eq!(ask(&world, channel).await["type"], 4, "{channel}");
    }
    ask(&world, 777).await;
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_reports_only_its_own_servers() {
    let world = World::new().await;
    world.discord.set_shards(3, 0);
    let listed = |shard, channel| FakeDiscord::server(server(shard), "Traders", &[(channel, "alerts")]);
    world.discord.set_servers(&[listed(0, 700), listed(1, 701)]);
    // The second says nothing, and the server of the third was left.
    world.discord.set_shard(1, Mood::Closes(4000));
    let app = Running::app(&world, Clock::played(at(START), 600.0));
    let most = usize::MAX;
    let limits = SubscriptionLimits { per_channel: most, per_person: most, per_server: most, in_all: most };
    for (shard, channel) in [(0, 700), (1, 701), (2, 702)] {
        let asked = Subscription::new(Some(server(shard)), channel, "all-sales", 55);
        app.store.subscribe_within(asked, &[], limits, at(START)).await.unwrap();
    }
    let bot = Running::of(app);
    let gone = async || {
        let all = bot.app.store.channels_set_aside().await.unwrap();
        all.iter().map(|one| one.channel).collect::<Vec<_>>()
    };
    until("something is set aside", async || !gone().await.is_empty()).await;
    bot.until("two are open", |_| world.discord.open_shards() == [(0, 3), (2, 3)]).await;
    assert_eq!(gone().await, [702]);
    world.discord.set_shard(1, Mood::Open);
    all_open(&world, &bot, 3).await;
    world.discord.commands().await;
    // Events come to their shard alone, and in turn.
    let renamed = json!({ "id": "701", "type": 0, "name": "new", "guild_id": server(1).to_string() });
    world.discord.dispatch("CHANNEL_UPDATE", renamed).await;
    let name = async || bot.app.store.place_name(701).await.unwrap().map(|name| name.to_string());
    until("it is renamed", async || name().await.as_deref() == Some("#new on Traders")).await;
    assert_eq!(gone().await, [702]);
    bot.notices(&world).await;
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_breaks_off_resumes_by_itself() {
    let world = World::new().await;
    world.discord.set_shards(3, 0);
    let bot = Running::start(&world);
    all_open(&world, &bot, 3).await;
    world.discord.commands().await;
    world.discord.end_shard(1, Farewell::Closes(4000));
    world.discord.knocked(4).await;
    let resumed = |status: &Status| is_connected(status) && world.discord.asked_for() == (3, 1);
    bot.until("it resumes", resumed).await;
    all_open(&world, &bot, 3).await;
    // Another one begins anew, and the rest do not.
    world.discord.end_shard(2, Farewell::Invalidates(false));
    world.discord.knocked(5).await;
    let again = |status: &Status| is_connected(status) && world.discord.asked_for() == (4, 1);
    bot.until("it begins anew", again).await;
    all_open(&world, &bot, 3).await;
    assert_eq!(world.discord.begun().last().unwrap().0, (2, 3));
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_needs_more_shards_gets_them_at_once() {
    let world = World::new().await;
    world.discord.set_shards(1, 1);
    world.discord.require_shards(3);
    let bot = slowly(&world);
    let began = bot.app.clock().now();
    all_open(&world, &bot, 3).await;
    assert!(bot.app.clock().now() - began < TimeDelta::minutes(5));
    let begun: Vec<Shard> = world.discord.begun().into_iter().map(|(shard, _)| shard).collect();
    assert_eq!(begun[0], (0, 1));
    assert_eq!(begun[1..], all_of(3));
    world.discord.commands().await;
    world.discord.set_home(777, server(2));
    assert_eq!(ask(&world, 777).await["type"], 4);
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_grows_while_it_runs_starts_over_with_more_shards() {
    let world = World::new().await;
    world.discord.set_shards(2, 0);
    let bot = Running::start(&world);
    all_open(&world, &bot, 2).await;
    world.discord.commands().await;
    world.discord.require_shards(3);
    world.discord.end_shard(1, Farewell::Invalidates(false));
    all_open(&world, &bot, 3).await;
    world.discord.set_home(777, server(2));
    assert_eq!(ask(&world, 777).await["type"], 4);
    assert_eq!(world.discord.registrations().len(), 1);
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_discord_rejects_again_is_reported_and_others_stay() {
    let world = World::new().await;
    world.discord.set_shards(2, 0);
    world.discord.set_shard(1, Mood::Closes(4010));
    let bot = Running::start(&world);
    bot.until("it is reported", |status| !status.troubles.is_empty()).await;
    let said = bot.notices(&world).await;
    assert!(said.len() == 1 && said[0].contains("it rejects shard 1 of 2 (code 4010)"), "{said:?}");
    assert_eq!(world.discord.open_shards(), [(0, 2)]);
    assert_eq!(world.discord.knocks(), 3, "the first, and two attempts of the second");
    world.discord.commands().await;
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_shard_that_is_down_is_one_notice_and_so_is_its_return() {
    let world = World::new().await;
    world.discord.set_shards(3, 0);
    let bot = Running::start(&world);
    all_open(&world, &bot, 3).await;
    world.discord.commands().await;
    world.discord.set_shard(1, Mood::Closes(4000));
    world.discord.end_shard(1, Farewell::Closes(4000));
    let status = bot.until("it is reported", |status| !status.troubles.is_empty()).await;
    assert!(!gateway(&status).connected);
    assert_eq!(gateway(&status).connections, Some(ConnectionCount { open: 2, all: 3 }));
    let said = bot.notices(&world).await;
    assert!(
        said.len() == 1
            && said[0].contains("1 of 3 connections to Discord's gateway is down")
            && said[0].contains("servers of shard 1 since"),
        "{said:?}"
    );
    // Others that reconnect neither hide it nor add to it.
    for (id, farewell) in
        [(0, Farewell::Closes(4000)), (2, Farewell::Invalidates(false)), (0, Farewell::Asks)]
    {
        let knocks = world.discord.knocks();
        world.discord.end_shard(id, farewell);
        world.discord.knocked(knocks + 1).await;
        let rest = [(0, 3), (2, 3)];
        let looking = async {
            while world.discord.open_shards() != rest || world.discord.knocks() < knocks + 2 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), looking).await.unwrap();
    }
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    world.discord.set_shard(1, Mood::Open);
    all_open(&world, &bot, 3).await;
    bot.until("it is over", |status| status.troubles.is_empty()).await;
    let said = bot.notices(&world).await;
    assert!(
        said.len() == 1 && said[0].contains("All 3 connections to Discord's gateway are open again"),
        "{said:?}"
    );
    finish(world, bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_shards_that_fail_are_reported_too_and_all_together_once() {
    let world = World::new().await;
    world.discord.set_shards(3, 0);
    let bot = Running::start(&world);
    all_open(&world, &bot, 3).await;
    world.discord.commands().await;
    for (id, words) in [(0, "1 of 3"), (1, "2 of 3 connections"), (2, "Discord's gateway is not connected")] {
        world.discord.set_shard(id, Mood::Closes(4000));
        world.discord.end_shard(id, Farewell::Closes(4000));
        let is_said = |status: &Status| status.troubles.iter().any(|trouble| trouble.contains(words));
        bot.until("it is reported", is_said).await;
        let said = bot.notices(&world).await;
        assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
    }
    (0..3).for_each(|id| world.discord.set_shard(id, Mood::Open));
    all_open(&world, &bot, 3).await;
    bot.until("it is over", |status| status.troubles.is_empty()).await;
    assert_eq!(bot.notices(&world).await.len(), 1);
    finish(world, bot).await;
}
