//! Whoever runs the bot: how they are notified, of which troubles, and how the gateway is.

mod channel;
mod gateway;
mod troubles;

pub use channel::Operators;
pub use gateway::{GatewayFailure, GatewayHealth, GatewayStatus};
pub use troubles::{Troubles, files_of, is_over};
