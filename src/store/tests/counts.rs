//! Counts match the stored deliveries, whatever happens to them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::summary::{Line, Summary, Why};

/// Events of deliveries, which are identified by number.
#[derive(Debug, Clone)]
enum Step {
    Enqueue(usize),
    Sends(usize, bool),
    Leave(usize, bool),
    GiveUp(usize),
    Revive(usize),
    /// For a channel: all its waiting deliveries are joined.
    Join(usize),
}

const CHANNELS: usize = 2;
const DELIVERIES: usize = 12;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..DELIVERIES).prop_map(Step::Enqueue),
        1 => (0..DELIVERIES, any::<bool>()).prop_map(|(of, sends)| Step::Sends(of, sends)),
        3 => (0..DELIVERIES, any::<bool>()).prop_map(|(of, dead)| Step::Leave(of, dead)),
        1 => (0..DELIVERIES).prop_map(Step::GiveUp),
        2 => (0..DELIVERIES).prop_map(Step::Revive),
        2 => (0..CHANNELS).prop_map(Step::Join),
    ]
}

fn channel(number: usize) -> Destination {
    Destination::Channel(u64::try_from(number % CHANNELS).unwrap() + 1)
}

fn delivery(number: usize) -> Delivery {
    let alert = Alert { key: Key::of(&["alert", &number.to_string()]), ..alert() };
    Delivery::new(channel(number), Body::Alert(Box::new(alert)), now())
}

/// A reference model of the counts: each delivery counts by its own state, or by its message's state if it
/// joined one.
#[derive(Default)]
struct Model {
    /// Key → the message that carries it, if it joined another.
    into: BTreeMap<Key, Key>,
    /// Key → 'q' queued, 'd' delivered, 'x' dead.
    stands: BTreeMap<Key, char>,
}

impl Model {
    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let messages: Vec<&Key> = self.into.values().collect();
        let own = self.stands.keys().filter(|key| !messages.contains(key) && !self.into.contains_key(key));
        for key in own.chain(messages.iter().copied()) {
            match self.stands[key] {
                'q' => counts.queued += 1,
                'd' => counts.delivered += 1,
                _ => counts.dead += 1,
            }
        }
        counts
    }
}

/// The waiting delivery with this number, or the waiting message that carries it.
async fn waiting(store: &Store, number: usize) -> Option<Delivery> {
    let key = delivery(number).key;
    let into = match store.delivery_standing(&key).await.unwrap() {
        Some(DeliveryStanding::Joined(into)) => into,
        _ => key,
    };
    let queued = store.queued(&channel(number), 99).await.unwrap();
    queued.into_iter().find(|one| one.key == into)
}

async fn take(store: &Store, model: &mut Model, step: Step) {
    match step {
        Step::Enqueue(number) => {
            let one = delivery(number);
            store.enqueue(&one).await.unwrap();
            if !model.into.contains_key(&one.key) {
                model.stands.entry(one.key).or_insert('q');
            }
        }
        Step::Sends(number, sends) => {
            let Some(one) = waiting(store, number).await else { return };
            let sends = sends.then(|| crate::delivery::InFlight {
                first: now(),
                last: now(),
                batch: None,
                thread: None,
                guess: false,
            });
            assert!(store.set_in_flight(&[one], sends.as_ref()).await.unwrap());
        }
        Step::Leave(number, dead) => {
            let Some(one) = waiting(store, number).await else { return };
            let outcome = match dead {
                true => Outcome::Dead { at: now(), reason: "no".into() },
                false => Outcome::Delivered { at: now(), message_id: None },
            };
            model.stands.insert(one.key.clone(), if dead { 'x' } else { 'd' });
            // The second time it is gone and is not counted.
            store.leave_queue(slice::from_ref(&one), &outcome).await.unwrap();
            store.leave_queue(&[one], &outcome).await.unwrap();
        }
        Step::GiveUp(number) => {
            let Some(one) = waiting(store, number).await else { return };
            assert!(store.give_up(&one, (now(), "no"), true).await.unwrap());
            model.stands.insert(one.key, 'x');
        }
        Step::Revive(number) => {
            let key = delivery(number).key;
            let into = model.into.get(&key).cloned().unwrap_or(key);
            let Some(dead) = store.dead(&into).await.unwrap() else { return };
            if store.revive(&dead.delivery, None, now()).await.unwrap() {
                model.stands.insert(into, 'q');
            }
        }
        Step::Join(number) => {
            let mut queued = store.queued(&channel(number), 99).await.unwrap();
            queued.retain(|one| matches!(one.body, Body::Alert(_)));
            let Some(first) = queued.first() else { return };
            let alerts = queued.iter().filter_map(|one| match &one.body {
                Body::Alert(alert) => Some(&**alert),
                _ => None,
            });
            let summary = Summary::new(&first.key, Why::TooMany, now()).grown(alerts.clone());
            let lines: Vec<Line> =
                queued.iter().zip(alerts).map(|(one, alert)| Line::new(&one.key, alert)).collect();
            let joint = Delivery::new(channel(number), Body::Summary(Box::new(summary)), now());
            if model.stands.contains_key(&joint.key) {
                return;
            }
            if store.join_into(&joint, &queued, &lines).await.unwrap() {
                for one in queued {
                    model.stands.remove(&one.key);
                    model.into.insert(one.key, joint.key.clone());
                }
                model.stands.insert(joint.key, 'q');
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn counts_are_those_of_what_is_there(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(dir.path()).unwrap();
            let mut model = Model::default();
            for (at, step) in steps.into_iter().enumerate() {
                let said = format!("{at}: {step:?}");
                take(&store, &mut model, step).await;
                assert_eq!(store.counts().await.unwrap(), model.counts(), "{said}");
            }
            assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
        });
    }
}
