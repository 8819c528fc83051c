//! Who may use a command, and where.

use super::command::{Audience, Command};
use crate::bot::caller::Caller;
use crate::runtime::App;

/// The reason to refuse a command, if there is one.
pub(super) fn refusal(command: Command, app: &App, caller: &Caller) -> Option<&'static str> {
    let discord = &app.settings.discord;
    match (command.audience(), caller.server) {
        (_, Some(server)) if !discord.allows(server) => {
            Some("This bot does not serve this server. Its operators choose the servers it serves.")
        }
        (Audience::Everyone, _) => None,
        (Audience::Managers, None) => Some("Use this command in a server's channel."),
        (Audience::Owners, None)
            if discord.limits.per_person == 0
                && matches!(command, Command::Watch | Command::Mute | Command::Test) =>
        {
            Some("This bot sends no alerts by direct message. Use it in a server's channel.")
        }
        (Audience::Owners, None) => None,
        (Audience::Managers | Audience::Owners, Some(_)) => caller.not_allowed(),
    }
}
