//! Transactions that run one after another.

use futures_util::future::poll_immediate;

use super::*;

#[tokio::test]
async fn a_transaction_reads_what_it_put_and_deleted() {
    let (_dir, engine) = new();
    put(&engine, A, &[("old", "1")]).await;
    let seen: Result<_, EngineError> = engine
        .transact(|transaction| async move {
            transaction.put(A, "new", b"2".to_vec());
            transaction.delete(A, "old");
            Ok((transaction.get(A, "new").await?, transaction.get(A, "old").await?))
        })
        .await;
    assert_eq!(seen.unwrap(), (Some(b"2".to_vec()), None));
}

#[tokio::test]
async fn the_last_of_several_puts_and_deletes_of_a_key_holds() {
    let (_dir, engine) = new();
    let done: Result<(), EngineError> = engine
        .transact(|transaction| async move {
            transaction.put(A, "a", b"1".to_vec());
            transaction.put(A, "a", b"2".to_vec());
            transaction.put(A, "b", b"1".to_vec());
            transaction.delete(A, "b");
            transaction.delete(A, "c");
            transaction.put(A, "c", b"3".to_vec());
            Ok(())
        })
        .await;
    done.unwrap();
    assert_eq!(get(&engine, A, "a").await.as_deref(), Some("2"));
    assert_eq!((get(&engine, A, "b").await, get(&engine, A, "c").await.as_deref()), (None, Some("3")));
}

#[tokio::test]
async fn nobody_sees_a_transaction_before_its_end() {
    let (_dir, engine) = new();
    let other = &engine;
    let seen: Result<_, EngineError> = engine
        .transact(|transaction| async move {
            transaction.put(A, "a", b"1".to_vec());
            Ok((other.get(A, "a").await?, other.range(A, &Range::first(9)).await?))
        })
        .await;
    assert_eq!(seen.unwrap(), (None, Vec::new()));
    assert_eq!(get(&engine, A, "a").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_transaction_that_fails_writes_nothing_and_gives_its_error() {
    let (_dir, engine) = new();
    put(&engine, A, &[("old", "1")]).await;
    let failed: Result<(), EngineError> = engine
        .transact(|transaction| async move {
            transaction.put(A, "new", b"2".to_vec());
            transaction.delete(A, "old");
            Err(EngineError::Other("own".into()))
        })
        .await;
    assert_eq!(failed.unwrap_err().to_string(), "own");
    assert_eq!((get(&engine, A, "old").await.as_deref(), get(&engine, A, "new").await), (Some("1"), None));
}

#[tokio::test]
async fn a_transaction_that_is_dropped_half_way_writes_nothing_and_holds_up_none() {
    let (_dir, engine) = new();
    let dropped = engine.transact(|transaction| async move {
        transaction.put(A, "a", b"1".to_vec());
        std::future::pending::<Result<(), EngineError>>().await
    });
    assert!(poll_immediate(dropped).await.is_none());
    put(&engine, A, &[("b", "2")]).await;
    assert_eq!((get(&engine, A, "a").await, get(&engine, A, "b").await.as_deref()), (None, Some("2")));
}

#[tokio::test]
async fn a_transaction_that_panics_writes_nothing_and_holds_up_none() {
    let (_dir, engine) = new();
    let own = engine.clone();
    let panicked = tokio::spawn(async move {
        own.transact(|transaction| async move {
            transaction.put(A, "a", b"1".to_vec());
            if true {
                panic!("of a test");
            }
            Ok::<(), EngineError>(())
        })
        .await
    });
    assert!(panicked.await.is_err_and(|error| error.is_panic()));
    put(&engine, A, &[("b", "2")]).await;
    assert_eq!((get(&engine, A, "a").await, get(&engine, A, "b").await.as_deref()), (None, Some("2")));
}

#[tokio::test]
async fn a_transaction_writes_to_several_keyspaces() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", "1")]).await;
    let done: Result<(), EngineError> = engine
        .transact(|transaction| async move {
            transaction.delete(A, "a");
            transaction.put(A, "moved", b"to b".to_vec());
            transaction.put(B, "a", b"1".to_vec());
            Ok(())
        })
        .await;
    done.unwrap();
    assert_eq!(in_range(&engine, &Range::first(9)).await, ["moved"]);
    assert_eq!(get(&engine, B, "a").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_range_in_a_transaction_has_what_it_put() {
    let (_dir, engine) = new();
    put(&engine, A, &[("b", ""), ("d", "")]).await;
    let all = in_own_range(&engine, &["a", "c", "d", "e"], &[], &Range::first(9)).await;
    assert_eq!(all, ["a", "b", "c", "d", "e"]);
    assert_eq!(in_range(&engine, &Range::first(9)).await, all);
}

#[tokio::test]
async fn a_bounded_range_in_a_transaction_has_its_first_keys() {
    let (_dir, engine) = new();
    put(&engine, A, &[("b", ""), ("d", ""), ("f", ""), ("h", "")]).await;
    for most in 0..9 {
        let own = in_own_range(&engine, &["a", "e", "z"], &["d"], &Range::first(most)).await;
        assert_eq!(own, ["a", "b", "e", "f", "h", "z"][..most.min(6)], "{most}");
        put(&engine, A, &[("d", "")]).await;
        for key in ["a", "e", "z"] {
            delete(&engine, A, key).await;
        }
    }
}

#[tokio::test]
async fn a_range_in_a_transaction_that_deleted_many_is_as_full_as_it_can_be() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("b", ""), ("c", ""), ("d", ""), ("e", "")]).await;
    assert_eq!(in_own_range(&engine, &[], &["a", "b", "c"], &Range::first(2)).await, ["d", "e"]);
}

#[tokio::test]
async fn a_range_in_a_transaction_keeps_to_its_prefix_and_its_begin() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a/2", ""), ("b", "")]).await;
    let range = Range::prefix("a/", 9);
    assert_eq!(in_own_range(&engine, &["a", "a/1", "a0"], &[], &range).await, ["a/1", "a/2"]);
    assert_eq!(in_own_range(&engine, &["a/3"], &[], &range.after("a/1")).await, ["a/2", "a/3"]);
}

#[tokio::test]
async fn a_range_in_a_transaction_is_of_one_keyspace() {
    let (_dir, engine) = new();
    let found: Result<_, EngineError> = engine
        .transact(|transaction| async move {
            transaction.put(A, "a", Vec::new());
            transaction.put(B, "b", Vec::new());
            Ok((transaction.range(A, &Range::first(9)).await?, transaction.range(B, &Range::first(9)).await?))
        })
        .await;
    let (a, b) = found.unwrap();
    assert_eq!((keys(a), keys(b)), (vec!["a".into()], vec!["b".into()]));
}

#[tokio::test]
async fn a_thousand_keys_are_written_together() {
    let (_dir, engine) = new();
    let texts: Vec<String> = (0..1_000).map(|number| format!("{number:03}")).collect();
    let pairs: Vec<_> = texts.iter().map(|key| (key.as_str(), "v")).collect();
    put(&engine, A, &pairs).await;
    assert_eq!(in_range(&engine, &Range::first(usize::MAX)).await, texts);
}

#[tokio::test]
async fn a_range_that_a_transaction_reads_backwards_has_what_it_put() {
    let (_dir, engine) = new();
    for (most, expected) in [(0, &[][..]), (1, &["e"]), (2, &["e", "c"]), (9, &["e", "c", "b", "a"])] {
        put(&engine, A, &[("b", ""), ("d", "")]).await;
        let own = in_own_range(&engine, &["a", "c", "e"], &["d"], &Range::first(most).backwards()).await;
        assert_eq!(own, expected, "{most}");
        for key in ["a", "c", "e"] {
            delete(&engine, A, key).await;
        }
    }
}

#[tokio::test]
async fn a_range_that_a_transaction_reads_backwards_is_as_full_as_it_can_be() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("b", ""), ("c", ""), ("d", ""), ("e", "")]).await;
    assert_eq!(in_own_range(&engine, &[], &["e", "d", "c"], &Range::first(2).backwards()).await, ["b", "a"]);
}
