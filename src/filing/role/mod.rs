//! What an owner is to the issuer, read off boxes and title.

mod kind;
mod read;
mod title;

pub use kind::Role;
pub(super) use read::{follow, roles, without_issuer};
