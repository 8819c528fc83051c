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

#[tokio::test]
async fn a_range_between_two_keys_has_the_first_and_not_the_second() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("b", ""), ("bb", ""), ("c", ""), ("d", "")]).await;
    assert_eq!(in_range(&engine, &Range::between("b", "c", 9)).await, ["b", "bb"]);
    assert_eq!(in_range(&engine, &Range::between("", "b", 9)).await, ["a"]);
    assert_eq!(in_range(&engine, &Range::between("d", "~", 9)).await, ["d"]);
    for (from, until) in [("c", "b"), ("b", "b")] {
        assert_eq!(in_range(&engine, &Range::between(from, until, 9)).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_range_that_is_read_backwards_has_its_last_keys_first() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a/1", ""), ("a/2", ""), ("a/3", ""), ("b", "")]).await;
    let all = ["a/3", "a/2", "a/1"];
    for most in 0..5 {
        let found = in_range(&engine, &Range::prefix("a/", most).backwards()).await;
        assert_eq!(found, all[..most.min(3)], "{most}");
    }
    assert_eq!(in_range(&engine, &Range::between("a/2", "b", 9).backwards()).await, ["a/3", "a/2"]);
    assert_eq!(in_range(&engine, &Range::between("b", "a", 9).backwards()).await, Vec::<String>::new());
}

#[tokio::test]
async fn behind_a_prefix_come_the_keys_that_do_not_begin_with_it() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("a\t1", ""), ("a\t\u{10FFFF}", ""), ("a\n", ""), ("b", "")]).await;
    assert_eq!(in_range(&engine, &Range::behind_prefix("a\t", 9)).await, ["a\n", "b"]);
    assert_eq!(in_range(&engine, &Range::behind_prefix("\u{10FFFF}", 9)).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_lower_bound_of_a_range_holds_and_a_higher_one_does_not() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("b", ""), ("c", "")]).await;
    assert_eq!(in_range(&engine, &Range::first(2).at_most(1)).await, ["a"]);
    assert_eq!(in_range(&engine, &Range::first(2).at_most(9)).await, ["a", "b"]);
}

#[tokio::test]
async fn keys_of_a_range_are_counted_up_to_its_bound() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", ""), ("b/1", ""), ("b/2", ""), ("c", "")]).await;
    put(&engine, B, &[("b/3", "")]).await;
    for (range, count) in [
        (Range::first(usize::MAX), 4),
        (Range::first(3), 3),
        (Range::first(0), 0),
        (Range::prefix("b/", 9), 2),
        (Range::prefix("b/", 9).after("b/1"), 1),
        (Range::between("b", "c", 9).backwards(), 2),
        (Range::between("c", "b", 9), 0),
    ] {
        assert_eq!(engine.count(A, &range).await.unwrap(), count, "{range:?}");
    }
    delete(&engine, A, "b/1").await;
    assert_eq!(engine.count(A, &Range::first(9)).await.unwrap(), 3);
}
