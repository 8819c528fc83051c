//! Edits of rules while the bot runs: a valid edit takes effect at the next check, an invalid one changes
//! nothing.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::App;
use crate::config::Via;
use crate::destination::Destination;
use crate::notice::{About, GoneRule, Notice, RulesNews};
use crate::problem::Problems;
use crate::render::notice::gone_rule;
use crate::rules::{self, FolderState, Rule, RuleSet, Watcher};
use crate::store::StoreError;
use crate::text::clip;

/// The most lines of mistakes that are reported.
const MOST_LINES: usize = 20;
/// The most characters of these lines.
const MOST_TEXT: usize = 4_000;
/// The most channels or rules that are named; the rest are counted.
const MOST_NAMED: usize = 10;

/// The state of the folder at the last look.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    /// At the last check. An edit is accepted when two checks in a row see the same state: before that, it
    /// may be half written.
    last: FolderState,
    /// When rules were last accepted, or found to be wrong.
    settled: FolderState,
    /// The mistakes that were reported.
    reported: Option<String>,
    /// Reports from the system.
    edits: Option<Watcher>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reload {
    /// Nothing was edited, or the edit has already been reported.
    Unchanged,
    /// Somebody is writing.
    Unsettled,
    /// New rules are in force, with what changed.
    Taken(String),
    /// The last good rules stay in force, because of these mistakes.
    Refused(String),
}

impl Watch {
    /// Watches a folder or file whose rules were loaded when it looked like `state`.
    pub fn new(path: PathBuf, state: FolderState) -> Self {
        Self { path, last: state.clone(), settled: state, reported: None, edits: None }
    }

    /// Reports edits to `on_edit`, even if another folder has taken the watched one's name. Returns `false`
    /// if the system does not report edits.
    pub(super) fn listen(&mut self, on_edit: impl Fn() + Send + 'static) -> bool {
        let renewed = match &mut self.edits {
            Some(_) if self.last == self.settled => Ok(()),
            Some(edits) => edits.renew(),
            None => Watcher::of(&self.path, on_edit).map(|edits| self.edits = Some(edits)),
        };
        if let Err(error) = renewed {
            tracing::debug!("edits of the rules are not reported: {error}");
            self.edits = None;
        }
        self.edits.is_some()
    }
}

/// Checks whether the rule files were edited, and puts valid edits in force. The result is logged, and sent
/// to the operators if it needs them.
pub async fn reload_once(app: &App, watch: &mut Watch, now: DateTime<Utc>) -> Result<Reload, StoreError> {
    let state = FolderState::of(&watch.path);
    let settled = watch.last == state;
    watch.last = state.clone();
    if watch.settled == state {
        return Ok(Reload::Unchanged);
    }
    if !settled {
        return Ok(Reload::Unsettled);
    }
    let read = read_rules(app, &watch.path);
    if FolderState::of(&watch.path) != state {
        return Ok(Reload::Unsettled);
    }
    watch.settled = state;
    match read {
        Ok(rules) => take_rules(app, rules, watch.reported.take().is_some(), now).await,
        Err(mistakes) if watch.reported.as_ref() == Some(&mistakes) => Ok(Reload::Unchanged),
        Err(mistakes) => {
            tracing::error!(
                "the edited rules cannot be used, so the previous ones stay in force: {mistakes}"
            );
            let lines: Vec<&str> = mistakes.lines().take(MOST_LINES).collect();
            // Secrets are hidden before the text is cut, because a part of a secret would not be recognised.
            let mistakes_shown = app.notifier.redactor().hide(&lines.join("\n"));
            let news = RulesNews::Refused { mistakes: clip(&mistakes_shown, MOST_TEXT).into_owned() };
            app.operators.notify(&Notice::new(now, About::Rules(news)), now).await?;
            watch.reported = Some(mistakes.clone());
            Ok(Reload::Refused(mistakes))
        }
    }
}

/// The rules of the files, if all of their destinations can be served.
fn read_rules(app: &App, path: &std::path::Path) -> Result<Vec<Rule>, String> {
    let known = |destination: &Destination| app.settings.knows(destination);
    let rules =
        rules::load_path(path, &known, &app.settings.destinations()).map_err(|error| error.to_string())?;
    for rule in &rules {
        if let Some(unserved) = rule.notify.iter().find(|destination| !app.notifier.serves(destination)) {
            return Err(format!(
                "{}: rule `{}` names {unserved}, whose secret was not set when sellbell started: set it, and restart",
                rule.file, rule.name
            ));
        }
    }
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    match app.settings.unknown_rules(&names) {
        unknown if unknown.is_empty() => Ok(rules),
        unknown => Err(Problems(unknown).to_string()),
    }
}

async fn take_rules(
    app: &App,
    rules: Vec<Rule>,
    were_refused: bool,
    now: DateTime<Utc>,
) -> Result<Reload, StoreError> {
    for warning in rules::lint(&rules) {
        tracing::warn!("{warning}");
    }
    let (before, after) = (app.rules.of_files(), RuleSet::new(rules));
    let changes = changes(&before, &after);
    let mut gone = Vec::new();
    for rule in before.iter().filter(|rule| after.get(&rule.name).is_none()) {
        let subscribers = app.store.subscribers(&rule.name).await?;
        if !subscribers.is_empty() {
            let mut channels = Vec::new();
            for id in subscribers.iter().take(MOST_NAMED) {
                channels.push(channel_name(app, *id).await?);
            }
            let more = subscribers.len().saturating_sub(MOST_NAMED);
            let one = GoneRule { rule: rule.name.clone(), channels, more };
            tracing::warn!("{}", gone_rule(&one));
            gone.push(one);
        }
    }
    app.rules.replace(after);
    tracing::info!("the edited rules are in force: {changes}");
    if !gone.is_empty() || were_refused {
        let news = RulesNews::Taken { were_refused, gone, changes: changes.clone() };
        app.operators.notify(&Notice::new(now, About::Rules(news)), now).await?;
    }
    Ok(Reload::Taken(changes))
}

async fn channel_name(app: &App, id: u64) -> Result<String, StoreError> {
    let named = app.settings.discord.channels.iter().find(|channel| channel.via == Via::Bot(id));
    if let Some(channel) = named {
        return Ok(format!("discord:{}", channel.name));
    }
    let name = app.store.place_name(id).await?;
    Ok(name.map_or_else(|| format!("channel {id}"), |name| name.to_string()))
}

/// The changes: `added a, b; changed c; removed d`.
fn changes(before: &RuleSet, after: &RuleSet) -> String {
    let added = after.iter().filter(|rule| before.get(&rule.name).is_none());
    let changed =
        after.iter().filter(|rule| before.get(&rule.name).is_some_and(|old| !old.says_the_same(rule)));
    let removed = before.iter().filter(|rule| after.get(&rule.name).is_none());
    let named = |what: &str, rules: Vec<&Rule>| {
        let names: Vec<&str> = rules.iter().take(10).map(|rule| rule.name.as_str()).collect();
        let more = rules.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!names.is_empty()).then(|| format!("{what} {}{more}", names.join(", ")))
    };
    let all = [
        named("added", added.collect()),
        named("changed", changed.collect()),
        named("removed", removed.collect()),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    if all.is_empty() { "their meaning is unchanged".to_owned() } else { all.join("; ") }
}
