//! What a person sets for this machine as a whole: the document, its defaults, its rules, and how a part of it is changed.
//!
//! Every field has a default, so that a document of an earlier version reads as it did. Where it is kept is `solti-store`,
//! who may change it and who follows it `solti-api`. Tokens are never part of it. Sizes are bytes, powers of 1,000 as disks
//! are sold.

use crate::bounds::within;
use crate::lane_machines::HERE;
use crate::stored::without_unknown_fields;
use crate::{
    EditorSettings, FieldError, MAX_BYTES, MAX_KEEP_DAYS, MAX_KEEP_TASKS, MAX_KEPT_ATTEMPTS, MIN_LOG_BYTES,
    MachineUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::net::{IpAddr, SocketAddr};
use ts_rs::TS;
use url::Host;

const MB: u64 = 1_000_000;
const GB: u64 = 1_000 * MB;

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

/// A Slurm cluster whose `sbatch` is on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SlurmSettings {
    /// Whether tasks may be handed to it.
    pub enabled: bool,
    /// A folder that this machine and all nodes have under the same path, as a home directory on such a cluster is: logs and records of
    /// its tasks are kept in it. `null` until one is chosen.
    pub folder: Option<String>,
}

impl SlurmSettings {
    fn validate(&self) -> Result<(), FieldError> {
        match self.folder.as_deref() {
            None if self.enabled => Err(FieldError::new(
                "slurm.folder",
                "is required: a folder that this machine and all nodes have",
            )),
            Some(folder) if folder.contains(['\0', '\n']) => {
                Err(FieldError::new("slurm.folder", "must not contain a NUL character or a line break"))
            }
            Some(folder) if !folder.starts_with('/') => {
                Err(FieldError::new("slurm.folder", "must be an absolute path"))
            }
            _ => Ok(()),
        }
    }
}

/// How much logs may take. `null` is without a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogSettings {
    /// Each run.
    #[ts(type = "number | null")]
    pub run_bytes: Option<u64>,
    /// All runs of a task.
    #[ts(type = "number | null")]
    pub task_bytes: Option<u64>,
    /// All runs of all tasks.
    #[ts(type = "number | null")]
    pub total_bytes: Option<u64>,
    /// Logs are shortened before less than this is free on their disk.
    #[ts(type = "number")]
    pub min_free_bytes: u64,
    /// The beginning of each log, which is kept when older parts are removed.
    #[ts(type = "number")]
    pub keep_head_bytes: u64,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            run_bytes: Some(20 * GB),
            task_bytes: Some(40 * GB),
            total_bytes: Some(100 * GB),
            min_free_bytes: 2 * GB,
            keep_head_bytes: 1024 * 1024,
        }
    }
}

impl LogSettings {
    /// What is to stay free on a disk that has `free_bytes` left when logs are first kept there: half of that, in steps of 10 MB,
    /// where the default would remove nearly all of them at once; `None` where it would not.
    pub fn first_min_free(free_bytes: u64) -> Option<u64> {
        const STEP: u64 = 10_000_000;
        let half = free_bytes / 2;
        (half < Self::default().min_free_bytes).then_some(half - half % STEP)
    }
}

/// How long what is over is kept; `null` is for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FinishedSettings {
    /// After so many days a finished task goes.
    pub keep_days: Option<u32>,
    /// The latest so many.
    pub keep_tasks: Option<u32>,
    /// Of a task's attempts the latest so many, beside the first ten: runs, events and logs. 10 to 10,000.
    pub keep_attempts: u32,
}

impl Default for FinishedSettings {
    fn default() -> Self {
        Self { keep_days: None, keep_tasks: None, keep_attempts: 1_000 }
    }
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

/// What the desktop is told of when no window is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NotificationSettings {
    /// When a task fails.
    pub failures: bool,
    /// When a task that ran for long finishes.
    pub long_runs: bool,
    /// What is otherwise for tasks with some label; of several rules the first one that says something. What a task says of
    /// itself (`notify`) goes before. 50 at most.
    pub rules: Vec<NotificationRule>,
}

/// What the desktop is told of tasks with a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationRule {
    /// The label's key; `name` is what a task is called.
    pub label: String,
    /// Its value.
    pub value: String,
    /// Whether a failure is told; as usual when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_failure: Option<bool>,
    /// Whether a success is told, however short it was; as usual when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_success: Option<bool>,
}

/// Rules for notifications that there can be.
pub const MAX_NOTIFICATION_RULES: usize = 50;

impl NotificationSettings {
    fn validate(&self) -> Result<(), FieldError> {
        if self.rules.len() > MAX_NOTIFICATION_RULES {
            let most = format!("must be at most {MAX_NOTIFICATION_RULES}");
            return Err(FieldError::new("notifications.rules", most));
        }
        match self.rules.iter().position(|rule| rule.label.trim().is_empty()) {
            Some(at) => Err(FieldError::new(format!("notifications.rules[{at}].label"), "must name a label")),
            None => Ok(()),
        }
    }
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self { failures: true, long_runs: true, rules: vec![] }
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

/// The doors over the network, which are shut until they are opened here. The Unix socket, for this user alone, is always open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApiSettings {
    /// HTTP over TCP.
    pub http: HttpSettings,
    /// gRPC over TCP.
    pub grpc: GrpcSettings,
}

/// HTTP over TCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Whether the door is open.
    pub enabled: bool,
    /// Address and port, as in `127.0.0.1:7654` or `[::1]:7654`.
    pub address: String,
    /// Whether it is encrypted.
    pub tls: TlsMode,
    /// Names under which other machines may call this one, beside its address.
    pub allowed_hosts: Vec<String>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            address: "127.0.0.1:7654".into(),
            tls: TlsMode::Auto,
            allowed_hosts: Vec::new(),
        }
    }
}

/// Whether a door is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TlsMode {
    /// On, except where only this machine can connect.
    #[default]
    Auto,
    /// Off, also where others can listen.
    Off,
}

/// gRPC over TCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GrpcSettings {
    /// Whether the door is open.
    pub enabled: bool,
    /// Address and port, as in `127.0.0.1:7655`.
    pub address: String,
}

impl Default for GrpcSettings {
    fn default() -> Self {
        Self { enabled: false, address: "127.0.0.1:7655".into() }
    }
}

/// Another machine. Its token is kept apart from this document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Connection {
    /// What the person calls it.
    pub name: String,
    /// `https://…`, `http://` to this machine only, or `ssh://[user@]host[:port]`.
    pub url: String,
    /// Of the one certificate that is trusted there, SHA-256; without it the public authorities judge. For `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fingerprint: Option<String>,
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
                Err(error) => strange.push(error),
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
    /// The first rule that is broken, with the field's path: `logs.runBytes`. Nothing is taken then.
    pub fn patched(&self, patch: &Value) -> Result<Self, FieldError> {
        if !patch.is_object() {
            return Err(FieldError::new("settings", "must be an object"));
        }
        let settings = self.merged_with(patch, serde_json::from_value)?;
        settings.validate()?;
        self.refuse_new_names(&settings)?;
        Ok(settings)
    }

    /// One that is stored already still opens, and can be changed and removed.
    fn refuse_new_names(&self, changed: &Self) -> Result<(), FieldError> {
        for (i, Connection { name, .. }) in changed.connections.iter().enumerate() {
            if self.connections.iter().any(|known| known.name == *name) {
                continue;
            }
            let refused = |why: String| Err(FieldError::new(format!("connections[{i}].name"), why));
            if name.trim() == HERE {
                return refused(format!(
                    "must not be {HERE}, which is this machine in a lane; choose another name"
                ));
            }
            if name.trim() != name || name.contains(char::is_control) {
                return refused("must be one line, without blanks at its ends".to_owned());
            }
        }
        Ok(())
    }

    fn merged_with(
        &self,
        patch: &Value,
        read: impl Fn(Value) -> Result<Self, serde_json::Error>,
    ) -> Result<Self, FieldError> {
        // Plain data: it always writes.
        let mut document = serde_json::to_value(self).unwrap_or_default();
        merge(&mut document, patch);
        read(document.clone()).or_else(|_| {
            // Read again, to tell where the error is.
            crate::shape::read_whole(document, "settings").map_err(|errors| errors.first)
        })
    }

    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), FieldError> {
        self.logs.validate()?;
        self.finished.validate()?;
        self.editor.validate()?;
        self.api.validate()?;
        self.notifications.validate()?;
        self.slurm.validate()?;
        for (i, connection) in self.connections.iter().enumerate() {
            connection.validate(&format!("connections[{i}]"))?;
            if self.connections[..i].iter().any(|other| other.name == connection.name) {
                return Err(FieldError::new(
                    format!("connections[{i}].name"),
                    "is the name of another machine already",
                ));
            }
        }
        Ok(())
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

impl LogSettings {
    fn validate(&self) -> Result<(), FieldError> {
        let limits = [
            ("logs.runBytes", self.run_bytes, "a run's"),
            ("logs.taskBytes", self.task_bytes, "a task's"),
            ("logs.totalBytes", self.total_bytes, ""),
        ];
        for (field, limit, _) in limits {
            if let Some(limit) = limit {
                within(field, limit, MIN_LOG_BYTES, MAX_BYTES, " bytes")?;
            }
        }
        for pair in limits.windows(2) {
            let [(_, smaller, whose), (field, larger, _)] = pair else { continue };
            if let (Some(smaller), Some(larger)) = (smaller, larger)
                && larger < smaller
            {
                return Err(FieldError::new(*field, format!("must not be smaller than {whose} limit")));
            }
        }
        within("logs.minFreeBytes", self.min_free_bytes, 0, MAX_BYTES, " bytes")?;
        within("logs.keepHeadBytes", self.keep_head_bytes, 0, MAX_BYTES, " bytes")?;
        let least = limits.iter().filter_map(|(_, limit, _)| *limit).min();
        if least.is_some_and(|least| self.keep_head_bytes > least / 2) {
            return Err(FieldError::new("logs.keepHeadBytes", "must be at most half of the smallest limit"));
        }
        Ok(())
    }
}

impl FinishedSettings {
    /// As many as it takes to see a crash loop.
    const LEAST_ATTEMPTS: u32 = 10;

    fn validate(&self) -> Result<(), FieldError> {
        let rules = [
            ("finished.keepDays", self.keep_days, MAX_KEEP_DAYS),
            ("finished.keepTasks", self.keep_tasks, MAX_KEEP_TASKS),
        ];
        for (field, kept, most) in rules {
            if let Some(kept) = kept {
                within(field, kept, 1, most, "")?;
            }
        }
        if !(Self::LEAST_ATTEMPTS..=MAX_KEPT_ATTEMPTS).contains(&self.keep_attempts) {
            return Err(FieldError::new("finished.keepAttempts", "must be from 10 to 10,000"));
        }
        Ok(())
    }
}

impl ApiSettings {
    fn validate(&self) -> Result<(), FieldError> {
        let http = socket_address("api.http.address", &self.http.address)?;
        let grpc = socket_address("api.grpc.address", &self.grpc.address)?;
        if self.http.tls == TlsMode::Off && !http.ip().is_loopback() {
            return Err(FieldError::new(
                "api.http.tls",
                "can be off only where this machine alone can connect",
            ));
        }
        if self.http.enabled && self.grpc.enabled && http == grpc && http.port() != 0 {
            return Err(FieldError::new("api.grpc.address", "is the address of HTTP already"));
        }
        for (i, host) in self.http.allowed_hosts.iter().enumerate() {
            let plain = matches!(Host::parse(host), Ok(Host::Domain(name)) if name == *host);
            if !plain && host.parse::<IpAddr>().is_err() {
                return Err(FieldError::new(
                    format!("api.http.allowedHosts[{i}]"),
                    "must be a host's name in lower case or an address, without a port",
                ));
            }
        }
        Ok(())
    }
}

fn socket_address(field: &str, text: &str) -> Result<SocketAddr, FieldError> {
    text.parse().map_err(|_| FieldError::new(field, "must be an address and a port, as in 127.0.0.1:7654"))
}

impl Connection {
    const LONGEST_NAME: usize = 64;

    fn validate(&self, field: &str) -> Result<(), FieldError> {
        if self.name.trim().is_empty() || self.name.len() > Self::LONGEST_NAME {
            return Err(FieldError::new(format!("{field}.name"), "must have 1 to 64 letters"));
        }
        MachineUrl::parse(&self.url).map_err(|problem| FieldError::new(format!("{field}.url"), problem))?;
        self.check_fingerprint().map_err(|problem| FieldError::new(format!("{field}.fingerprint"), problem))
    }

    fn check_fingerprint(&self) -> Result<(), &'static str> {
        let Some(text) = &self.fingerprint else { return Ok(()) };
        if !self.url.starts_with("https:") {
            return Err("is for https only, as it is that of a certificate");
        }
        let mut digits = text.chars().filter(|c| *c != ':' && !c.is_whitespace());
        let count = digits.clone().count();
        if count != 64 || !digits.all(|digit| digit.is_ascii_hexdigit()) {
            return Err("must be SHA-256: 32 pairs of hexadecimal digits");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(patch: Value) -> FieldError {
        Settings::default().patched(&patch).expect_err("refused")
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_left_half_of_what_it_has() {
        let floors = [0, 287_000_000, 3_999_999_999, 4_000_000_000].map(LogSettings::first_min_free);
        assert_eq!(floors, [Some(0), Some(140_000_000), Some(1_990_000_000), None]);
    }

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
    fn a_cluster_needs_a_folder_that_has_the_same_name_everywhere() {
        for patch in [
            json!({"slurm": {"enabled": true}}),
            json!({"slurm": {"folder": "shared"}}),
            json!({"slurm": {"folder": "/a\nb"}}),
        ] {
            assert_eq!(refused(patch).field, "slurm.folder");
        }
        let set = Settings::default().patched(&json!({"slurm": {"enabled": true, "folder": "/shared"}}));
        assert_eq!(set.map(|set| set.slurm.folder), Ok(Some("/shared".into())));
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
    fn the_name_of_a_new_machine_is_one_line_that_can_be_typed() {
        let with = |name: &str| json!({"connections": [{"name": name, "url": "ssh://b"}]});
        for name in ["a\nb", " lead", "trail ", "a\tb", "\u{85}x"] {
            assert_eq!(refused(with(name)).field, "connections[0].name", "{name:?}");
        }
        for name in ["a b", "käse", "$(id)"] {
            assert!(Settings::default().patched(&with(name)).is_ok(), "{name:?}");
        }
        let (stored, strange) = Settings::from_stored(&with("a\nb"));
        assert_eq!((stored.connections.len(), strange), (1, vec![]), "one that is there stays");
    }

    #[test]
    fn no_new_machine_is_called_as_this_one_is_in_a_lane() {
        let with = |name: &str| json!({"connections": [{"name": "nas", "url": "ssh://nas"}, {"name": name, "url": "ssh://b"}]});
        for name in ["here", " here"] {
            assert_eq!(refused(with(name)).field, "connections[1].name");
        }
        let (stored, strange) = Settings::from_stored(&with("here"));
        assert_eq!((stored.connections.len(), strange), (2, vec![]));
        let patch = json!({"connections": [{"name": "here", "url": "ssh://c"}], "theme": "dark"});
        assert_eq!(
            stored.patched(&patch).map(|changed| changed.connections[0].url.clone()),
            Ok("ssh://c".into())
        );
    }

    #[test]
    fn a_machine_is_reached_without_its_token_on_the_wire_or_in_the_document() {
        let check = |url: &str| {
            Connection { name: "box".into(), url: url.into(), fingerprint: None }.validate("connections[0]")
        };
        for good in
            ["https://box:7654", "http://127.0.0.1:7654", "http://[::1]:1", "ssh://box", "ssh://me@box:22"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "box",
            "http://box:7654",
            "https://user:secret@box",
            "https://box/?token=x",
            "https://box/api",
            "ssh://",
            "ssh://-oProxyCommand=x",
            "ssh://-l@box",
            "file:///etc/passwd",
            "ftp://box",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pinned_certificate_is_one_of_https() {
        let print = "AB:".repeat(31) + "ab";
        let connected = |url: &str, fingerprint: &str| {
            let connection = json!({"name": "box", "url": url, "fingerprint": fingerprint});
            Settings::default().patched(&json!({ "connections": [connection] }))
        };
        let taken = connected("https://box:7654", &print).expect("legal");
        assert_eq!(taken.connections[0].fingerprint.as_deref(), Some(&*print));
        for (url, fingerprint) in [("ssh://box", &*print), ("https://box", "AB:CD"), ("https://box", "x")] {
            let refused = connected(url, fingerprint).expect_err("refused");
            assert_eq!(refused.field, "connections[0].fingerprint");
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

    #[test]
    fn attempts_are_kept_within_bounds() {
        for (kept, legal) in [(10, true), (10_000, true), (9, false), (0, false), (10_001, false)] {
            let changed = Settings::default().patched(&json!({"finished": {"keepAttempts": kept}}));
            assert_eq!(changed.is_ok(), legal, "{kept}: {changed:?}");
        }
        assert_eq!(refused(json!({"finished": {"keepAttempts": null}})).field, "finished.keepAttempts");
    }
}
