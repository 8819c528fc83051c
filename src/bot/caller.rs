//! Who uses a command or a button, and where.

use serenity::all::Permissions;

use super::interaction::Interaction;
use super::reply::{Stopped, private};
use crate::notify::{ChannelKind, FOR_THREADS, needed_permissions};

/// The context of a direct message with the bot.
const DIRECT: u8 = 1;

/// Who uses a command or a button, and where.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: u64,
    /// Where it was used.
    pub(super) channel: u64,
    /// The channel's server, if the bot is there; `None` where a person uses the bot for themselves: in a
    /// direct message, or anywhere with the bot installed for their own account.
    pub(super) server: Option<u64>,
    /// True in a direct message with the bot.
    pub(super) is_direct: bool,
    /// True if the user has the permission Manage Server.
    pub(super) may_manage: bool,
    /// The channel's kind, if Discord says it.
    pub(super) kind: Option<ChannelKind>,
    /// The channel of a thread, or the forum of a post.
    pub(super) parent: Option<u64>,
    /// The permissions that the bot lacks in the channel.
    pub(super) lacking: Permissions,
    /// The permissions that the bot lacks to open threads in the channel, and to send there.
    pub(super) lacking_for_threads: Permissions,
    /// True if the bot may ping every role in the channel, or Discord does not say.
    pub(super) may_ping_all: bool,
    /// The channel's name, if Discord says it.
    pub(super) channel_name: Option<String>,
    /// True if the user reads German.
    pub(super) in_german: bool,
}

impl Caller {
    /// Reads an interaction; `None` if it does not say who or where.
    pub(super) fn of(interaction: &Interaction) -> Option<Self> {
        let member = interaction.member.as_ref();
        let user = member.and_then(|member| member.user.as_ref()).or(interaction.user.as_ref())?;
        let owners = &interaction.authorizing_integration_owners;
        // Before there were persons' installations, Discord did not say whose it is.
        let of_server = owners.is_empty() || owners.contains_key("0");
        let kind = interaction.channel.as_ref().and_then(|channel| channel.kind).map(ChannelKind::of);
        let permissions = member.and_then(|member| member.permissions).unwrap_or_default();
        Some(Self {
            user: user.id.get(),
            channel: interaction.channel_id?.get(),
            server: interaction.guild_id.filter(|_| of_server).map(|server| server.get()),
            is_direct: match interaction.context {
                Some(context) => context == DIRECT,
                None => interaction.guild_id.is_none(),
            },
            // An administrator has every permission.
            may_manage: permissions.intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR),
            kind,
            parent: interaction.channel.as_ref().and_then(|channel| channel.parent_id).map(|id| id.get()),
            lacking: lacking(
                interaction.app_permissions,
                needed_permissions(kind.unwrap_or(ChannelKind::Messages)),
            ),
            lacking_for_threads: lacking(interaction.app_permissions, FOR_THREADS),
            may_ping_all: interaction
                .app_permissions
                .is_none_or(|own| own.intersects(Permissions::MENTION_EVERYONE | Permissions::ADMINISTRATOR)),
            channel_name: interaction.channel.as_ref().and_then(|channel| channel.name.clone()),
            in_german: interaction.locale.as_deref() == Some("de"),
        })
    }

    /// The reason why they may not change something here, if there is one.
    pub(super) fn not_allowed(&self) -> Option<&'static str> {
        let refused = self.server.is_some() && !self.may_manage;
        refused.then_some("You need the permission Manage Server for this.")
    }

    /// The reason why the channel takes no alerts, if its kind is one that takes none. A person's alerts come
    /// by direct message, wherever the bot is used.
    pub(super) fn wrong_kind(&self) -> Option<String> {
        let kind = self.kind.filter(|_| !self.is_personal())?.without_alerts()?;
        Some(format!(
            "This channel is {kind}, so I cannot send alerts here. Use this command in a text, voice or announcement \
             channel, or in a thread or a forum's post."
        ))
    }

    /// Checks that they may change something here.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn check_allowed(&self) -> Result<(), Stopped> {
        self.not_allowed().map_or(Ok(()), |refusal| Err(Stopped::Refused(private(refusal))))
    }

    /// True where a person uses the bot for themselves.
    pub(super) fn is_personal(&self) -> bool {
        self.server.is_none()
    }
}

/// The needed permissions that the bot lacks where it was used; none if Discord does not say.
fn lacking(own: Option<Permissions>, needed: Permissions) -> Permissions {
    match own {
        Some(own) if !own.contains(Permissions::ADMINISTRATOR) => needed - own,
        _ => Permissions::empty(),
    }
}
