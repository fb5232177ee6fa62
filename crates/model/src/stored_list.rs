//! Lists of named things that are stored as one document each. What this version cannot read of one, a field or a whole entry, takes
//! nothing else with it, and is there still after the list was changed.

use crate::stored::without_unknown_fields;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A list as it is stored.
#[derive(Debug, Clone)]
pub struct StoredList<T> {
    /// Each with what this version reads of it, if it can.
    entries: Vec<(Value, Option<T>)>,
}

impl<T: Serialize + DeserializeOwned> StoredList<T> {
    /// The list of this text; an empty one where nothing is stored.
    ///
    /// # Errors
    /// When it is no list: then nothing of it is known, and nothing may be put in its place.
    pub fn read(text: Option<&str>) -> Result<Self, serde_json::Error> {
        let stored: Vec<Value> = text.map_or_else(|| Ok(Vec::new()), serde_json::from_str)?;
        let read = |entry: Value| (entry.clone(), without_unknown_fields(entry).ok());
        Ok(Self { entries: stored.into_iter().map(read).collect() })
    }

    /// The names of those that this version cannot read; empty where one has none.
    pub fn unread(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(|(_, read)| read.is_none())
            .map(|(stored, _)| name(stored).unwrap_or_default())
    }

    /// Those that it can, in their order.
    pub fn into_read(self) -> Vec<T> {
        self.entries.into_iter().filter_map(|(_, read)| read).collect()
    }

    /// Takes one out, whether it can be read or not.
    pub fn remove(&mut self, gone: &str) {
        self.entries.retain(|(stored, _)| name(stored) != Some(gone));
    }

    /// The text of the list in which these are all that this version reads; the others are behind them. One that has a name takes
    /// the place of the one that has it.
    pub fn with<'a>(&self, wanted: impl IntoIterator<Item = &'a T>) -> String
    where
        T: 'a,
    {
        // Plain data: it always writes.
        let written = |item: &T| serde_json::to_value(item).unwrap_or_default();
        let mut list: Vec<Value> = Vec::new();
        for item in wanted {
            let item = written(item);
            let same = self
                .entries
                .iter()
                .find(|(stored, _)| name(stored).is_some_and(|same| name(&item) == Some(same)));
            list.push(match same {
                Some((stored, Some(read))) => changed(stored, &written(read), item),
                _ => item,
            });
        }
        let is_replaced = |stored: &Value| {
            name(stored).is_some_and(|same| list.iter().any(|item| name(item) == Some(same)))
        };
        let others = self.entries.iter().filter(|(stored, read)| read.is_none() && !is_replaced(stored));
        let others: Vec<_> = others.map(|(stored, _)| stored.clone()).collect();
        list.extend(others);
        Value::Array(list).to_string()
    }
}

fn name(entry: &Value) -> Option<&str> {
    entry.get("name")?.as_str()
}

/// `after` in the place of what is stored, of which this version reads `before`: what it does not know of that stays.
fn changed(stored: &Value, before: &Value, mut after: Value) -> Value {
    if let (Value::Object(stored), Value::Object(before), Value::Object(after)) = (stored, before, &mut after)
    {
        for (key, stored) in stored {
            match (before.get(key), after.get_mut(key)) {
                (None, None) => drop(after.insert(key.clone(), stored.clone())),
                (Some(before), Some(after)) => *after = changed(stored, before, after.take()),
                (None, Some(_)) | (Some(_), None) => {}
            }
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hook, SavedView};
    use serde_json::json;

    fn hook(name: &str, more: Value) -> Value {
        let mut hook = json!({"name": name, "on": ["failure"], "call": {"webhook": {"url": "https://a.example/x", "secret": "s"}}});
        hook.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        hook
    }

    fn read(stored: &Value) -> StoredList<Hook> {
        StoredList::read(Some(&stored.to_string())).expect("a list")
    }

    fn names(hooks: &[Hook]) -> Vec<&str> {
        hooks.iter().map(|hook| hook.name.as_str()).collect()
    }

    #[test]
    fn what_cannot_be_read_takes_nothing_else_with_it_and_stays() {
        let later = json!({"on": ["failure", "eclipse"]});
        let quiet = hook(
            "b",
            json!({"quietHours": "22-6", "call": {"webhook": {"url": "https://b.example", "mutualTls": true}}}),
        );
        let stored = json!([hook("a", json!({})), quiet, hook("c", later.clone()), 7]);
        let list = read(&stored);
        assert_eq!(list.unread().collect::<Vec<_>>(), ["c", ""]);
        let mut hooks = list.clone().into_read();
        assert_eq!(names(&hooks), ["a", "b"]);
        let as_json = |text: String| serde_json::from_str::<Value>(&text).expect("JSON");
        assert_eq!(as_json(list.with(&hooks)), stored, "what is written unchanged is unchanged");

        hooks[1].paused = true;
        hooks.remove(0);
        let mut paused = stored[1].clone();
        paused["paused"] = json!(true);
        assert_eq!(as_json(list.with(&hooks)), json!([paused, stored[2], 7]));

        let new: Hook = serde_json::from_value(hook("c", json!({}))).expect("a hook");
        assert_eq!(as_json(list.with([&new])), json!([hook("c", json!({})), 7]), "a name stands once");
        let mut list = list;
        list.remove("c");
        assert_eq!(as_json(list.with(&[])), json!([7]));
    }

    #[test]
    fn what_was_of_another_kind_does_not_stay() {
        let stored = json!([hook("a", json!({"later": 1}))]);
        let command = json!({"name": "a", "on": ["success"], "call": {"command": {"command": "page"}}});
        let changed: Hook = serde_json::from_value(command).expect("a hook");
        let written: Value = serde_json::from_str(&read(&stored).with([&changed])).expect("JSON");
        assert_eq!(
            written[0]["call"].as_object().expect("an object").keys().collect::<Vec<_>>(),
            ["command"]
        );
        assert_eq!(written[0]["later"], 1);
    }

    #[test]
    fn only_a_list_is_one() {
        assert!(StoredList::<SavedView>::read(None).expect("empty").into_read().is_empty());
        for text in ["", "{", "{}", "5"] {
            assert!(StoredList::<SavedView>::read(Some(text)).is_err(), "{text}");
        }
    }
}
