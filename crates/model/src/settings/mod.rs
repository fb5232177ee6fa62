//! What a person sets for this machine as a whole: the document, its defaults, its rules, and how a part of it is changed.
//!
//! Every field has a default, so that a document of an earlier version reads as it did. Where it is kept is `solti-store`,
//! who may change it and who follows it `solti-api`. Tokens are never part of it. Sizes are bytes, powers of 1,000 as disks
//! are sold.

mod api;
mod connection;
mod finished;
mod logs;
mod notifications;
mod slurm;

pub use api::{ApiSettings, GrpcSettings, HttpSettings, TlsMode};
pub use connection::Connection;
pub use finished::FinishedSettings;
pub use logs::LogSettings;
pub use notifications::{NotificationRule, NotificationSettings};
pub use slurm::SlurmSettings;

use crate::lane_machines::HERE;
use crate::problems::Problems;
use crate::stored::without_unknown_fields;
use crate::{EditorSettings, FieldError, SpecErrors};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

/// What a person can set. Every part has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// How much logs may take.
    pub logs: LogSettings,
    /// How long what is over is kept.
    pub finished: FinishedSettings,
    /// What closing the last window does.
    pub closing: Closing,
    /// The icon in the desktop's tray.
    pub tray: TraySettings,
    /// What the desktop is told of.
    pub notifications: NotificationSettings,
    /// The colours of the windows.
    pub theme: Theme,
    /// The editor for files that logs name.
    pub editor: EditorSettings,
    /// What tasks inherit.
    pub environment: EnvironmentSettings,
    /// The doors for other programs.
    pub api: ApiSettings,
    /// The Slurm cluster that tasks can be handed to.
    pub slurm: SlurmSettings,
    /// Other machines, each name once.
    pub connections: Vec<Connection>,
}

/// What closing the last window does while tasks run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Closing {
    /// The person is asked.
    #[default]
    Ask,
    /// They go on.
    Background,
    /// They are stopped.
    StopAll,
}

/// The icon in the desktop's tray.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TraySettings {
    /// Where the desktop has a tray. While the icon is there, the app need not end with its last window.
    pub show: bool,
}

impl Default for TraySettings {
    fn default() -> Self {
        Self { show: true }
    }
}

/// The colours of the windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the desktop has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// What tasks inherit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EnvironmentSettings {
    /// Ask the login shell for its environment when the app starts.
    pub capture_login_shell: bool,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self { capture_login_shell: true }
    }
}

impl Settings {
    /// Reads a stored document. A part that this version cannot read has its default, and is named in the second value:
    /// a strange document must not keep the app from starting. Fields of a later version are passed over.
    #[must_use]
    pub fn from_stored(document: &Value) -> (Self, Vec<FieldError>) {
        let (mut settings, mut strange) = (Self::default(), Vec::new());
        for (key, value) in document.as_object().into_iter().flatten() {
            let part = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
            let read = settings.merged_with(&part, without_unknown_fields).and_then(|read| {
                read.validate()?;
                Ok(read)
            });
            match read {
                Ok(read) => settings = read,
                Err(errors) => strange.push(errors.first),
            }
        }
        (settings, strange)
    }

    /// The document to store for these settings, which `patch` has led to: over the one that is stored, so that what this
    /// version does not know of it stays.
    #[must_use]
    pub fn to_stored(&self, stored: &Value, patch: &Value) -> Value {
        // Plain data: it always writes.
        let mut document = serde_json::to_value(self).unwrap_or_default();
        if stored.is_object() {
            let known_connections = stored.get("connections").cloned();
            merge(&mut document, stored);
            merge(&mut document, patch);
            keep_fields_of_connections(&mut document["connections"], known_connections.as_ref());
        }
        document
    }

    /// The settings with `patch` merged into them, as RFC 7396 says; but as every member is always there, `null` sets
    /// "without a limit" where a field has that, and does not bring the default back. A list is replaced as a whole.
    ///
    /// # Errors
    /// Every rule that is broken, with the field's path: `logs.runBytes`. Nothing is taken then.
    pub fn patched(&self, patch: &Value) -> Result<Self, SpecErrors> {
        if !patch.is_object() {
            return Err(FieldError::new("settings", "must be an object").into());
        }
        let settings = self.merged_with(patch, serde_json::from_value)?;
        let mut problems = Problems::default();
        settings.examine(&mut problems);
        self.refuse_new_names(&settings, &mut problems);
        problems.into_result()?;
        Ok(settings)
    }

    /// One that is stored already still opens, and can be changed and removed.
    fn refuse_new_names(&self, changed: &Self, problems: &mut Problems) {
        for (i, Connection { name, .. }) in changed.connections.iter().enumerate() {
            if name.trim().is_empty() || self.connections.iter().any(|known| known.name == *name) {
                continue;
            }
            let field = format!("connections[{i}].name");
            if name.trim() == HERE {
                let why = format!("must not be {HERE}, which is this machine in a lane; choose another name");
                problems.refuse(field, why);
            } else if name.trim() != name || name.contains(char::is_control) {
                problems.refuse(field, "must be one line, without blanks at its ends");
            }
        }
    }

    fn merged_with(
        &self,
        patch: &Value,
        read: impl Fn(Value) -> Result<Self, serde_json::Error>,
    ) -> Result<Self, SpecErrors> {
        // Plain data: it always writes.
        let mut document = serde_json::to_value(self).unwrap_or_default();
        merge(&mut document, patch);
        // Read again, to tell where the error is.
        read(document.clone()).or_else(|_| crate::shape::read_whole(document, "settings"))
    }

    /// # Errors
    /// Every rule that is broken.
    pub fn validate(&self) -> Result<(), SpecErrors> {
        let mut problems = Problems::default();
        self.examine(&mut problems);
        problems.into_result()
    }

    fn examine(&self, problems: &mut Problems) {
        self.logs.examine(problems);
        self.finished.examine(problems);
        problems.check(self.editor.validate());
        self.api.examine(problems);
        self.notifications.examine(problems);
        problems.check(self.slurm.validate());
        for (i, connection) in self.connections.iter().enumerate() {
            connection.examine(&format!("connections[{i}]"), problems);
            if self.connections[..i].iter().any(|other| other.name == connection.name) {
                problems.refuse(format!("connections[{i}].name"), "is the name of another machine already");
            }
        }
    }
}

fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(target.entry(key.as_str()).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

/// A list is replaced as a whole; of a connection that is still in it, what a later version has written stays.
fn keep_fields_of_connections(connections: &mut Value, stored: Option<&Value>) {
    let stored = stored.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for connection in connections.as_array_mut().into_iter().flatten() {
        let Some(before) = stored.iter().find(|before| before["name"] == connection["name"]) else {
            continue;
        };
        for (key, value) in before.as_object().into_iter().flatten() {
            let known = ["name", "url", "fingerprint"].contains(&&**key);
            if let (Some(connection), false) = (connection.as_object_mut(), known) {
                connection.entry(key.as_str()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// Why the defaults with `patch` are refused.
#[cfg(test)]
fn refused(patch: Value) -> FieldError {
    Settings::default().patched(&patch).expect_err("refused").first
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const GB: u64 = 1_000_000_000;

    #[test]
    fn the_defaults_are_legal_and_complete() {
        let settings = Settings::default();
        settings.validate().expect("legal");
        let document = serde_json::to_value(&settings).expect("writes");
        assert_eq!(document["logs"]["runBytes"], 20_000_000_000_u64);
        assert_eq!(document["closing"], "ask");
        assert_eq!(document["tray"]["show"], true);
        assert_eq!(document["api"]["http"]["enabled"], false);
        let read: Settings = serde_json::from_value(json!({})).expect("every field has a default");
        assert_eq!(read, settings);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let patch = json!({"finished": {"keepDays": 0, "keepAttempts": 1}, "api": {"http": {"address": "x"}},
            "connections": [{"name": "", "url": "", "fingerprint": "x"}]});
        let errors = Settings::default().patched(&patch).expect_err("refused");
        let fields: Vec<_> =
            [errors.first].into_iter().chain(errors.others).map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "finished.keepDays",
                "finished.keepAttempts",
                "api.http.address",
                "connections[0].name",
                "connections[0].url",
                "connections[0].fingerprint"
            ]
        );
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let changed = Settings::default()
            .patched(&json!({"logs": {"runBytes": null}, "closing": "background"}))
            .expect("legal");
        assert_eq!(changed.logs.run_bytes, None);
        assert_eq!(changed.logs.task_bytes, Some(40 * GB));
        assert_eq!(changed.closing, Closing::Background);
        let again = changed.patched(&json!({"theme": "dark"})).expect("legal");
        assert_eq!(again.logs.run_bytes, None, "an earlier change is lost");
    }

    #[test]
    fn an_error_names_the_field() {
        for (patch, field) in [
            (json!({"logs": {"runBytes": "20 GB"}}), "logs.runBytes"),
            (json!({"logs": {"runBytes": 5}}), "logs.runBytes"),
            (json!({"logs": {"minFreeBytes": null}}), "logs.minFreeBytes"),
            (json!({"logs": {"runByte": 5}}), "logs.runByte"),
            (json!({"logs": {"taskBytes": 2_000_000}}), "logs.taskBytes"),
            (json!({"logs": {"keepHeadBytes": 30 * GB}}), "logs.keepHeadBytes"),
            (json!({"logs": null}), "logs"),
            (json!({"log": {}}), "log"),
            (json!({"finished": {"keepDays": 0}}), "finished.keepDays"),
            (json!({"finished": {"keepDays": 4_000_000_000_u32}}), "finished.keepDays"),
            (json!({"finished": {"keepTasks": u32::MAX}}), "finished.keepTasks"),
            (json!({"logs": {"totalBytes": 1_u64 << 63}}), "logs.totalBytes"),
            (json!({"logs": {"minFreeBytes": u64::MAX}}), "logs.minFreeBytes"),
            (
                json!({"logs": {"runBytes": null, "taskBytes": null, "totalBytes": null, "keepHeadBytes": u64::MAX}}),
                "logs.keepHeadBytes",
            ),
            (json!({"closing": "never"}), "closing"),
            (json!({"editor": {"command": "code"}}), "editor.command"),
            (json!({"api": {"http": {"address": "localhost"}}}), "api.http.address"),
            (json!({"api": {"http": {"address": "0.0.0.0:7654", "tls": "off"}}}), "api.http.tls"),
            (json!({"api": {"http": {"allowedHosts": ["box", "http://x"]}}}), "api.http.allowedHosts[1]"),
            (
                json!({"api": {"http": {"enabled": true}, "grpc": {"enabled": true, "address": "127.0.0.1:7654"}}}),
                "api.grpc.address",
            ),
            (json!({"connections": [{"name": " ", "url": "ssh://box"}]}), "connections[0].name"),
            (
                json!({"connections": [{"name": "a", "url": "ssh://a"}, {"name": "a", "url": "ssh://b"}]}),
                "connections[1].name",
            ),
            (json!(5), "settings"),
        ] {
            let error = refused(patch.clone());
            assert_eq!(error.field, field, "{patch}: {error}");
        }
    }

    #[test]
    fn a_stored_document_is_read_as_far_as_it_is_known() {
        let stored = json!({"theme": "dark", "closing": "teleport", "later": {"x": 1}, "finished": {"keepDays": 7, "keepWhat": 1}});
        let (settings, strange) = Settings::from_stored(&stored);
        assert_eq!((settings.theme, settings.closing), (Theme::Dark, Closing::Ask));
        assert_eq!(settings.finished.keep_days, Some(7));
        assert_eq!(settings.finished.keep_attempts, 1_000);
        let fields: Vec<_> = strange.into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["closing"]);
    }

    #[test]
    fn what_a_later_version_has_stored_stays_when_something_else_is_changed() {
        let stored = json!({"theme": "dark", "closing": "teleport", "later": {"x": 1}, "finished": {"keepWhat": 1},
            "connections": [{"name": "a", "url": "ssh://a", "jump": "b"}, {"name": "c", "url": "ssh://c", "jump": "d"}]});
        let (settings, _) = Settings::from_stored(&stored);
        assert_eq!(settings.connections.len(), 2);
        let patch = json!({"theme": "light", "finished": {"keepDays": 3},
            "connections": [{"name": "a", "url": "ssh://new"}]});
        let changed = settings.patched(&patch).expect("legal");
        let written = changed.to_stored(&stored, &patch);
        assert_eq!(written["theme"], "light");
        assert_eq!(
            written["finished"],
            json!({"keepDays": 3, "keepTasks": null, "keepAttempts": 1000, "keepWhat": 1})
        );
        assert_eq!((&written["later"], &written["closing"]), (&json!({"x": 1}), &json!("teleport")));
        assert_eq!(written["connections"], json!([{"name": "a", "url": "ssh://new", "jump": "b"}]));
        assert_eq!(Settings::from_stored(&written).0, changed);
    }
}
