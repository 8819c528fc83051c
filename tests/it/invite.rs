//! `sellbell discord invite`: the link that brings the bot to a server.

use std::fs;
use std::process::Output;

use serde_json::json;
use tokio::process::Command;

use crate::fakes::discord::FakeDiscord;
use crate::search::Searched as _;
use crate::world::World;

async fn invite(world: &World, token: Option<&str>) -> (bool, String, String) {
    fs::write(world.path("settings.toml"), world.settings()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command.args(["discord", "invite", "--config", "settings.toml"]);
    command
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5));
    if let Some(token) = token {
        command.env("DISCORD_TOKEN", token);
    }
    let Output { status, stdout, stderr } = command.output().await.unwrap().searched();
    let (link, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(!said.contains(FakeDiscord::TOKEN) && !link.contains(FakeDiscord::TOKEN), "{said}");
    (status.success(), link, said)
}

#[tokio::test]
async fn it_asks_for_the_permissions_that_the_bot_needs_and_no_others() {
    let world = World::new().await;
    let (well, link, said) = invite(&world, Some(FakeDiscord::TOKEN)).await;
    assert!(well && said.contains("choose a server"), "{said}");
    let view_and_history = (1 << 10) | (1 << 16);
    let sending = (1_u64 << 11) | (1 << 14) | (1 << 15) | (1 << 35) | (1 << 38);
    assert_eq!(
        link,
        format!(
            "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands&permissions={}\n",
            FakeDiscord::APPLICATION,
            view_and_history | sending
        )
    );
    world.finish().await;
}

#[tokio::test]
async fn without_a_token_or_an_answer_it_says_what_to_do() {
    let world = World::new().await;
    let (well, link, said) = invite(&world, None).await;
    assert!(!well && link.is_empty() && said.contains("DISCORD_TOKEN is not set: create a bot at"), "{said}");
    world.discord.fail_next("application", 401, json!({ "message": "401: Unauthorized", "code": 0 }), 1);
    let (well, link, said) = invite(&world, Some(FakeDiscord::TOKEN)).await;
    assert!(
        !well
            && link.is_empty()
            && said.contains("Discord answers 401, code 0: the token in DISCORD_TOKEN is wrong"),
        "{said}"
    );
    world.finish().await;
}
