//! Rule files that are edited while the bot runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sellbell::rules::{FolderState, Watcher};
use sellbell::runtime::{self, App, Reload, Watch};

use crate::world::{World, at, deliver_all, small_sale};

const NOW: &str = "2025-12-12T18:00:00-05:00";
const SINCE: &str = "2025-12-12T00:00:00-05:00";

fn rule(name: &str, min_value: u64) -> String {
    format!("[[rule]]\nname = \"{name}\"\nmin_value = {min_value}\nnotify = [\"jsonl\"]\n")
}

/// A world whose rules stand in a folder, which is watched.
struct Edited {
    world: World,
    app: App,
    watch: Watch,
    folder: PathBuf,
}

impl Edited {
    async fn new(rules: &str, settings: &str) -> Self {
        let world = World::new().await;
        let folder = world.path("rules");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.toml"), rules).unwrap();
        let dir = format!("[rules]\ndir = \"{}\"\n", folder.display());
        let app = world.app_with(&(world.settings() + &dir + settings), rules, Some(SINCE));
        let watch = Watch::new(folder.clone(), FolderState::of(&folder));
        Self { world, app, watch, folder }
    }

    async fn look(&mut self) -> Reload {
        runtime::reload_once(&self.app, &mut self.watch, at(NOW)).await.unwrap()
    }

    fn names(&self) -> Vec<String> {
        self.app.rules.current().iter().map(|rule| rule.name.clone()).collect()
    }
}

#[tokio::test]
async fn an_edit_without_a_rule_that_a_recipient_lists_is_refused() {
    let recipient =
        "[[email.recipient]]\nname = \"list\"\naddress = \"list@example.org\"\nrules = [\"one\"]\n";
    let mut edited = Edited::new(&rule("one", 1_000), recipient).await;
    fs::write(edited.folder.join("a.toml"), rule("ones", 1_000)).unwrap();
    assert_eq!(edited.look().await, Reload::Unsettled);
    let Reload::Refused(mistakes) = edited.look().await else { panic!("a recipient lists it") };
    assert!(mistakes.ends_with("there is no rule `one`: did you mean `ones`?"), "{mistakes}");
    assert_eq!(edited.names(), ["one"]);
    edited.world.finish().await;
}

#[tokio::test]
async fn a_valid_edit_is_in_force_when_two_looks_see_the_same() {
    let mut edited = Edited::new(&rule("one", 1_000), "").await;
    assert_eq!(edited.look().await, Reload::Unchanged);
    fs::write(edited.folder.join("b.toml"), rule("two", 5)).unwrap();
    assert_eq!((edited.look().await, edited.names()), (Reload::Unsettled, vec!["one".to_owned()]));
    assert_eq!(edited.look().await, Reload::Taken("added two".into()));
    assert_eq!(edited.names(), ["one", "two"]);
    assert_eq!(edited.look().await, Reload::Unchanged);
    fs::write(edited.folder.join("a.toml"), format!("# moved\n\n{}", rule("one", 1_001))).unwrap();
    fs::remove_file(edited.folder.join("b.toml")).unwrap();
    assert_eq!(edited.look().await, Reload::Unsettled);
    assert_eq!(edited.look().await, Reload::Taken("changed one; removed two".into()));
    // A comment changes nothing of what they say.
    fs::write(edited.folder.join("a.toml"), format!("# moved again\n\n\n{}", rule("one", 1_001))).unwrap();
    assert_eq!(edited.look().await, Reload::Unsettled);
    assert_eq!(edited.look().await, Reload::Taken("their meaning is unchanged".into()));

    // The next filing meets the new rule.
    edited.world.edgar.publish(&small_sale("0000000007-25-000001", 20, "2025-12-12T17:00:00-05:00"));
    assert_eq!(edited.app.intake.poll_once(at(NOW)).await.unwrap().alerted, 0);
    assert_eq!(edited.world.edgar.take_fetched().len(), 1);
    let Edited { world, app, .. } = edited;
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn an_invalid_edit_leaves_the_last_good_rules_and_is_told_once() {
    let operators = "[operators]\nnotify = [\"discord:hook\", \"email:desk\", \"terminal\"]\n";
    let mut edited = Edited::new(&rule("one", 1_000), operators).await;
    fs::write(edited.folder.join("a.toml"), "[[rule]]\nname = \"one\"\nmin_valu = 5\n").unwrap();
    assert_eq!(edited.look().await, Reload::Unsettled);
    let Reload::Refused(why) = edited.look().await else { panic!("it was taken") };
    assert!(why.contains("a rule has no key `min_valu`: did you mean `min_value`?"), "{why}");
    assert_eq!(edited.names(), ["one"]);
    for _ in 0..3 {
        assert_eq!(edited.look().await, Reload::Unchanged);
    }
    // The same mistake saved again is no news.
    fs::write(edited.folder.join("a.toml"), "[[rule]]\nname = \"one\"\nmin_valu = 5\n# again\n").unwrap();
    assert_eq!((edited.look().await, edited.look().await), (Reload::Unsettled, Reload::Unchanged));

    assert_eq!(deliver_all(&edited.app, at(NOW)).await, (3, 0, 0));
    let message = edited.world.discord.next_message().await;
    let embed = &message.body["embeds"][0];
    assert_eq!(embed["title"], "The edited rules cannot be used");
    let description = embed["description"].as_str().unwrap();
    assert!(description.contains("did you mean ’min_value’?"), "{embed}");
    let folder = edited.world.dir.path().display().to_string();
    assert!(description.contains("a.toml:3") && !description.contains(&folder), "{embed}");
    let mail = edited.world.smtp.next_mail().await;
    assert!(
        String::from_utf8_lossy(&mail.raw).contains("Subject: sellbell: The edited rules cannot be used")
    );
    assert!(edited.world.take_output().contains("[sellbell] The edited rules cannot be used"));

    fs::write(edited.folder.join("a.toml"), rule("one", 5)).unwrap();
    assert_eq!(
        (edited.look().await, edited.look().await),
        (Reload::Unsettled, Reload::Taken("changed one".into()))
    );
    assert_eq!(deliver_all(&edited.app, at(NOW)).await, (3, 0, 0));
    assert_eq!(
        edited.world.discord.next_message().await.body["embeds"][0]["title"],
        "The rules are valid again"
    );
    edited.world.smtp.next_mail().await;
    assert!(edited.world.take_output().contains("The rules are valid again"));
    let Edited { world, app, .. } = edited;
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn who_loses_a_rule_is_told() {
    let operators = "[operators]\nnotify = [\"terminal\"]\n";
    let mut edited = Edited::new(&(rule("one", 1_000) + &rule("two", 5)), operators).await;
    assert!(edited.app.store.subscribe(77, "two", 1, at(NOW)).await.unwrap());
    assert!(edited.app.store.subscribe(555, "two", 1, at(NOW)).await.unwrap());
    fs::write(edited.folder.join("a.toml"), rule("one", 1_000)).unwrap();
    assert_eq!(
        (edited.look().await, edited.look().await),
        (Reload::Unsettled, Reload::Taken("removed two".into()))
    );
    assert_eq!(deliver_all(&edited.app, at(NOW)).await, (1, 0, 0));
    let told = edited.world.take_output();
    assert!(told.contains("A rule with subscribers is gone"), "{told}");
    assert!(told.contains("rule `two` is gone; discord:alerts, channel 77 subscribed to it"), "{told}");
    // It comes back, and they are subscribed again.
    fs::write(edited.folder.join("a.toml"), rule("one", 1_000) + &rule("two", 5)).unwrap();
    assert_eq!(
        (edited.look().await, edited.look().await),
        (Reload::Unsettled, Reload::Taken("added two".into()))
    );
    assert_eq!(edited.app.store.subscribers("two").await.unwrap().len(), 2);
    let Edited { world, app, .. } = edited;
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn a_destination_that_cannot_be_served_is_refused() {
    let more = "[[discord.channel]]\nname = \"later\"\nwebhook = true\n";
    let settings_first = Edited::new(&rule("one", 1_000), "").await;
    let Edited { world, app, folder, .. } = settings_first;
    world.close(app);
    let settings = world.settings().replace("[email]", &format!("{more}[email]"));
    let app = world.app_using(
        &settings,
        &rule("one", 1_000),
        None,
        &|_| false,
        std::sync::Arc::new(std::sync::Mutex::new(Vec::new())),
    );
    let mut watch = Watch::new(folder.clone(), FolderState::of(&folder));
    fs::write(folder.join("a.toml"), rule("one", 5).replace("jsonl", "discord:later")).unwrap();
    runtime::reload_once(&app, &mut watch, at(NOW)).await.unwrap();
    let Reload::Refused(why) = runtime::reload_once(&app, &mut watch, at(NOW)).await.unwrap() else {
        panic!("it was taken")
    };
    assert!(why.contains("rule `one` names discord:later, whose secret was not set"), "{why}");
    world.close(app);
    world.finish().await;
}

/// What somebody who edits may leave behind: valid, cut short, wrong, empty, gone.
fn scribble(folder: &std::path::Path, number: u32, valid: &mut BTreeSet<String>) {
    let file = folder.join("edited.toml");
    let value = u64::from(number % 9) * 100 + 100;
    let whole = rule("edited", value);
    match number % 7 {
        0 => fs::write(&file, &whole[..whole.len() / 2]).unwrap(),
        1 => fs::write(&file, "").unwrap(),
        2 => drop(fs::remove_file(&file)),
        3 => fs::write(&file, whole.replace("min_value", "min_vale")).unwrap(),
        4 => fs::write(&file, [0xff, 0xfe, b'\n']).unwrap(),
        _ => {
            fs::write(&file, whole).unwrap();
            valid.insert(format!("{value}"));
        }
    }
}

#[tokio::test]
async fn random_writes_while_filings_arrive_lose_no_alert_and_leave_a_valid_set_in_force() {
    let mut edited = Edited::new(&rule("steady", 1_000), "").await;
    let mut runner = TestRunner::deterministic();
    let mut valid = BTreeSet::new();
    let (mut taken, mut refused, mut told) = (0, 0, 0);
    let mut now: DateTime<Utc> = at(NOW);
    for round in 0..400_u32 {
        let number = any::<u32>().new_tree(&mut runner).unwrap().current();
        scribble(&edited.folder, number, &mut valid);
        for _ in 0..(number / 7 % 3) {
            match edited.look().await {
                Reload::Taken(_) => taken += 1,
                Reload::Refused(_) => refused += 1,
                Reload::Unchanged | Reload::Unsettled => {}
            }
        }
        let rules = edited.app.rules.current();
        assert!(rules.get("steady").is_some() && rules.len() <= 2);
        if let Some(rule) = rules.get("edited") {
            let value = rule.conditions.min_value.unwrap().plain();
            assert!(valid.contains(&value), "{value} was never valid");
        }
        if round % 20 == 0 {
            now += TimeDelta::minutes(2);
            let accession: &'static str = format!("0000000007-25-{:06}", round + 1).leak();
            let accepted: &'static str = (now - TimeDelta::minutes(1)).to_rfc3339().leak();
            edited.world.edgar.publish(&small_sale(accession, u64::from(round) + 100, accepted));
            edited.app.intake.poll_once(now).await.unwrap();
            deliver_all(&edited.app, now).await;
            let lines = edited.world.take_output();
            told += lines
                .lines()
                .filter(|line| line.contains("\"rule\":\"steady\"") && line.contains(accession))
                .count();
            assert_eq!(edited.world.edgar.take_fetched().len(), 1);
        }
    }
    assert_eq!(told, 20);
    assert!(taken > 10 && refused > 10, "{taken} taken, {refused} refused");
    let Edited { world, app, .. } = edited;
    world.close(app);
    world.finish().await;
}

/// Waits until an edit is reported.
fn reported(reports: &Receiver<()>) {
    reports.recv_timeout(Duration::from_secs(30)).expect("the edit is reported");
}

#[test]
fn the_system_reports_edits_of_a_folder_and_of_one_that_takes_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("rules");
    fs::create_dir(&folder).unwrap();
    let (report, reports) = mpsc::channel();
    let mut edits = Watcher::of(&folder, move || {
        let _ = report.send(());
    })
    .unwrap();
    fs::write(folder.join("a.toml"), rule("one", 1)).unwrap();
    reported(&reports);
    fs::rename(&folder, dir.path().join("before")).unwrap();
    assert!(edits.renew().is_err(), "there is no such folder");
    fs::create_dir(&folder).unwrap();
    edits.renew().unwrap();
    while reports.try_recv().is_ok() {}
    fs::write(dir.path().join("before/a.toml"), rule("one", 2)).unwrap();
    fs::write(folder.join("b.toml"), rule("two", 2)).unwrap();
    reported(&reports);
}

#[test]
fn the_system_reports_a_file_that_an_editor_puts_in_the_place_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.toml");
    fs::write(&file, rule("one", 1)).unwrap();
    let (report, reports) = mpsc::channel();
    let _edits = Watcher::of(&file, move || {
        let _ = report.send(());
    })
    .unwrap();
    fs::write(dir.path().join("new"), rule("one", 2)).unwrap();
    fs::rename(dir.path().join("new"), &file).unwrap();
    reported(&reports);
}
