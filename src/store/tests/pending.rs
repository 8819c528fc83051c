//! Pending filings: their order, their issuers, and what a poll may change.

use super::*;

fn filing(number: u32, minute: i64, issuer: Option<u64>) -> FilingRef {
    FilingRef {
        accession: format!("0000000001-21-{number:06}").parse().unwrap(),
        form: "4".parse().unwrap(),
        accepted_at: now() + TimeDelta::minutes(minute),
        filer: Cik::new(1).unwrap(),
        issuer: issuer.map(|issuer| Cik::new(issuer).unwrap()),
    }
}

async fn accessions(store: &Store) -> Vec<u32> {
    let pending = store.pending(99).await.unwrap();
    pending.iter().map(|one| one.filing.accession.to_string()[14..].parse().unwrap()).collect()
}

async fn with(store: &Store, found: Found, filings: &[FilingRef]) {
    for filing in filings {
        store.postpone(&Pending::new(filing.clone(), found, now(), now())).await.unwrap();
    }
}

#[tokio::test]
async fn those_of_the_feed_come_first_and_each_kind_oldest_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    with(&store, Found::Index, &[filing(1, 0, None), filing(2, -9, Some(7))]).await;
    assert!(!store.is_pending(Found::Feed).await.unwrap() && store.is_pending(Found::Index).await.unwrap());
    with(&store, Found::Feed, &[filing(3, 5, Some(7)), filing(5, 4, Some(7)), filing(4, 4, None)]).await;
    assert_eq!(accessions(&store).await, [4, 5, 3, 2, 1]);
    assert_eq!((store.pending_len().await.unwrap(), store.pending(2).await.unwrap().len()), (5, 2));
    let mut looked_at = 0;
    let until_third = |_| {
        looked_at += 1;
        looked_at < 3
    };
    store.each_pending(until_third).await.unwrap();
    assert_eq!(looked_at, 3);
}

#[tokio::test]
async fn the_newest_of_an_issuers_before_one_is_found_and_none_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let all = [filing(1, 0, Some(7)), filing(2, 5, Some(7)), filing(3, 5, Some(7)), filing(4, 1, Some(77))];
    with(&store, Found::Feed, &all).await;
    let before = async |number: u32, minute: i64| {
        let one = filing(number, minute, Some(7));
        let cik = one.issuer.unwrap();
        let found = store.pending_before(cik, one.accepted_at, Some(one.accession)).await.unwrap();
        found.map(|found| (found - now()).num_minutes())
    };
    assert_eq!(before(9, 9).await, Some(5));
    assert_eq!(before(3, 5).await, Some(5), "the other of the same second");
    assert_eq!(before(2, 5).await, Some(0), "not itself");
    assert_eq!(before(1, 0).await, None);
    let of_the_same_second =
        store.pending_before(Cik::new(7).unwrap(), all[1].accepted_at, None).await.unwrap();
    assert_eq!(of_the_same_second, Some(now()), "without an accession only what is earlier");
}

#[tokio::test]
async fn of_those_whose_issuer_is_not_known_the_others_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    with(&store, Found::Index, &[filing(1, 0, None)]).await;
    with(&store, Found::Feed, &[filing(2, 0, None)]).await;
    let found = async |minute: i64, but: u32| {
        let moment = now() + TimeDelta::minutes(minute);
        store.unknown_pending_before(moment, filing(but, 0, None).accession).await.unwrap()
    };
    assert!(found(1, 9).await && !found(1, 1).await && !found(0, 9).await);
    with(&store, Found::Index, &[filing(3, 0, None)]).await;
    assert!(found(1, 1).await);
    // Once its issuer is known, it counts for that issuer only.
    with(&store, Found::Index, &[filing(1, 0, Some(7)), filing(3, 0, Some(7))]).await;
    assert!(!found(1, 9).await);
    assert_eq!(store.pending_len().await.unwrap(), 3);
}

#[tokio::test]
async fn what_was_put_off_is_due_at_its_time_until_it_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    with(&store, Found::Feed, &[filing(1, 0, None), filing(2, 0, None)]).await;
    assert_eq!(store.deferred_until().await.unwrap(), None);
    for (number, attempts, minute) in [(1, 1, 9), (2, 1, 5), (2, 2, 7)] {
        let not_before = now() + TimeDelta::minutes(minute);
        let one = Pending::new(filing(number, 0, None), Found::Feed, now(), now());
        store.postpone(&Pending { attempts, not_before, ..one }).await.unwrap();
    }
    assert_eq!(store.deferred_until().await.unwrap(), Some(now() + TimeDelta::minutes(7)));
    for (number, left) in [(2, Some(now() + TimeDelta::minutes(9))), (1, None)] {
        let settled = Settled::new(filing(number, 0, None).accession, Ending::Quiet, now());
        assert!(store.commit(&settled).await.unwrap());
        assert_eq!(store.deferred_until().await.unwrap(), left);
    }
    assert_eq!(store.pending_len().await.unwrap(), 0);
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

/// A filing's state may have changed since the poll began.
#[tokio::test]
async fn a_poll_undoes_nothing_that_was_settled_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let read = Frontier { asked_since: Some(now()), ..Frontier::at(now()) };
    store.discovered(Discovered::default(), read, now()).await.unwrap();
    let (done, waits) = (filing(1, 0, None), filing(2, 0, None));
    assert!(store.commit(&Settled::new(done.accession, Ending::Alerted, now())).await.unwrap());
    store.close_hole("2021-08-24".parse().unwrap()).await.unwrap();
    let deferred = Pending { attempts: 3, ..Pending::new(waits.clone(), Found::Index, now(), now()) };
    store.postpone(&deferred).await.unwrap();
    let reached = Frontier { seen_until: now() + TimeDelta::minutes(1), ..read };
    let both = [done.clone(), waits.clone()];
    for found in [
        Discovered { new: &both, read: Some(read), ..Discovered::default() },
        Discovered { not_fetched: &both, read: Some(read), ..Discovered::default() },
    ] {
        store.discovered(found, reached, now()).await.unwrap();
        assert_eq!(store.standing(done.accession).await.unwrap(), Standing::Done);
        assert_eq!(store.pending(9).await.unwrap(), slice::from_ref(&deferred));
    }
    let frontier = store.frontier().await.unwrap().unwrap();
    assert_eq!((frontier.seen_until, frontier.asked_since), (reached.seen_until, None));
}
