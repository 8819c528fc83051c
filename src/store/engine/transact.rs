//! Runs transactions.

use std::future::Future;

use super::error::EngineError;
use super::opened::Engine;
use super::transaction::Transaction;

impl Engine {
    /// Runs a transaction: what `body` reads stays so until what it puts is written, and that is written as a whole, or where `body`
    /// fails not at all. `body` may run several times, and begins no
    /// transaction of its own.
    pub(in crate::store) async fn transact<T, E, F>(&self, body: impl Fn(Transaction) -> F) -> Result<T, E>
    where
        E: From<EngineError>,
        F: Future<Output = Result<T, E>>,
    {
        match self {
            Self::Sled(sled) => {
                let _alone = sled.alone().await;
                let transaction = Transaction::on(self.clone());
                let done = body(transaction.clone()).await?;
                sled.write_all(&transaction.into_writes())?;
                Ok(done)
            }
        }
    }
}
