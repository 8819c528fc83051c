//! Transactions at the same time.

use futures_util::future::join_all;
use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn of_transactions_on_the_same_key_none_is_lost() {
    let (_dir, engine) = new();
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        tasks.spawn(add_one(engine.clone(), A, "a"));
    }
    tasks.join_all().await;
    assert_eq!(get(&engine, A, "a").await.as_deref(), Some("200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_transactions_on_different_keys_none_is_lost() {
    let (_dir, engine) = new();
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let (space, key) = [(A, "a"), (A, "b"), (B, "a"), (B, "b")][number % 4];
        tasks.spawn(add_one(engine.clone(), space, key));
    }
    tasks.join_all().await;
    for (space, key) in [(A, "a"), (A, "b"), (B, "a"), (B, "b")] {
        assert_eq!(get(&engine, space, key).await.as_deref(), Some("50"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_between_two_keys_is_never_lost_or_doubled() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", "100")]).await;
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let engine = engine.clone();
        tasks.spawn(async move {
            let sum: Result<u64, EngineError> = engine
                .transact(|transaction| async move {
                    let (a, b) = (number_of(&transaction, A).await?, number_of(&transaction, B).await?);
                    yield_now().await;
                    if number % 2 == 0 && a > 0 {
                        transaction.put(A, "a", (a - 1).to_string().into_bytes());
                        transaction.put(B, "a", (b + 1).to_string().into_bytes());
                    }
                    Ok(a + b)
                })
                .await;
            sum.unwrap()
        });
    }
    assert!(tasks.join_all().await.iter().all(|sum| *sum == 100));
    assert_eq!(
        (get(&engine, A, "a").await.as_deref(), get(&engine, B, "a").await.as_deref()),
        (Some("50"), Some("50"))
    );
}

async fn number_of(transaction: &Transaction, space: Space) -> Result<u64, EngineError> {
    number(transaction, space, "a").await
}

#[tokio::test]
async fn of_several_that_put_what_is_not_there_one_does() {
    let (_dir, engine) = new();
    let own = &engine;
    let claim = async |claim: u64| {
        let done: Result<bool, EngineError> = own
            .transact(|transaction| async move {
                let is_free = transaction.get(A, "a").await?.is_none();
                // By the time this one continues, all the others have read, unless they have to wait.
                yield_now().await;
                if is_free {
                    transaction.put(A, "a", claim.to_string().into_bytes());
                }
                Ok(is_free)
            })
            .await;
        done.unwrap().then(|| claim.to_string())
    };
    let won: Vec<_> = join_all((0..20).map(claim)).await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    assert_eq!(get(&engine, A, "a").await.as_ref(), won.first());
}
