//! How the typed keyspaces treat unreadable records, with any engine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::effects::Disk;
use super::*;
use crate::store::Store;
use crate::store::handle::Ended;
use crate::store::table::{CORRUPT, Table};

const NUMBERS: Table<u32> = Table::new(A.0);

fn open_store(dir: &Path, before: Before) -> Store {
    let sled = SledEngine::open(dir, &[A, B, CORRUPT.space], before).unwrap();
    Store::on(Engine::Sled(Arc::new(sled)))
}

fn new_store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path(), Box::new(|_| Ok(())));
    (dir, store)
}

async fn put_bytes(store: &Store, space: Space, pairs: &[(&str, &[u8])]) {
    let done = store.transaction(|transaction| async move {
        pairs.iter().for_each(|(key, value)| transaction.put(space, *key, value.to_vec()));
        Ok(())
    });
    done.await.unwrap();
}

/// Keys and bytes of the records that were moved away.
async fn moved(store: &Store) -> Vec<(String, Vec<u8>)> {
    let all = store.range(&CORRUPT, &Range::first(99)).await.unwrap();
    all.into_iter().map(|(key, record)| (key, record.bytes().unwrap())).collect()
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_none_and_is_kept_byte_for_byte() {
    let (_dir, store) = new_store();
    for (key, bytes) in [
        ("empty", &b""[..]),
        ("version", b"\x025"),
        ("broken", b"\x01{"),
        ("other", b"\x01\"text\""),
        ("binary", b"\x01\xFF\x00"),
        ("behind", b"\x015 6"),
    ] {
        put_bytes(&store, A, &[(key, bytes)]).await;
        assert_eq!(store.get(&NUMBERS, key).await.unwrap(), None, "{key}");
        assert!(!store.has(&NUMBERS, key).await.unwrap(), "{key}");
        assert!(moved(&store).await.contains(&(format!("a/{key}"), bytes.to_vec())), "{key}");
    }
    assert_eq!(moved(&store).await.len(), 6);
}

#[tokio::test]
async fn a_big_one_is_kept_as_well() {
    let (_dir, store) = new_store();
    let bytes = vec![b'\xFE'; 1 << 20];
    put_bytes(&store, A, &[("big", &bytes)]).await;
    assert_eq!(store.get(&NUMBERS, "big").await.unwrap(), None);
    assert_eq!(moved(&store).await, [("a/big".to_owned(), bytes)]);
}

#[tokio::test]
async fn a_range_goes_on_behind_it_and_is_as_full_as_it_can_be() {
    let (_dir, store) = new_store();
    let pairs: [(&str, &[u8]); 5] =
        [("a", b"\x011"), ("b", b"\x01?"), ("c", b"\x012"), ("d", b""), ("e", b"\x013")];
    put_bytes(&store, A, &pairs).await;
    assert_eq!(store.records(&NUMBERS, &Range::first(2)).await.unwrap(), [1, 2]);
    assert_eq!(moved(&store).await.len(), 1, "what was not met stays");
    assert_eq!(store.records(&NUMBERS, &Range::first(9).backwards()).await.unwrap(), [3, 2, 1]);
    assert_eq!(moved(&store).await.len(), 2);
}

#[tokio::test]
async fn a_look_at_all_passes_over_it() {
    let (_dir, store) = new_store();
    let mut pairs: Vec<(String, &[u8])> =
        (0..2_500).map(|key| (format!("{key:05}"), &b"\x011"[..])).collect();
    for at in [0, 999, 1_000, 2_499] {
        pairs[at].1 = b"\x01x";
    }
    let pairs: Vec<(&str, &[u8])> = pairs.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    put_bytes(&store, A, &pairs).await;
    let mut sum = 0;
    let look = |_: &str, number: u32| {
        sum += number;
        true
    };
    store.each(&NUMBERS, Range::first(usize::MAX), look).await.unwrap();
    assert_eq!((sum, moved(&store).await.len()), (2_496, 4));
}

#[tokio::test]
async fn a_transaction_moves_it_with_all_else_that_it_puts() {
    let (_dir, store) = new_store();
    put_bytes(&store, A, &[("a", b"\x01?"), ("b", b"\x012")]).await;
    let seen = store.transaction(|transaction| async move {
        let one = NUMBERS.get(&transaction, "a").await?;
        let all = NUMBERS.range(&transaction, &Range::first(9)).await?;
        NUMBERS.put(&transaction, "c", &7)?;
        Ok((one, all))
    });
    assert_eq!(seen.await.unwrap(), (None, vec![("b".to_owned(), 2)]));
    assert_eq!(store.records(&NUMBERS, &Range::first(9)).await.unwrap(), [2, 7]);
    assert_eq!(moved(&store).await, [("a/a".to_owned(), b"\x01?".to_vec())]);
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_it_where_it_was() {
    let (_dir, store) = new_store();
    put_bytes(&store, A, &[("a", b"\x01?")]).await;
    let failed: Result<(), _> = store
        .transaction(|transaction| async move {
            NUMBERS.get(&transaction, "a").await?;
            Err(Ended::Engine(EngineError::Other("own".to_owned())))
        })
        .await;
    assert!(failed.is_err());
    assert!(store.has(&NUMBERS, "a").await.unwrap() && moved(&store).await.is_empty());
}

#[tokio::test]
async fn one_that_is_written_in_its_place_is_read() {
    let (_dir, store) = new_store();
    put_bytes(&store, A, &[("a", b"\x01?")]).await;
    let read = store.transaction(|transaction| async move {
        NUMBERS.put(&transaction, "a", &5)?;
        NUMBERS.get(&transaction, "a").await
    });
    assert_eq!(read.await.unwrap(), Some(5));
    assert!(moved(&store).await.is_empty());
}

#[tokio::test]
async fn where_it_cannot_be_moved_it_stays_and_that_is_an_error() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let store = open_store(dir.path(), disk.before());
    put_bytes(&store, A, &[("a", b"\x01?"), ("b", b"\x012")]).await;
    disk.fill_after(1);
    assert!(store.get(&NUMBERS, "a").await.is_err());
    assert!(store.records(&NUMBERS, &Range::first(9)).await.is_err());
    assert!(store.has(&NUMBERS, "a").await.unwrap() && moved(&store).await.is_empty());
    disk.fill_after(0);
    assert_eq!(store.records(&NUMBERS, &Range::first(9)).await.unwrap(), [2]);
}

#[tokio::test]
async fn a_corrupt_record_that_cannot_be_read_itself_is_kept_too() {
    let (_dir, store) = new_store();
    put_bytes(&store, CORRUPT.space, &[("a/x", b"\x01{")]).await;
    let all = store.range(&CORRUPT, &Range::first(9)).await.unwrap();
    let bytes = all.iter().map(|(key, record)| (key.as_str(), record.bytes().unwrap())).collect::<Vec<_>>();
    assert_eq!(bytes, [("aside/a/x", STANDARD.decode("AXs=").unwrap())]);
}
