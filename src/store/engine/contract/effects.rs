//! Effects and crashes, and what is on disk after each.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::store::engine::Effect;

#[tokio::test]
async fn what_was_flushed_is_there_after_a_start() {
    let (dir, engine) = new();
    put(&engine, A, &[("a", "1")]).await;
    put(&engine, B, &[("b", "2")]).await;
    delete(&engine, B, "b").await;
    engine.flush().await.unwrap();
    drop(engine);
    let engine = open(dir.path());
    assert_eq!((get(&engine, A, "a").await.as_deref(), get(&engine, B, "b").await), (Some("1"), None));
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let (dir, _engine) = new();
    let error = open_with(dir.path(), Box::new(|_| Ok(()))).unwrap_err();
    assert!(matches!(error, EngineError::Busy), "{error}");
}

#[tokio::test]
async fn it_says_what_it_takes_of_the_disk() {
    let (_dir, engine) = new();
    put(&engine, A, &[("a", &"x".repeat(1 << 20))]).await;
    engine.flush().await.unwrap();
    assert!(engine.size_on_disk().unwrap() >= 1 << 20);
}

/// Counts effects and makes them fail after a given number.
#[derive(Default)]
pub(super) struct Disk {
    writes: AtomicUsize,
    flushes: AtomicUsize,
    /// Effects until the disk is full; 0 if it never fills up.
    full_after: AtomicUsize,
}

impl Disk {
    pub(super) fn before(self: &Arc<Self>) -> Before {
        let disk = Arc::clone(self);
        Box::new(move |effect| {
            let counter = if effect == Effect::Write { &disk.writes } else { &disk.flushes };
            counter.fetch_add(1, Ordering::SeqCst);
            let (writes, flushes) = disk.counted();
            match disk.full_after.load(Ordering::SeqCst) {
                0 => Ok(()),
                most if writes + flushes <= most => Ok(()),
                _ => Err(io::ErrorKind::StorageFull.into()),
            }
        })
    }

    /// Makes effects fail after this many; 0 for never.
    pub(super) fn fill_after(&self, effects: usize) {
        self.full_after.store(effects, Ordering::SeqCst);
    }

    fn counted(&self) -> (usize, usize) {
        (self.writes.load(Ordering::SeqCst), self.flushes.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_transaction_is_one_effect_and_one_that_puts_nothing_is_none() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let engine = open_with(dir.path(), disk.before()).unwrap();
    let read: Result<_, EngineError> =
        engine.transact(|transaction| async move { transaction.get(A, "a").await }).await;
    assert_eq!((read.unwrap(), disk.counted()), (None, (0, 0)));
    put(&engine, A, &[("a", "1")]).await;
    put(&engine, A, &[("a", "1"), ("b", "2"), ("c", "3")]).await;
    assert_eq!(disk.counted(), (2, 0));
}

#[tokio::test]
async fn a_flush_of_what_is_on_the_disk_is_no_effect() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let engine = open_with(dir.path(), disk.before()).unwrap();
    put(&engine, A, &[("a", "1")]).await;
    for _ in 0..3 {
        engine.flush().await.unwrap();
    }
    assert_eq!(disk.counted(), (1, 1));
}

#[tokio::test]
async fn a_write_that_fails_is_an_error_of_the_disk_and_leaves_all_as_it_was() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let engine = open_with(dir.path(), disk.before()).unwrap();
    put(&engine, A, &[("a", "1")]).await;
    disk.fill_after(1);
    for spaces in [&[A][..], &[A, B]] {
        let failed: Result<(), EngineError> = engine
            .transact(|transaction| async move {
                spaces.iter().for_each(|space| transaction.put(*space, "a", b"2".to_vec()));
                Ok(())
            })
            .await;
        assert!(matches!(failed, Err(EngineError::Disk(_))), "{failed:?}");
        assert_eq!((get(&engine, A, "a").await.as_deref(), get(&engine, B, "a").await), (Some("1"), None));
    }
    disk.fill_after(0);
    put(&engine, A, &[("a", "3")]).await;
    assert_eq!(get(&engine, A, "a").await.as_deref(), Some("3"));
}

#[tokio::test]
async fn a_flush_that_fails_is_made_again() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let engine = open_with(dir.path(), disk.before()).unwrap();
    put(&engine, A, &[("a", "1")]).await;
    disk.fill_after(1);
    assert!(matches!(engine.flush().await, Err(EngineError::Disk(_))));
    disk.fill_after(0);
    engine.flush().await.unwrap();
    assert_eq!(disk.counted().1, 2);
}

/// Each step writes its number to both keyspaces; every second one is flushed. Returns how many were written
/// and flushed.
async fn steps(engine: &Engine, most: u64) -> (u64, u64) {
    let (mut written, mut flushed) = (0, 0);
    for step in 1..=most {
        let done: Result<(), EngineError> = engine
            .transact(|transaction| async move {
                transaction.put(A, "step", step.to_string().into_bytes());
                transaction.put(B, "step", step.to_string().into_bytes());
                transaction.put(B, format!("{step:03}"), Vec::new());
                Ok(())
            })
            .await;
        if done.is_err() {
            break;
        }
        written = step;
        if step % 2 == 0 {
            if engine.flush().await.is_err() {
                break;
            }
            flushed = step;
        }
    }
    (written, flushed)
}

#[tokio::test]
async fn after_a_crash_between_any_two_effects_all_of_a_step_is_there_or_nothing() {
    for full_after in 1..=15 {
        let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
        disk.fill_after(full_after);
        let engine = open_with(&dir.path().join("own"), disk.before()).unwrap();
        let (written, flushed) = steps(&engine, 10).await;
        // Copy the files as they are now: an engine's work on close does not happen in a crash.
        let left = dir.path().join("left");
        fs::create_dir(&left).unwrap();
        for file in fs::read_dir(dir.path().join("own")).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                fs::copy(file.path(), left.join(file.file_name())).unwrap();
            }
        }
        drop(engine);
        let engine = open(&left);
        let (a, b) = (get(&engine, A, "step").await, get(&engine, B, "step").await);
        assert_eq!(a, b, "{full_after}: both, or none");
        let step: u64 = a.map_or(0, |step| step.parse().unwrap());
        assert!((flushed..=written).contains(&step), "{full_after}: {flushed}, {step}, {written}");
        let all = engine.range(B, &Range::prefix("0", 99)).await.unwrap();
        assert_eq!(all.len() as u64, step, "{full_after}: one record a step");
    }
}

#[tokio::test]
async fn it_goes_on_where_a_crash_left_it() {
    let dir = tempfile::tempdir().unwrap();
    for life in 1..=5 {
        let engine = open(dir.path());
        add_one(engine.clone(), A, "lives").await;
        engine.flush().await.unwrap();
        assert_eq!(get(&engine, A, "lives").await, Some(life.to_string()));
    }
}

#[tokio::test]
async fn of_a_step_that_failed_nothing_is_there_after_a_start() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    disk.fill_after(1);
    let engine = open_with(dir.path(), disk.before()).unwrap();
    assert_eq!(steps(&engine, 10).await, (1, 0));
    drop(engine);
    let engine = open(dir.path());
    assert!(get(&engine, A, "step").await.is_none_or(|step| step == "1"));
    assert_eq!(get(&engine, B, "002").await, None);
}

/// Start-up may repeat the last transaction but must never undo a later one.
#[tokio::test]
async fn a_start_undoes_nothing_that_was_written_later() {
    let dir = tempfile::tempdir().unwrap();
    let big = "x".repeat(100_000);
    for (round, later) in
        [&[("a", "2")][..], &[("a", "3"), ("b", "3")], &[("a", "4"), ("b", &big)]].iter().enumerate()
    {
        let engine = open(dir.path());
        put(&engine, A, &[("a", "1"), ("b", "1")]).await;
        put(&engine, A, later).await;
        engine.flush().await.unwrap();
        drop(engine);
        for _ in 0..2 {
            let engine = open(dir.path());
            for (key, value) in later.iter() {
                assert_eq!(get(&engine, A, key).await.as_deref(), Some(*value), "{round}: {key}");
            }
        }
    }
}

#[tokio::test]
async fn a_write_that_failed_in_between_leaves_nothing_to_undo_what_comes_later() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let engine = open_with(dir.path(), disk.before()).unwrap();
    put(&engine, A, &[("a", "1"), ("b", "1")]).await;
    disk.fill_after(1);
    let big = "x".repeat(100_000);
    for pairs in [&[("a", "2")][..], &[("a", "2"), ("b", &big)]] {
        let failed: Result<(), EngineError> = engine
            .transact(|transaction| async move {
                pairs.iter().for_each(|(key, value)| transaction.put(A, *key, value.as_bytes().to_vec()));
                Ok(())
            })
            .await;
        assert!(failed.is_err());
    }
    disk.fill_after(0);
    put(&engine, A, &[("a", "3")]).await;
    engine.flush().await.unwrap();
    drop(engine);
    let engine = open(dir.path());
    assert_eq!(
        (get(&engine, A, "a").await.as_deref(), get(&engine, A, "b").await.as_deref()),
        (Some("3"), Some("1"))
    );
}
