//! A gateway that sends too much, or leads elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::fakes::discord::Whereabouts;
use crate::fakes::gateway::Mood;
use crate::gateway::{Running, gateway, is_connected};
use crate::world::World;

const KB: usize = 1024;

/// What a hostile gateway sends once a session is open.
#[derive(Debug, Clone, Copy)]
enum Flood {
    /// One message in one frame, above 16 megabytes.
    Long,
    /// A message in frames of 16 kB, without end.
    Frames,
    /// A frame that claims to have this many bytes, and blanks without end.
    Claims(u64),
    /// A frame that says that it is compressed, which nobody asked for.
    Compressed,
    /// The same as the first before there is a session, in place of the greeting.
    AtOnce,
}

/// A gateway on a port of its own: how many bytes it got rid of, and how often somebody came.
struct Hostile {
    address: SocketAddr,
    sent: Arc<AtomicUsize>,
    visits: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Hostile {
    async fn start(flood: Flood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sent, visits) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (bytes, knocks) = (Arc::clone(&sent), Arc::clone(&visits));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                knocks.fetch_add(1, Ordering::SeqCst);
                // It ends when the bot hangs up.
                let _ = serve(stream, address, flood, &bytes).await;
            }
        });
        Self { address, sent, visits, task }
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn serve(stream: TcpStream, own: SocketAddr, flood: Flood, sent: &AtomicUsize) -> Result<(), Failed> {
    let mut socket = accept_async(stream).await?;
    if matches!(flood, Flood::AtOnce) {
        return pour(&mut socket, Flood::Long, sent).await;
    }
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": 41_250 } });
    socket.send(Message::text(hello.to_string())).await?;
    let asked = socket.next().await.ok_or("it hung up")??;
    let resumes = asked.to_text()?.contains("\"op\":6");
    let ready = json!({
        "session_id": "session", "resume_gateway_url": format!("ws://{own}"), "application": { "id": "4242" },
    });
    let opened = match resumes {
        true => json!({ "op": 0, "s": 2, "t": "RESUMED", "d": {} }),
        false => json!({ "op": 0, "s": 1, "t": "READY", "d": ready }),
    };
    socket.send(Message::text(opened.to_string())).await?;
    pour(&mut socket, flood, sent).await
}

async fn pour(
    socket: &mut WebSocketStream<TcpStream>,
    flood: Flood,
    sent: &AtomicUsize,
) -> Result<(), Failed> {
    let event = json!({ "op": 0, "s": 2, "t": "X", "d": "x".repeat(16 * KB * KB) }).to_string();
    match flood {
        Flood::Long | Flood::AtOnce => socket.send(Message::text(event)).await?,
        Flood::Compressed => {
            let mut frame = Frame::message(vec![0xaa; 100], OpCode::Data(Data::Text), true);
            frame.header_mut().rsv1 = true;
            socket.send(Message::Frame(frame)).await?;
        }
        Flood::Frames => {
            let mut code = Data::Text;
            loop {
                let frame = Frame::message(vec![b' '; 16 * KB], OpCode::Data(code), false);
                socket.send(Message::Frame(frame)).await?;
                sent.fetch_add(16 * KB, Ordering::SeqCst);
                code = Data::Continue;
            }
        }
        Flood::Claims(bytes) => {
            let stream = socket.get_mut();
            stream.write_all(&[0x81, 127]).await?;
            stream.write_all(&bytes.to_be_bytes()).await?;
            loop {
                stream.write_all(&[b' '; 16 * KB]).await?;
                sent.fetch_add(16 * KB, Ordering::SeqCst);
            }
        }
    }
    // Until the bot hangs up.
    while socket.next().await.transpose()?.is_some() {}
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_sends_too_much_is_left_and_its_session_is_not_gone_on_with() {
    for (flood, words) in [
        (Flood::Long, "a message of more than 16384 kB"),
        (Flood::Frames, "a message of more than 16384 kB"),
        (Flood::Claims(16 * KB as u64 * KB as u64 + 1), "a message of more than 16384 kB"),
        (Flood::Claims(u64::MAX >> 1), "a message of more than 16384 kB"),
        (Flood::AtOnce, "a message of more than 16384 kB"),
        (Flood::Compressed, "the connection failed"),
    ] {
        let world = World::new().await;
        let hostile = Hostile::start(flood).await;
        world.discord.set_whereabouts(Whereabouts::At(format!("ws://{}", hostile.address)));
        let bot = Running::start(&world);
        let is_left = |status: &sellbell::service::Status| {
            let gateway = status.running.as_ref().unwrap().gateway.as_ref();
            gateway.and_then(|gateway| gateway.reason.as_ref()).is_some_and(|reason| reason.contains(words))
        };
        bot.until(words, is_left).await;
        // The other end's buffers hold some of it.
        let sent = hostile.sent.load(Ordering::SeqCst);
        assert!(sent < 32 * KB * KB, "{flood:?}: {sent}");
        world.discord.set_whereabouts(Whereabouts::Here);
        // A session that was only disturbed is gone on with, here or for as long as it is taken there: so it ends there.
        let _there = (!matches!(flood, Flood::Compressed)).then_some(hostile);
        bot.until("it is connected", is_connected).await;
        world.discord.commands().await;
        if !matches!(flood, Flood::Compressed) {
            assert_eq!(world.discord.asked_for(), (1, 0), "{flood:?}: another session");
        }
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_said_to_be_elsewhere_is_not_asked() {
    let elsewhere = Hostile::start(Flood::Compressed).await;
    let there = elsewhere.address;
    for (whereabouts, words) in [
        (Whereabouts::At("ws://192.0.2.1".to_owned()), "not on a host of Discord's"),
        (Whereabouts::At("wss://gateway.discord.gg.example.org".to_owned()), "not on a host of Discord's"),
        (Whereabouts::At("ws://gateway.discord.gg".to_owned()), "not encrypted"),
        (Whereabouts::At(format!("http://{there}")), "an invalid address"),
        (Whereabouts::At(format!("ws://user:password@{there}")), "an invalid address"),
        (Whereabouts::At("\u{1b}[31m".to_owned()), "an invalid address"),
        (Whereabouts::Moved(format!("http://{there}/")), "Discord answers 302"),
        (Whereabouts::Endless, "cannot be read"),
    ] {
        let world = World::new().await;
        world.discord.set_whereabouts(whereabouts.clone());
        let bot = Running::start(&world);
        let status = bot.until("it is reported", |status| !status.troubles.is_empty()).await;
        let reason = gateway(&status).reason.unwrap();
        assert!(reason.contains(words), "{whereabouts:?}: {reason}");
        let said = bot.notices(&world).await;
        let is_advised = said[0].contains("check that [discord] api_base leads to Discord");
        assert!(said.len() == 1 && is_advised == matches!(whereabouts, Whereabouts::At(_)), "{said:?}");
        bot.stop().await;
        world.finish().await;
    }
    assert_eq!(elsewhere.visits.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_redirected_ends_there() {
    let elsewhere = Hostile::start(Flood::Compressed).await;
    let world = World::new().await;
    world.discord.set_gateway(Mood::Redirects(elsewhere.address));
    let bot = Running::start(&world);
    let status = bot.until("it is reported", |status| !status.troubles.is_empty()).await;
    assert!(gateway(&status).reason.unwrap().contains("answers 302, and redirects are not followed"));
    assert_eq!(elsewhere.visits.load(Ordering::SeqCst), 0);
    bot.notices(&world).await;
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_to_go_on_elsewhere_is_begun_anew() {
    for url in ["wss://gateway.discord.gg.example.org", "ws://192.0.2.1", "", "file:///etc/passwd"] {
        let world = World::new().await;
        world.discord.set_resume_url(url);
        let bot = Running::start(&world);
        world.discord.commands().await;
        bot.until("it is connected", is_connected).await;
        world.discord.hang_up();
        world.discord.knocked(2).await;
        bot.until("it is connected", |status| is_connected(status) && world.discord.asked_for().0 == 2).await;
        assert_eq!(world.discord.asked_for(), (2, 0), "{url}");
        bot.notices(&world).await;
        bot.stop().await;
        world.finish().await;
    }
}
