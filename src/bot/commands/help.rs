//! `/help`: lists the commands.

use super::asked::Asked;
use super::command::{Audience, Command};
use super::reply::{Reply, private};

pub(super) fn answer(asked: &Asked) -> Reply {
    let line = |command: Command| {
        let text = command.description();
        format!("- `/{}` {}", command.name(), if asked.in_german { text.de } else { text.en })
    };
    let usable = |command: &Command| match command.audience() {
        Audience::Everyone => true,
        Audience::Managers => asked.may_manage && asked.server.is_some(),
    };
    let lines: Vec<String> = Command::ALL.into_iter().filter(usable).map(line).collect();
    let head = if asked.in_german {
        "Ich melde Insidergeschäfte aus Form 4 der SEC."
    } else {
        "I report insider trades from the SEC's Form 4."
    };
    private(format!("{head}\n{}", lines.join("\n")))
}
