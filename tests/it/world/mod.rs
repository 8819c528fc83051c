//! A whole world for a test: an EDGAR, a Discord, a mail server, a folder, and apps that come and go in it.

mod filings;
mod stores;

pub use filings::{QUALYS, qualys, small_sale, submission};
pub use stores::{key_of, opened, overwrite, records, released, reopened};

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::destination::Destination;
use sellbell::notify::{Output, Secrets};
use sellbell::outbox::Lane;
use sellbell::problem::Source;
use sellbell::render::terminal::Colour;
use sellbell::rules;
use sellbell::runtime::{self, App, Setup};
use sellbell::store::Store;
use sellbell::trust::Roots;
use tempfile::TempDir;

use crate::fakes::discord::FakeDiscord;
use crate::fakes::edgar::FakeEdgar;
use crate::fakes::smtp::FakeSmtp;
use crate::search;

pub fn at(time: &str) -> DateTime<Utc> {
    time.parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
}

/// A world's folder: what is in it in the end is searched for secrets, and so is the log.
pub struct Folder(TempDir);

impl Folder {
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test that fails already says more.
        if !std::thread::panicking() {
            search::search_folder(self.path());
            search::search_logged();
        }
    }
}

/// Paused time goes on to the next timer also while an answer is on its way: with this the next one is never far.
pub fn finely() {
    tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
}

pub struct World {
    pub edgar: FakeEdgar,
    pub discord: FakeDiscord,
    pub smtp: FakeSmtp,
    pub dir: Folder,
    /// Secrets besides those of the fakes.
    pub secrets: Secrets,
    /// What the apps go by.
    pub clock: Clock,
    output: Arc<Mutex<Vec<u8>>>,
}

impl World {
    pub async fn new() -> Self {
        search::search_log();
        Self {
            edgar: FakeEdgar::start().await,
            discord: FakeDiscord::start().await,
            smtp: FakeSmtp::start().await,
            dir: Folder(tempfile::tempdir().unwrap()),
            secrets: Secrets::default(),
            clock: Clock::wall(),
            output: Arc::default(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The settings of this world: a bot channel `alerts`, a webhook `hook`, recipients `desk` (at once) and `digest`.
    pub fn settings(&self) -> String {
        format!(
            "[edgar]\nbase_url = \"{}\"\ncontact = \"Test test@example.org\"\nrequests_per_second = 5000\n\
             [http]\nlisten = \"\"\n[store]\ndir = \"{}\"\n[discord]\napi_base = \"{}\"\n\
             [[discord.channel]]\nname = \"alerts\"\nchannel_id = \"555\"\n\
             [[discord.channel]]\nname = \"hook\"\nwebhook = true\n\
             [email]\nfrom = \"sellbell <bell@example.org>\"\n\
             [[email.recipient]]\nname = \"desk\"\naddress = \"Desk <desk@example.org>\"\n\
             [[email.recipient]]\nname = \"digest\"\naddress = \"digest@example.org\"\nmode = \"digest\"\n\
             schedule = \"30 17 * * *\"\ntime_zone = \"America/New_York\"\n",
            self.edgar.base_url(),
            self.path("store").display(),
            self.discord.base(),
        )
    }

    /// An app on this world's store; one at a time, as in life.
    pub fn app(&self, rules_text: &str, since: Option<&str>) -> App {
        self.app_with(&self.settings(), rules_text, since)
    }

    /// An app with other settings.
    pub fn app_with(&self, settings: &str, rules_text: &str, since: Option<&str>) -> App {
        self.app_using(settings, rules_text, since, &|_| true, Arc::clone(&self.output) as _)
    }

    /// An app of which the rules use only some destinations, or whose standard output is another.
    pub fn app_using(
        &self,
        settings: &str,
        rules_text: &str,
        since: Option<&str>,
        used: &dyn Fn(&Destination) -> bool,
        output: Output,
    ) -> App {
        self.app_on(reopened, settings, rules_text, since, used, output)
    }

    /// An app on a store that is opened so.
    pub fn app_on(
        &self,
        open: impl FnOnce(&Path) -> Store,
        settings: &str,
        rules_text: &str,
        since: Option<&str>,
        used: &dyn Fn(&Destination) -> bool,
        output: Output,
    ) -> App {
        let settings = Settings::read("settings", settings, &[]).unwrap();
        let source = Source { file: "rules", text: rules_text };
        let rules = rules::load_slice([source], &|d| settings.knows(d), &settings.destinations()).unwrap();
        let mut secrets = Secrets {
            discord_token: Some(FakeDiscord::TOKEN.into()),
            smtp_url: Some(self.secrets.smtp_url.clone().unwrap_or_else(|| self.smtp.url().into())),
            ..self.secrets.clone()
        };
        secrets.discord_webhooks.insert("hook".into(), self.discord.webhook_url(5).into());
        let dir = settings.store_dir.clone();
        let assembly = runtime::assemble(Setup {
            settings,
            rules,
            secrets: &secrets,
            used,
            roots: &Roots::default(),
            clock: self.clock,
            output,
            colour: Colour::Plain,
        })
        .unwrap();
        let store = open(&dir);
        // The embedded store answers at once.
        let assembly = assembly.knowing(&store).now_or_never().unwrap().unwrap();
        assembly.on(store, since.map(at))
    }

    /// Ends an app, however it is held, and waits until its store is free.
    pub fn close<T>(&self, app: T) {
        drop(app);
        released(&self.path("store"));
    }

    /// What was written to standard output since the last call.
    pub fn take_output(&self) -> String {
        let output = std::mem::take(&mut *self.output.lock().unwrap());
        search::search("what it prints", &output);
        String::from_utf8(output).unwrap()
    }

    /// Fails if any fake saw something unexpected, or holds something that nobody looked at.
    pub async fn finish(self) {
        assert_eq!(self.take_output(), "", "printed, and not looked at");
        self.edgar.finish();
        self.discord.finish().await;
        self.smtp.finish().await;
    }
}

/// Delivers until nothing is due; how many were delivered, failed and died.
pub async fn deliver_all(app: &App, now: DateTime<Utc>) -> (usize, usize, usize) {
    let mut total = (0, 0, 0);
    for destination in app.store.waiting_destinations().await.unwrap() {
        let (delivered, failed, dead) = deliver_to(app, &destination, &mut Lane::default(), now).await;
        total = (total.0 + delivered, total.1 + failed, total.2 + dead);
    }
    total
}

/// Delivers to one destination until nothing is due.
pub async fn deliver_to(
    app: &App,
    destination: &Destination,
    lane: &mut Lane,
    now: DateTime<Utc>,
) -> (usize, usize, usize) {
    let mut total = (0, 0, 0);
    loop {
        let report = app.outbox.deliver_once(destination, lane, now).await.unwrap();
        total = (total.0 + report.delivered, total.1 + report.failed, total.2 + report.dead);
        if report.next.is_none_or(|next| next > now) {
            return total;
        }
    }
}
