//! The signals that end the bot. It shuts down cleanly after any of them.

use std::{fs, io};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, select_all};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Signals by which somebody asks the bot to stop.
const ASKED: [(Signal, &str); 4] =
    [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::HUP, "SIGHUP"), (Signal::QUIT, "SIGQUIT")];
/// Signals that would kill the process if they were left to the system.
const FAILED: [(Signal, &str); 8] = [
    (Signal::XFSZ, "SIGXFSZ (a file would be larger than `ulimit -f` allows)"),
    (Signal::XCPU, "SIGXCPU (more processor time than `ulimit -t` allows)"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::VTALARM, "SIGVTALRM"),
    (Signal::PROF, "SIGPROF"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::IO, "SIGIO"),
];

/// How the bot was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Somebody asked it to stop.
    Asked,
    /// A signal of this name stopped it, which is a failure.
    Failed(&'static str),
}

/// Waits for the first signal that ends the bot.
pub(super) struct Signals(Vec<BoxFuture<'static, End>>);

impl Signals {
    /// Takes over all these signals. Must be called within a runtime.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let asked = ASKED.map(|(signal, _)| (signal, End::Asked));
        let failed = FAILED.map(|(signal, name)| (signal, End::Failed(name)));
        let mut all = Vec::new();
        for (kind, end) in asked.into_iter().chain(failed) {
            let is_ignored = ignored & 1 << (kind.as_raw() - 1) != 0;
            // Respect an ignored SIGHUP, because `nohup` ignores it on purpose. But a shell ignores SIGINT
            // for anything it starts with `&`.
            if is_ignored && !matches!(kind, Signal::TERM | Signal::INT) {
                continue;
            }
            let mut signals = signal(SignalKind::from_raw(kind.as_raw()))?;
            all.push(
                async move {
                    // The stream of signals never ends.
                    let _ = signals.recv().await;
                    end
                }
                .boxed(),
            );
        }
        Ok(Self(all))
    }

    /// Waits for the first signal.
    pub(super) async fn first(self) -> End {
        select_all(self.0).await.0
    }
}

/// The signals that this process ignored when it started, one bit each from the lowest; none if the system
/// does not say.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
