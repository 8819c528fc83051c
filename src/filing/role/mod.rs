//! An owner's relationship to the issuer, read from boxes and title.

mod kind;
mod read;
mod title;

pub use kind::Role;
pub(super) use read::{follow, roles, without_issuer};
