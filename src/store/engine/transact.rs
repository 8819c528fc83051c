//! Runs transactions.

use std::future::Future;

use super::error::EngineError;
use super::opened::Engine;
use super::transaction::Transaction;

impl Engine {
    /// Runs a transaction. What `body` reads does not change until its writes are applied; they are applied
    /// atomically, or not at all if `body` fails. `body` may run several times and must not begin another
    /// transaction.
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
