//! Which tasks a query lists. The database answers the same question with its indexes (`solti-store`, `rows`), and a test there
//! holds the two together; whoever hears of changes is told by this one.

use crate::head::named;
use crate::secret::masked_label;
use crate::{LeftOut, ListQuery, SpecHead, TaskHead, TaskSpec};
use std::collections::BTreeMap;

/// What of a spec a query looks at, uncut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searched {
    /// All of them.
    pub labels: BTreeMap<String, String>,
    /// The name and the command, [`folded`].
    pub text: String,
}

impl Searched {
    /// Of the same texts as [`SpecHead::of`], which cuts them.
    pub fn of(spec: &TaskSpec) -> Self {
        let command = spec.kind.masked_command_text();
        Self { labels: spec.labels.clone(), text: searched_text(&named(spec, &command), &command) }
    }

    /// As far as the head is not cut, all there is.
    fn of_head(head: &SpecHead) -> Self {
        Self { labels: head.labels.clone(), text: searched_text(&head.name, &head.command) }
    }
}

/// One of the two where they are the same: most tasks have no name of their own.
fn searched_text(name: &str, command: &str) -> String {
    if name == command { folded(command) } else { folded(&format!("{name}\n{command}")) }
}

/// The form in which texts are compared: case does not count, in any language.
///
/// ```
/// assert_eq!(solti_model::folded("Ночная Сборка"), "ночная сборка");
/// ```
#[must_use]
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// The name in a text that is searched: its first line.
fn name_of(searched: &str) -> &str {
    searched.split('\n').next().unwrap_or_default()
}

/// As texts are looked for; `None` for a blank one, which asks for nothing.
fn looked_for(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(folded)
}

impl LeftOut {
    /// The texts to look for, as [`Searched::text`] may hold them.
    #[must_use]
    pub fn folded_texts(&self) -> Vec<String> {
        self.texts.iter().filter_map(|text| looked_for(text)).collect()
    }

    /// The same for names.
    #[must_use]
    pub fn folded_names(&self) -> Vec<String> {
        self.names.iter().filter_map(|name| looked_for(name)).collect()
    }
}

impl ListQuery {
    /// The text to look for, as [`Searched::text`] may hold it; `None` where none is asked for.
    fn folded_text(&self) -> Option<String> {
        self.text.as_deref().and_then(looked_for)
    }

    /// The same for the name.
    fn folded_name(&self) -> Option<String> {
        self.name.as_deref().and_then(looked_for)
    }

    /// Whether the task is among the rows of this query, wherever in it: cursor and limit do not count. `whole` is for a task
    /// whose head is cut; `took_ms` is [`crate::TaskRow::took_ms`].
    #[must_use]
    pub fn matches(&self, task: &TaskHead, whole: Option<&Searched>, took_ms: Option<u64>) -> bool {
        let without = &self.without;
        let looks_at_spec = self.text.is_some()
            || self.name.is_some()
            || !self.labels.is_empty()
            || !without.labels.is_empty()
            || !without.texts.is_empty()
            || !without.names.is_empty();
        let of_head = (whole.is_none() && looks_at_spec).then(|| Searched::of_head(&task.spec));
        let searched = whole.or(of_head.as_ref());
        // A head has secrets masked: one of the same form is taken for the same, until the list is read again.
        let is_value =
            |key: &str, found: &str, value: &str| found == value || found == masked_label(key, value);
        let has_label = |key: &str, value: &str| {
            let found = searched.and_then(|searched| searched.labels.get(key));
            found.is_some_and(|found| is_value(key, found, value))
        };
        let has_text = |text: &str| searched.is_some_and(|searched| searched.text.contains(text));
        let in_name = |text: &str| searched.is_some_and(|searched| name_of(&searched.text).contains(text));
        let as_late = |since| task.metadata.created_at >= since;
        let as_long = |least| took_ms.is_some_and(|took| took >= least);
        let as_short = |most| took_ms.is_some_and(|took| took <= most);
        let left_out = without.slots.contains(&task.spec.slot)
            || task.spec.job.as_ref().is_some_and(|job| without.jobs.contains(job))
            || without.exit_codes.iter().any(|code| task.status.has_exit_code(*code))
            || without.labels.iter().any(|(key, value)| has_label(key, value))
            || without.folded_texts().iter().any(|text| has_text(text))
            || without.folded_names().iter().any(|text| in_name(text))
            || without.since_ms.is_some_and(as_late)
            || without.took_at_least_ms.is_some_and(as_long)
            || without.took_at_most_ms.is_some_and(as_short);
        !left_out
            && (self.phases.is_empty() || self.phases.contains(&task.status.phase))
            && self.slot.as_ref().is_none_or(|slot| *slot == task.spec.slot)
            && self.exit_code.is_none_or(|code| task.status.has_exit_code(code))
            && self.since_ms.is_none_or(as_late)
            && self.labels.iter().all(|(key, value)| has_label(key, value))
            && self.job.as_ref().is_none_or(|job| task.spec.job.as_ref() == Some(job))
            && self.took_at_least_ms.is_none_or(as_long)
            && self.took_at_most_ms.is_none_or(as_short)
            && self.folded_name().is_none_or(|text| in_name(&text))
            && self.folded_text().is_none_or(|text| has_text(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Task, parse_spec};
    use serde_json::json;

    fn task(spec: serde_json::Value) -> (TaskHead, Searched) {
        let spec = parse_spec(spec).expect("legal");
        let task = json!({
            "metadata": {"id": "t", "resourceVersion": 1, "createdAt": 50, "updatedAt": 50},
            "spec": spec,
            "status": {"phase": "failed", "attempt": 1, "exitCode": 3}
        });
        let task: Task = serde_json::from_value(task).expect("a task");
        (task.clone().into(), Searched::of(&task.spec))
    }

    fn query(query: serde_json::Value) -> ListQuery {
        serde_json::from_value(query).expect("a query")
    }

    #[test]
    fn a_row_that_is_not_cut_says_all_that_a_query_asks() {
        let args = ["it's", "x"];
        let (head, whole) = task(json!({"slot": "s", "labels": {"name": " Nightly\nrun ", "team": "a"},
            "kind": {"subprocess": {"mode": {"command": {"command": "make", "args": args}}}}}));
        assert!(!head.spec.cut);
        for (asked, matches) in [
            (json!({}), true),
            (json!({"text": "  "}), true),
            (json!({"text": "NIGHTLY RUN"}), true),
            (json!({"text": r"make 'it'\''s' x"}), true),
            (json!({"text": "make it's"}), false),
            (json!({"labels": {"team": "a"}, "phases": ["failed", "running"]}), true),
            (json!({"labels": {"team": "b"}}), false),
            (json!({"labels": {"zone": "a"}}), false),
            (json!({"phases": ["running"]}), false),
            (json!({"slot": "s", "exitCode": 3, "sinceMs": 50}), true),
            (json!({"slot": "t"}), false),
            (json!({"exitCode": 0}), false),
            (json!({"sinceMs": 51}), false),
            (json!({"cursor": "1", "limit": 0}), true),
            (json!({"name": "NIGHTLY"}), true),
            (json!({"name": "make"}), false),
            (json!({"job": "import"}), false),
            (json!({"tookAtLeastMs": 9, "tookAtMostMs": 9}), true),
            (json!({"tookAtLeastMs": 10}), false),
            (json!({"tookAtMostMs": 8}), false),
            (json!({"without": {"slots": ["t"], "labels": [["team", "b"]], "texts": ["cargo", " "]}}), true),
            (json!({"without": {"slots": ["t", "s"]}}), false),
            (json!({"without": {"labels": [["team", "a"]]}}), false),
            (json!({"without": {"texts": ["cargo", "MAKE"]}}), false),
            (json!({"without": {"exitCodes": [3]}}), false),
            (json!({"without": {"jobs": ["import"]}}), true),
            (json!({"without": {"names": ["nightly"]}}), false),
            (json!({"without": {"names": ["make", " "]}}), true),
            (json!({"without": {"sinceMs": 50}}), false),
            (json!({"without": {"sinceMs": 51}}), true),
            (json!({"without": {"tookAtLeastMs": 9}}), false),
            (json!({"without": {"tookAtLeastMs": 10, "tookAtMostMs": 8}}), true),
            (json!({"without": {"tookAtMostMs": 9}}), false),
        ] {
            let asked = query(asked);
            assert_eq!(asked.matches(&head, None, Some(9)), matches, "{asked:?}");
            assert_eq!(asked.matches(&head, Some(&whole), Some(9)), matches, "{asked:?}, whole");
        }
    }

    #[test]
    fn what_is_cut_off_a_row_is_found_all_the_same() {
        let long = format!("{} end", "x".repeat(5_000));
        let (head, whole) = task(json!({"slot": "s", "labels": {"a": long},
            "kind": {"subprocess": {"mode": {"command": {"command": "echo", "args": [long]}}}}}));
        assert!(head.spec.cut);
        for asked in [query(json!({"text": "x end"})), query(json!({"labels": {"a": long}}))] {
            assert!(asked.matches(&head, Some(&whole), None));
        }
    }
}
