//! The operators: how they are notified, lasting troubles, and the state of the gateway.

mod channel;
mod connections;
mod folders;
mod gateway;
mod troubles;

pub use channel::Operators;
pub use gateway::{ConnectionCount, GatewayFailure, GatewayHealth, GatewayStatus};
pub use troubles::{Troubles, files_of, is_over};
