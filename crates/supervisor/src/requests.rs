//! Which tasks were made by requests that have a key. Who has heard no answer asks again by the same key, also another engine that has
//! taken the place of the first, and is told of the task that there is.
//!
//! Each is stored with its task, in one of a fixed number of places, where it stands until the place is needed again.

use solti_model::{RequestKey, TaskId};
use solti_store::Change;
use std::collections::HashMap;

/// Of these, and a number: the name under which a place is stored.
pub(crate) const PLACES: &str = "request/";
/// An answer that was lost is asked for within a minute.
const KEPT: u64 = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Requests {
    made: HashMap<RequestKey, TaskId>,
    /// By their place.
    keys: HashMap<u64, RequestKey>,
    next: u64,
}

impl Requests {
    /// As they were stored.
    pub(crate) fn of_stored(places: &[String]) -> Self {
        let mut read: Vec<_> = places.iter().filter_map(|text| read(text)).collect();
        read.sort_by_key(|(number, ..)| *number);
        let mut requests = Self::default();
        for (number, key, id) in read {
            requests.next = number;
            requests.put(key, id);
        }
        requests
    }

    /// The task that was made by this key, whether or not it is stored yet.
    pub(crate) fn made(&self, key: &RequestKey) -> Option<&TaskId> {
        self.made.get(key)
    }

    /// Notes it; what is answered belongs to the transaction that stores the task.
    pub(crate) fn note(&mut self, key: RequestKey, id: &TaskId) -> Change {
        let (key_there, value) =
            (format!("{PLACES}{}", self.next % KEPT), format!("{} {key} {id}", self.next));
        self.put(key, id.clone());
        Change::SetMeta { key: key_there, value }
    }

    fn put(&mut self, key: RequestKey, id: TaskId) {
        if let Some(before) = self.keys.insert(self.next % KEPT, key.clone()) {
            self.made.remove(&before);
        }
        self.made.insert(key, id);
        self.next += 1;
    }

    /// The task could not be stored.
    pub(crate) fn forget(&mut self, id: &TaskId) {
        self.made.retain(|_, made| made != id);
    }
}

fn read(text: &str) -> Option<(u64, RequestKey, TaskId)> {
    let mut words = text.split(' ');
    let (number, key, id) = (words.next()?, words.next()?, words.next()?);
    Some((number.parse().ok()?, RequestKey::new(key).ok()?, TaskId::new(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn key(n: u64) -> RequestKey {
        RequestKey::new(&n.to_string()).expect("legal")
    }

    fn task(n: u64) -> TaskId {
        TaskId::new(format!("t{n}")).expect("legal")
    }

    #[test]
    fn the_latest_are_known_also_after_a_restart() {
        let (mut requests, mut stored) = (Requests::default(), BTreeMap::new());
        for n in 0..KEPT + 10 {
            let Change::SetMeta { key: place, value } = requests.note(key(n), &task(n)) else {
                panic!("a setting")
            };
            assert!(place.starts_with(PLACES));
            stored.insert(place, value);
        }
        assert_eq!(stored.len() as u64, KEPT);
        let places: Vec<_> = stored.values().cloned().chain(["what later versions write".into()]).collect();
        for mut requests in [requests, Requests::of_stored(&places)] {
            assert_eq!((requests.made(&key(9)), requests.made(&key(10))), (None, Some(&task(10))));
            assert_eq!(requests.made(&key(KEPT + 9)), Some(&task(KEPT + 9)));
            requests.note(key(1_000_000), &task(1));
            assert_eq!((requests.made(&key(10)), requests.made(&key(11))), (None, Some(&task(11))));
            requests.forget(&task(11));
            assert_eq!(requests.made(&key(11)), None);
        }
    }
}
