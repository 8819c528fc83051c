//! The fakes against the very libraries that sellbell uses.

use std::sync::Arc;

use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use serde_json::{Value, json};
use serenity::all::{
    ChannelId, Client, ClientBuilder, CommandInteraction, Context, CreateAllowedMentions, CreateAttachment,
    CreateAutocompleteResponse, CreateCommand, CreateCommandOption, CreateEmbed, CreateInteractionResponse,
    CreateInteractionResponseMessage, CreateMessage, EditInteractionResponse, EventHandler, GatewayIntents,
    Http, HttpBuilder, HttpError, Interaction, Nonce, Permissions, Ready, WebhookId,
};

use super::discord::FakeDiscord;
use super::smtp::FakeSmtp;

const CHANNEL: ChannelId = ChannelId::new(123);

fn http(discord: &FakeDiscord) -> Http {
    HttpBuilder::new(FakeDiscord::TOKEN)
        .proxy(discord.base())
        .ratelimiter_disabled(true)
        .default_allowed_mentions(CreateAllowedMentions::new())
        .build()
}

/// A message with the least that is in order.
fn body(text: &str) -> Value {
    json!({"content": text, "allowed_mentions": {"parse": []}})
}

async fn send(http: &Http, body: &Value) -> serenity::Result<serenity::all::Message> {
    http.send_message(CHANNEL, Vec::new(), body).await
}

fn refusal(error: serenity::Error) -> (u16, isize, Vec<String>) {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(answer)) => {
            let mut paths: Vec<_> = answer.error.errors.into_iter().map(|error| error.path).collect();
            paths.sort();
            (answer.status_code.as_u16(), answer.error.code, paths)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn serenity_sends_a_message() {
    let discord = FakeDiscord::start().await;
    let embed = CreateEmbed::new().title("A title").url("https://example.com/1").field("Name", "Value", true);
    let mut message = serde_json::to_value(CreateMessage::new().embed(embed)).unwrap();
    // serenity writes the place of a file as a number, Discord's description as a text.
    message["attachments"] = json!([{ "id": "0", "filename": "chart.png" }]);
    message["allowed_mentions"] = json!({ "parse": [] });
    let file = CreateAttachment::bytes(*b"\x89PNG", "chart.png");
    let created = http(&discord).send_message(CHANNEL, vec![file], &message).await.unwrap();
    let sent = discord.next_message().await;
    assert_eq!((sent.target.as_str(), sent.id), ("channel:123", created.id.get()));
    assert_eq!(sent.body["embeds"][0]["title"], "A title");
    assert_eq!(sent.files, [("chart.png".to_owned(), b"\x89PNG".to_vec())]);
    assert_eq!(created.embeds[0].fields[0].value, "Value");
    assert_eq!(created.attachments[0].filename, "chart.png");
    discord.finish().await;
}

#[tokio::test]
async fn a_nonce_is_used_once() {
    let discord = FakeDiscord::start().await;
    let http = http(&discord);
    let message =
        CreateMessage::new().content("once").nonce(Nonce::String("abc".to_owned())).enforce_nonce(true);
    let first = CHANNEL.send_message(&http, message.clone()).await.unwrap();
    let second = CHANNEL.send_message(&http, message.clone().enforce_nonce(false)).await.unwrap();
    let third = CHANNEL.send_message(&http, message).await.unwrap();
    assert_eq!((first.id == third.id, first.id < second.id), (true, true));
    assert_eq!((discord.deduplicated(), discord.unread()), (1, 2));
    discord.next_message().await;
    discord.next_message().await;
    discord.finish().await;
}

#[tokio::test]
#[should_panic(expected = "MAX_EMBED_SIZE_EXCEEDED")]
async fn finish_reports_a_message_over_the_limits() {
    let discord = FakeDiscord::start().await;
    let long = json!({"description": "x".repeat(4097), "fields": [{"name": " ", "value": "v"}]});
    let message = json!({
        "allowed_mentions": {"parse": []},
        "embeds": [long, {"footer": {"text": "x".repeat(1904)}}],
    });
    let error = send(&http(&discord), &message).await.unwrap_err();
    let paths = ["embeds", "embeds.0.description", "embeds.0.fields.0.name"].map(str::to_owned);
    assert_eq!(refusal(error), (400, 50035, paths.to_vec()));
    discord.finish().await;
}

#[tokio::test]
#[should_panic(expected = "allowed_mentions has no empty parse")]
async fn finish_reports_a_message_that_may_ping() {
    let discord = FakeDiscord::start().await;
    send(&http(&discord), &json!({"content": "@everyone"})).await.unwrap();
    discord.next_message().await;
    discord.finish().await;
}

#[tokio::test]
#[should_panic(expected = "unread (1)")]
async fn finish_reports_an_unread_message() {
    let discord = FakeDiscord::start().await;
    send(&http(&discord), &body("hello")).await.unwrap();
    discord.finish().await;
}

#[tokio::test]
#[should_panic(expected = "GET /api/v10/guilds/123: answered 404")]
async fn finish_reports_an_unknown_request() {
    let discord = FakeDiscord::start().await;
    assert_eq!(refusal(http(&discord).get_guild(123.into()).await.unwrap_err()).0, 404);
    discord.finish().await;
}

#[tokio::test]
#[should_panic(expected = "without finish()")]
async fn finish_is_owed() {
    FakeDiscord::start().await;
}

#[tokio::test]
async fn a_body_is_held_against_the_description_of_discord() {
    let wrong = json!({"embeds": [{"color": "red"}]});
    let found = super::schema::violations("post", "/channels/{channel_id}/messages", &wrong);
    let is_here =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/discord/openapi.json").exists();
    let expected = r#"/embeds/0/color: "red" is not of types "null", "integer""#;
    assert_eq!(found, if is_here { vec![expected] } else { Vec::new() });
}

#[tokio::test]
async fn planned_failures_come_first() {
    let discord = FakeDiscord::start().await;
    let http = http(&discord);
    discord.fail_next("channel:123", 404, json!({"code": 10003, "message": "Unknown Channel"}), 1);
    discord.create_and_fail_next("channel:123", 502, json!("<html>Bad gateway</html>"), 1);
    assert_eq!(refusal(send(&http, &body("1")).await.unwrap_err()), (404, 10003, vec![]));
    assert_eq!(refusal(send(&http, &body("2")).await.unwrap_err()), (502, -1, vec![]));
    assert_eq!(discord.next_message().await.body["content"], "2");
    send(&http, &body("3")).await.unwrap();
    assert_eq!(discord.next_message().await.body["content"], "3");
    discord.finish().await;
}

#[tokio::test]
async fn a_rate_limit_says_how_long() {
    let discord = FakeDiscord::start().await;
    discord.fail_next("webhook:5", 429, json!({"message": "Slow", "retry_after": 0.3, "global": false}), 1);
    let url = format!("{}?wait=true", discord.webhook_url(5));
    let client = reqwest::Client::new();
    let slow = client.post(&url).json(&body("hello")).send().await.unwrap();
    assert_eq!((slow.status().as_u16(), slow.headers()["retry-after"].as_bytes()), (429, b"1".as_slice()));
    let answer: Value = client.post(&url).json(&body("hello")).send().await.unwrap().json().await.unwrap();
    let sent = discord.next_message().await;
    assert_eq!(
        (sent.target.as_str(), answer["id"].as_str().unwrap()),
        ("webhook:5", sent.id.to_string().as_str())
    );
    discord.finish().await;
}

#[tokio::test]
async fn serenity_executes_a_webhook() {
    let discord = FakeDiscord::start().await;
    let http = http(&discord);
    let (id, body) = (WebhookId::new(5), body("hello"));
    let created = http.execute_webhook(id, None, "token-5", true, Vec::new(), &body).await.unwrap();
    assert_eq!(created.unwrap().webhook_id, Some(id));
    discord.next_message().await;
    discord.finish().await;
}

#[tokio::test]
async fn what_hangs_is_answered_after_its_release() {
    let discord = FakeDiscord::start().await;
    let http = Arc::new(http(&discord));
    discord.hang("channel:123");
    let sender = Arc::clone(&http);
    let sending = tokio::spawn(async move { send(&sender, &body("hello")).await });
    http.send_message(ChannelId::new(456), Vec::new(), &body("other")).await.unwrap();
    assert_eq!(discord.next_message().await.target, "channel:456");
    assert_eq!((discord.unread(), sending.is_finished()), (0, false));
    discord.release("channel:123");
    assert_eq!(discord.next_message().await.target, "channel:123");
    sending.await.unwrap().unwrap();
    discord.finish().await;
}

struct Bot;

#[serenity::async_trait]
impl EventHandler for Bot {
    async fn ready(&self, context: Context, _: Ready) {
        let option = CreateCommandOption::new(serenity::all::CommandOptionType::String, "rule", "A rule");
        let command = CreateCommand::new("latest")
            .description("The latest alerts")
            .default_member_permissions(Permissions::MANAGE_GUILD)
            .add_option(option.set_autocomplete(true));
        let registered = context.http.create_global_commands(&[command]).await.unwrap();
        assert_eq!(registered[0].name, "latest");
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        match interaction {
            Interaction::Command(command) if command.data.options.is_empty() => {
                defer(&context, &command).await
            }
            Interaction::Command(command) => {
                let permissions = command.member.as_ref().unwrap().permissions.unwrap();
                let message = CreateInteractionResponseMessage::new().content(permissions.bits().to_string());
                command.create_response(&context, CreateInteractionResponse::Message(message)).await.unwrap();
            }
            Interaction::Autocomplete(command) => {
                let typed = command.data.autocomplete().unwrap().value;
                let choices = CreateAutocompleteResponse::new().add_string_choice(typed, typed);
                command
                    .create_response(&context, CreateInteractionResponse::Autocomplete(choices))
                    .await
                    .unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn defer(context: &Context, command: &CommandInteraction) {
    command.defer(context).await.unwrap();
    let edit =
        EditInteractionResponse::new().content("at last").allowed_mentions(CreateAllowedMentions::new());
    command.edit_response(context, edit).await.unwrap();
}

async fn bot(discord: &FakeDiscord) -> Client {
    ClientBuilder::new_with_http(http(discord), GatewayIntents::empty()).event_handler(Bot).await.unwrap()
}

#[tokio::test]
async fn serenity_answers_interactions() {
    let discord = FakeDiscord::start().await;
    let mut client = bot(&discord).await;
    let shards = Arc::clone(&client.shard_manager);
    let running = tokio::spawn(async move { client.start().await });
    assert_eq!(discord.identified().await["intents"], 0);
    assert_eq!(discord.commands().await[0]["default_member_permissions"], "32");
    let option = json!([{"name": "rule", "type": 3, "value": "big", "focused": true}]);
    let choices = discord.autocomplete(9, "latest", option.clone()).await;
    assert_eq!(choices["data"]["choices"][0]["value"], "big");
    let answer = discord.slash(9, "32", "latest", option).await;
    assert_eq!((&answer["type"], &answer["data"]["content"]), (&json!(4), &json!("32")));
    let deferred = discord.slash(9, "32", "latest", json!([])).await;
    assert_eq!((&deferred["type"], &deferred["data"]["content"]), (&json!(5), &json!("at last")));
    shards.shutdown_all().await;
    running.await.unwrap().unwrap();
    discord.finish().await;
}

fn mail(to: &str) -> Mail {
    let builder = Mail::builder().from("bell@example.com".parse().unwrap()).to(to.parse().unwrap());
    builder.subject("Größe").body("a line\r\n.hidden\r\n".to_owned()).unwrap()
}

fn transport(smtp: &FakeSmtp) -> AsyncSmtpTransport<Tokio1Executor> {
    let login = Credentials::new("user".into(), "password".into());
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(smtp.port())
        .credentials(login)
        .build()
}

#[tokio::test]
async fn lettre_sends_a_mail() {
    let smtp = FakeSmtp::start().await;
    transport(&smtp).send(mail("desk@example.com")).await.unwrap();
    let received = smtp.next_mail().await;
    assert_eq!(
        (received.from.as_str(), received.to),
        ("bell@example.com", vec!["desk@example.com".to_owned()])
    );
    let parsed = mail_parser::MessageParser::default().parse(&received.raw).unwrap();
    assert_eq!(parsed.subject(), Some("Größe"));
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), "a line\r\n.hidden");
    smtp.finish().await;
}

#[tokio::test]
async fn a_mail_server_refuses_as_planned() {
    let smtp = FakeSmtp::start().await;
    let transport = transport(&smtp);
    smtp.refuse("gone@example.com", "550 5.1.1 no such user");
    let gone = transport.send(mail("gone@example.com")).await.unwrap_err();
    assert_eq!((gone.is_permanent(), gone.status().unwrap().to_string().as_str()), (true, "550"));
    for stage in ["connect", "mail", "rcpt", "data"] {
        smtp.fail_next(stage, "451 4.3.0 later", 1);
        let error = transport.send(mail("desk@example.com")).await.unwrap_err();
        assert!(error.is_transient(), "{stage}: {error:?}");
    }
    smtp.fail_next("accepted-then-reset", "", 1);
    let lost = transport.send(mail("desk@example.com")).await.unwrap_err();
    assert_eq!((lost.is_response(), lost.status()), (true, None));
    assert_eq!(smtp.next_mail().await.to, ["desk@example.com"]);
    smtp.finish().await;
}

#[tokio::test]
#[should_panic(expected = "DATA: answered 503")]
async fn finish_reports_a_bad_sequence() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let smtp = FakeSmtp::start().await;
    let mut stream = tokio::net::TcpStream::connect(smtp.url().trim_start_matches("smtp://")).await.unwrap();
    stream.write_all(b"HELO me\r\nDATA\r\nQUIT\r\n").await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.contains("\r\n503 "), "{answers}");
    smtp.finish().await;
}
