//! Ranges of keys.

use super::*;

#[tokio::test]
async fn keys_are_in_the_order_of_their_bytes() {
    let (_dir, engine) = new();
    let texts = ["", " ", "10", "2", "A", "a", "a/", "a0", "ab", "é", "\u{FFFD}", "\u{10FFFF}"];
    let pairs: Vec<_> = texts.iter().rev().map(|key| (*key, "v")).collect();
    put(&engine, A, &pairs).await;
    assert_eq!(in_range(&engine, &Range::first(99)).await, texts);
}

#[tokio::test]
async fn a_prefix_has_its_keys_alone() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("a.", ""), ("a/", ""), ("a/1", ""), ("a/\u{10FFFF}", ""), ("a0", "")])
        .await;
    assert_eq!(in_range(&engine, &Range::prefix("a/", 9)).await, ["a/", "a/1", "a/\u{10FFFF}"]);
    assert_eq!(in_range(&engine, &Range::prefix("b", 9)).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_empty_prefix_and_the_last_one_have_no_end() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("\u{10FFFF}", ""), ("\u{10FFFF}\u{10FFFF}", "")]).await;
    assert_eq!(in_range(&engine, &Range::prefix("", 9)).await.len(), 3);
    assert_eq!(in_range(&engine, &Range::prefix("\u{10FFFF}", 9)).await.len(), 2);
}

#[tokio::test]
async fn a_range_has_no_more_than_its_bound() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("b", ""), ("c", "")]).await;
    for most in 0..5 {
        assert_eq!(in_range(&engine, &Range::first(most)).await, ["a", "b", "c"][..most.min(3)]);
    }
}

#[tokio::test]
async fn a_range_goes_on_behind_a_key_that_may_be_gone() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("b", ""), ("c", ""), ("d", "")]).await;
    let range = Range::prefix("", 2);
    assert_eq!(in_range(&engine, &range.after("b")).await, ["c", "d"]);
    delete(&engine, A, "b").await;
    assert_eq!(in_range(&engine, &range.after("b")).await, ["c", "d"]);
    assert_eq!(in_range(&engine, &range.after("d")).await, Vec::<String>::new());
}

#[tokio::test]
async fn behind_the_end_of_a_prefix_is_nothing() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a/1", ""), ("b", "")]).await;
    assert_eq!(in_range(&engine, &Range::prefix("a/", 9).after("a/1")).await, Vec::<String>::new());
    assert_eq!(in_range(&engine, &Range::prefix("a/", 9).after("z")).await, Vec::<String>::new());
}

#[tokio::test]
async fn pages_have_each_key_once() {
    let (_dir, engine) = new();
    let texts: Vec<String> = (0..2_345).map(|number| format!("{number:05}")).collect();
    let pairs: Vec<_> = texts.iter().map(|key| (key.as_str(), "v")).collect();
    put(&engine, A, &pairs).await;
    let (mut all, mut range) = (Vec::new(), Range::first(100));
    loop {
        let page = in_range(&engine, &range).await;
        let Some(last) = page.last() else { break };
        range = range.after(last);
        all.extend(page);
    }
    assert_eq!(all, texts);
}
