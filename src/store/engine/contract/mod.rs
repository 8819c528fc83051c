//! The contract that the store relies on and every engine must meet.

mod concurrent;
mod effects;
mod ranges;
mod transactions;
mod unreadable;
mod values;

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::task::yield_now;

use super::{Before, Engine, EngineError, Range, SledEngine, Space, Transaction};

const A: Space = Space("a");
const B: Space = Space("b");

fn open_with(dir: &Path, before: Before) -> Result<Engine, EngineError> {
    SledEngine::open(dir, &[A, B], before).map(|sled| Engine::Sled(Arc::new(sled)))
}

/// Waits, but not forever, for the threads of a dropped engine that may still hold its files.
fn open(dir: &Path) -> Engine {
    for _ in 0..1_000_000 {
        match open_with(dir, Box::new(|_| Ok(()))) {
            Err(EngineError::Busy) => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
    panic!("the engine in {} is still open", dir.display());
}

fn new() -> (TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    (dir, engine)
}

async fn put(engine: &Engine, space: Space, pairs: &[(&str, &str)]) {
    let done: Result<(), EngineError> = engine
        .transact(|transaction| async move {
            for (key, value) in pairs {
                transaction.put(space, *key, value.as_bytes().to_vec());
            }
            Ok(())
        })
        .await;
    done.unwrap();
}

async fn delete(engine: &Engine, space: Space, key: &str) {
    let done: Result<(), EngineError> = engine
        .transact(|transaction| async move {
            transaction.delete(space, key);
            Ok(())
        })
        .await;
    done.unwrap();
}

async fn get(engine: &Engine, space: Space, key: &str) -> Option<String> {
    engine.get(space, key).await.unwrap().map(|value| String::from_utf8(value).unwrap())
}

fn keys(found: Vec<(String, Vec<u8>)>) -> Vec<String> {
    found.into_iter().map(|(key, _)| key).collect()
}

async fn in_range(engine: &Engine, range: &Range) -> Vec<String> {
    keys(engine.range(A, range).await.unwrap())
}

/// The keys of a range within a transaction, after some puts and deletes.
async fn in_own_range(engine: &Engine, puts: &[&str], deletes: &[&str], range: &Range) -> Vec<String> {
    let found: Result<_, EngineError> = engine
        .transact(|transaction| async move {
            puts.iter().for_each(|key| transaction.put(A, *key, b"own".to_vec()));
            deletes.iter().for_each(|key| transaction.delete(A, *key));
            transaction.range(A, range).await
        })
        .await;
    keys(found.unwrap())
}

async fn number(transaction: &Transaction, space: Space, key: &str) -> Result<u64, EngineError> {
    let value = transaction.get(space, key).await?;
    Ok(value.map_or(0, |value| String::from_utf8(value).unwrap().parse().unwrap()))
}

/// Adds one to a key, yielding between the read and the write.
async fn add_one(engine: Engine, space: Space, key: &'static str) {
    let done: Result<(), EngineError> = engine
        .transact(|transaction| async move {
            let number = number(&transaction, space, key).await?;
            yield_now().await;
            transaction.put(space, key, (number + 1).to_string().into_bytes());
            Ok(())
        })
        .await;
    done.unwrap();
}
