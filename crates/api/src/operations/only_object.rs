//! A struct is written as an object and as nothing else.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};

/// Serde takes a list for a struct as well, its fields in their order, which no document says. Where each may be null, any list of
/// nulls would do.
///
/// # Errors
/// For a list, and as the struct says.
pub(crate) fn read<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let fields = Map::<String, Value>::deserialize(deserializer)?;
    serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use crate::operations::ListJobs;
    use serde_json::{from_value, json};

    #[test]
    fn a_list_is_no_query() {
        let text = |body| from_value::<ListJobs>(body).map(|asked| asked.query.text);
        assert_eq!(text(json!({"query": {"text": "a"}})).expect("an object"), Some("a".into()));
        assert_eq!(text(json!({})).expect("left out"), None);
        for body in [json!({"query": [null, null]}), json!({"query": []}), json!({"query": {"other": 1}})] {
            assert!(text(body.clone()).is_err(), "{body}");
        }
    }
}
