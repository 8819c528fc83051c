//! A listener that slow or many clients cannot exhaust: there is always room for one more.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep_until};

/// The most connections at once. To make room for another, one is dropped: first those without a complete
/// request, the oldest of them first.
const MOST_CONNECTIONS: usize = 16;

/// The state of a connection. Connections in the first state are dropped first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Its request is incomplete.
    Asking,
    /// It is getting an answer.
    Answered,
    /// It has the token.
    Trusted,
}

impl Phase {
    /// How long it may last. All answers come at once, except one that queues many deliveries again.
    const fn longest(self) -> Duration {
        match self {
            Self::Asking => Duration::from_secs(3),
            Self::Answered => Duration::from_secs(10),
            Self::Trusted => Duration::from_secs(150),
        }
    }
}

/// A connection, as its listener sees it.
#[derive(Debug)]
struct Slot {
    /// Its phase and since when; `None` once it is dropped.
    phase: Mutex<Option<(Phase, Instant)>>,
    task: AtomicWaker,
}

impl Slot {
    fn phase(&self) -> Option<(Phase, Instant)> {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: Phase) {
        let mut current = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_some() {
            *current = Some((phase, Instant::now()));
        }
    }

    fn end(&self) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.task.wake();
    }
}

/// The sender of a request.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<Slot>);

impl Caller {
    pub(super) fn of(request: &Request) -> Option<Self> {
        request.extensions().get::<ConnectInfo<Self>>().map(|ConnectInfo(caller)| caller.clone())
    }

    /// Marks its connection as having the token: it may last longer, and is dropped last.
    pub(super) fn trust(&self) {
        self.0.enter(Phase::Trusted);
    }
}

impl Connected<IncomingStream<'_, LimitedListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, LimitedListener>) -> Self {
        Self(Arc::clone(&stream.io().slot))
    }
}

/// Allows one request per connection: open connections would only be in the way of others.
pub(super) async fn once(request: Request, next: Next) -> Response {
    if let Some(Caller(slot)) = Caller::of(&request) {
        slot.enter(Phase::Answered);
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Accepts at most `MOST_CONNECTIONS` connections at once, each for a limited time.
#[derive(Debug)]
pub(super) struct LimitedListener {
    inner: TcpListener,
    slots: Vec<Arc<Slot>>,
}

/// One of its connections.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    slot: Arc<Slot>,
}

impl LimitedListener {
    pub(super) fn new(inner: TcpListener) -> Self {
        Self { inner, slots: Vec::new() }
    }

    /// Makes room for one more.
    fn make_room(&mut self) {
        self.slots.retain(|slot| slot.phase().is_some());
        if self.slots.len() >= MOST_CONNECTIONS
            && let Some(first) = self.slots.iter().min_by_key(|slot| slot.phase())
        {
            first.end();
        }
    }
}

impl Listener for LimitedListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // Not the fallible method of the same name: this one pauses if no file descriptor is free.
        let (stream, address) = Listener::accept(&mut self.inner).await;
        self.make_room();
        let began = (Phase::Asking, Instant::now());
        let slot = Arc::new(Slot { phase: Mutex::new(Some(began)), task: AtomicWaker::new() });
        self.slots.push(Arc::clone(&slot));
        let end = Box::pin(sleep_until(began.1 + began.0.longest()));
        (Connection { stream, end, slot }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl Connection {
    /// Fails if it was dropped for another, or has lasted too long.
    fn is_over(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.slot.task.register(cx.waker());
        let Some((phase, since)) = self.slot.phase() else {
            return Err(io::ErrorKind::ConnectionAborted.into());
        };
        let end = since + phase.longest();
        if self.end.deadline() != end {
            self.end.as_mut().reset(end);
        }
        match self.end.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.slot.end();
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.is_over(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.is_over(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::sleep;

    use super::*;

    /// A server whose `/slow` takes a minute: with the token, or without.
    async fn server() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let slow = async |request: Request| {
            if request.headers().contains_key("token") {
                Caller::of(&request).unwrap().trust();
            }
            sleep(Duration::from_secs(60)).await;
            "slowly"
        };
        let router = Router::new()
            .route("/", get(async || "here"))
            .route("/", post(async |body: String| body))
            .route("/slow", get(slow))
            .layer(middleware::from_fn(once));
        let served = axum::serve(
            LimitedListener::new(listener),
            router.into_make_service_with_connect_info::<Caller>(),
        );
        tokio::spawn(async move { served.await });
        address
    }

    async fn began(address: SocketAddr, request: &str) -> TcpStream {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        client
    }

    /// Everything that is received until the connection ends, however it ends.
    async fn answer(mut client: TcpStream) -> String {
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// Uses a clock that advances when nothing else happens.
    #[tokio::test(start_paused = true)]
    async fn clients_that_say_nothing_or_little_keep_nobody_waiting() {
        for little in [
            "",
            "GET / HTTP/1.1\r\nHost: ",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
            "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n",
        ] {
            let address = server().await;
            let mut silent = Vec::new();
            for _ in 0..3 * MOST_CONNECTIONS {
                silent.push(began(address, little).await);
            }
            let asked = Instant::now();
            let answer = answer(began(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{little}: {answer}");
            assert!(asked.elapsed() < Duration::from_secs(1), "{little}: {:?}", asked.elapsed());
            drop(silent);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_of_a_connection_has_its_end() {
        let address = server().await;
        for (request, answered, seconds) in [
            ("GET / HTTP/1.1\r\nHost: ", "", 3),
            ("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", "", 10),
            ("GET /slow HTTP/1.1\r\nHost: x\r\nToken: y\r\n\r\n", "slowly", 60),
        ] {
            let asked = Instant::now();
            let answer = answer(began(address, request).await).await;
            assert!(
                answer.ends_with(answered) && answer.is_empty() == answered.is_empty(),
                "{request}: {answer}"
            );
            assert_eq!(asked.elapsed().as_secs(), seconds, "{request}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_the_token_is_not_dropped_for_others() {
        let address = server().await;
        let own = began(address, "GET /slow HTTP/1.1\r\nHost: x\r\nToken: y\r\n\r\n").await;
        let own = tokio::spawn(answer(own));
        // Its request is read before the others arrive.
        sleep(Duration::from_millis(1)).await;
        let mut silent = Vec::new();
        for _ in 0..3 * MOST_CONNECTIONS {
            silent.push(began(address, "").await);
        }
        assert!(own.await.unwrap().ends_with("slowly"));
    }
}
