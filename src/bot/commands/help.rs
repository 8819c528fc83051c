//! `/help`: lists the commands.

use super::asked::Asked;
use super::command::Command;
use super::refusal::refusal;
use crate::bot::reply::{Reply, private};
use crate::runtime::App;

pub(super) fn answer(app: &App, asked: &Asked) -> Reply {
    let caller = &asked.caller;
    let line = |command: Command| {
        let text = command.description();
        format!("- `/{}` {}", command.name(), if caller.in_german { text.de } else { text.en })
    };
    let usable = |command: &Command| refusal(*command, app, caller).is_none();
    let lines: Vec<String> = Command::ALL.into_iter().filter(usable).map(line).collect();
    let head = if caller.in_german {
        "Ich melde Insidergeschäfte aus Form 4 der SEC."
    } else {
        "I report insider trades from the SEC's Form 4."
    };
    private(format!("{head}\n{}", lines.join("\n")))
}
