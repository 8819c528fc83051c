//! Single values.

use super::*;

#[tokio::test]
async fn a_key_that_was_never_put_has_no_value() {
    let (_dir, engine) = new();
    assert_eq!(get(&engine, A, "a").await, None);
    assert_eq!(in_range(&engine, &Range::first(9)).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_value_is_read_as_it_was_put() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", "\u{1}{\"x\": 1}")]).await;
    assert_eq!(get(&engine, A, "a").await.unwrap(), "\u{1}{\"x\": 1}");
}

#[tokio::test]
async fn a_second_value_takes_the_place_of_the_first() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", "a longer one")]).await;
    put(&engine, A, &[("a", "2")]).await;
    assert_eq!(get(&engine, A, "a").await.unwrap(), "2");
    assert_eq!(in_range(&engine, &Range::first(9)).await, ["a"]);
}

#[tokio::test]
async fn a_key_that_is_deleted_has_no_value() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", "1"), ("b", "2")]).await;
    delete(&engine, A, "a").await;
    assert_eq!(
        (get(&engine, A, "a").await, in_range(&engine, &Range::first(9)).await),
        (None, vec!["b".into()])
    );
}

#[tokio::test]
async fn a_key_that_is_not_there_can_be_deleted() {
    let (_dir, engine) = new();
    delete(&engine, A, "a").await;
    assert_eq!(get(&engine, A, "a").await, None);
}

#[tokio::test]
async fn a_deleted_key_can_be_put_again() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", "1")]).await;
    delete(&engine, A, "a").await;
    put(&engine, A, &[("a", "2")]).await;
    assert_eq!(get(&engine, A, "a").await.unwrap(), "2");
}

#[tokio::test]
async fn keyspaces_do_not_mix() {
    let (_dir, engine) = new();
    put(&engine, A, &[("k", "a")]).await;
    put(&engine, B, &[("k", "b"), ("l", "b")]).await;
    delete(&engine, B, "k").await;
    assert_eq!((get(&engine, A, "k").await.as_deref(), get(&engine, B, "k").await), (Some("a"), None));
    assert_eq!(in_range(&engine, &Range::first(9)).await, ["k"]);
}

#[tokio::test]
async fn an_empty_value_is_a_value() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", "")]).await;
    assert_eq!(get(&engine, A, "a").await.as_deref(), Some(""));
}

#[tokio::test]
async fn bytes_that_are_no_json_are_read_as_they_are() {
    let (_dir, engine) = new();
    let bytes: Vec<u8> = (0..=255).collect();
    let own = &bytes;
    let done: Result<(), EngineError> = engine
        .transact(|transaction| async move {
            transaction.put(A, "a", own.clone());
            Ok(())
        })
        .await;
    done.unwrap();
    assert_eq!(engine.get(A, "a").await.unwrap().unwrap(), bytes);
    assert_eq!(engine.range(A, &Range::first(9)).await.unwrap()[0].1, bytes);
}

#[tokio::test]
async fn a_value_of_eight_megabytes_outlives_the_engine() {
    let (dir, engine) = new();
    let big = "x".repeat(8 << 20);
    put(&engine, A, &[("a", "1"), ("b", &big), ("c", "3")]).await;
    engine.flush().await.unwrap();
    drop(engine);
    let engine = open(dir.path());
    assert!(get(&engine, A, "b").await.is_some_and(|value| value == big));
    assert_eq!(in_range(&engine, &Range::first(9)).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_long_key_is_a_key() {
    let (_dir, engine) = new();
    let long = "k".repeat(2_000);
    put(&engine, A, &[(&long, "1")]).await;
    assert_eq!(get(&engine, A, &long).await.as_deref(), Some("1"));
    assert_eq!(get(&engine, A, &long[1..]).await, None);
}
