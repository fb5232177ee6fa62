//! Secret parameters of jobs. Their values are in no spec: where one belongs, `{{name}}` stands in the value of a variable until the
//! program is started. So nothing that is stored, answered or noted holds them.

use crate::parameter::PREFIX;
use crate::placeholders::next_placeholder;
use crate::{EnvVar, FieldError, JobName, TaskKind, TaskSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use ts_rs::TS;

/// A secret on its way to a program. It prints as nothing, and is written nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

/// Values of secret parameters, by their names.
pub type Secrets = BTreeMap<String, SecretText>;

impl SecretText {
    /// Whoever holds the text keeps it out of what is stored and shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the one who hands it to the program, or to the keyring.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

/// A task that a job makes, and the secrets that were given for it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobOrder {
    /// Its `secrets` are all that it may be given.
    pub spec: TaskSpec,
    /// Those that are known already.
    pub secrets: Secrets,
}

impl JobOrder {
    /// Whether a secret has to be looked up.
    pub fn lacks_secrets(&self) -> bool {
        self.spec.secrets.iter().any(|name| !self.secrets.contains_key(name))
    }
}

/// Of a job's secret parameters, which are kept in the keyring of the machine that runs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobSecrets {
    /// By their names.
    pub kept: Vec<String>,
    /// Why nothing can be read from the keyring, or kept in it; absent when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why_not: Option<String>,
}

/// A secret parameter has no value: nobody gave one, and none is kept. `why`: why none can be looked up, where that is so.
pub fn no_secret(job: &JobName, name: &str, why: Option<&str>) -> FieldError {
    let problem = match why {
        Some(why) => format!("is a secret that was not given, and the keyring cannot be asked: {why}"),
        None => format!(
            "is a secret that was not given, and none is kept in the keyring (solti job secret set {job} {name})"
        ),
    };
    FieldError::new(format!("parameters.{name}"), problem)
}

/// Puts secrets where a spec names them: `{{name}}` in the values of variables, of the names in `secrets` alone.
pub fn put_secrets(kind: &mut TaskKind, secrets: &Secrets) {
    for variable in variables(kind) {
        let (mut filled, mut rest) = (String::new(), variable.value.as_str());
        while let Some((before, name, after)) = next_placeholder(rest) {
            filled.push_str(before);
            match secrets.get(name) {
                Some(secret) => filled.push_str(secret.reveal()),
                // Somebody else's braces.
                None => filled.push_str(&rest[before.len()..rest.len() - after.len()]),
            }
            rest = after;
        }
        filled.push_str(rest);
        variable.value = filled;
    }
}

impl TaskSpec {
    /// Takes out a secret that it is run without.
    pub fn without_secret(&mut self, name: &str) {
        self.secrets.retain(|secret| secret != name);
        take_out(&mut self.kind, name);
    }
}

/// The variable that is its own goes, and its place in others is empty.
fn take_out(kind: &mut TaskKind, name: &str) {
    let variables = variables(kind);
    variables.retain(|variable| {
        let alone = next_placeholder(&variable.value)
            .is_some_and(|(before, found, after)| found == name && before.is_empty() && after.is_empty());
        !(alone && variable.key.starts_with(PREFIX))
    });
    put_secrets(kind, &Secrets::from([(name.to_owned(), SecretText::new(""))]));
}

fn variables(kind: &mut TaskKind) -> &mut Vec<EnvVar> {
    match kind {
        TaskKind::Subprocess(task) => &mut task.env,
        TaskKind::Container(task) => &mut task.env,
        TaskKind::Wasm(task) => &mut task.env,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Days, Job, parse_spec};
    use serde_json::json;
    use solti_schedule::Zones;

    fn job(more: serde_json::Value) -> Job {
        let env = json!([{"key": "PGPASSWORD", "value": "{{ password }}"}, {"key": "URL", "value": "x://{{user}}:{{password}}@db"}]);
        let mut json = json!({
            "name": "dump", "revision": 1,
            "spec": {"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "pg_dump"}}, "env": env}}},
            "parameters": [
                {"name": "user", "type": "text", "default": "me"},
                {"name": "password", "type": "secret", "required": true},
                {"name": "pin", "type": "secret"},
            ],
        });
        json.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(json).expect("its shape is right")
    }

    fn days() -> Days {
        Days { today: "2026-11-29".into(), yesterday: "2026-11-28".into() }
    }

    #[test]
    fn a_secret_is_in_no_spec_and_reaches_the_program_all_the_same() {
        let job = job(json!({}));
        job.validate(&Zones::built_in()).expect("legal");
        let given = BTreeMap::from([("password".to_owned(), "hush {{user}}".to_owned())]);
        let order = job.order(&given, &days()).expect("legal");
        let stored = serde_json::to_string(&order.spec).expect("writes");
        assert!(!stored.contains("hush"), "{stored}");
        assert_eq!(order.spec.secrets, ["password", "pin"]);
        assert!(!format!("{order:?}").contains("hush"));
        let mut kind = order.spec.kind.clone();
        put_secrets(&mut kind, &order.secrets);
        let env: Vec<(String, String)> = variables(&mut kind)
            .iter()
            .map(|variable| (variable.key.clone(), variable.value.clone()))
            .collect();
        let expected = [
            ("PGPASSWORD", "hush {{user}}"),
            ("URL", "x://me:hush {{user}}@db"),
            ("SOLTI_PARAM_USER", "me"),
            ("SOLTI_PARAM_PASSWORD", "hush {{user}}"),
            ("SOLTI_PARAM_PIN", "{{pin}}"),
        ];
        assert_eq!(env, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_optional_secret_that_nobody_has_is_not_in_the_environment() {
        let order = job(json!({})).order(&BTreeMap::new(), &days()).expect("asked for later");
        let mut spec = order.spec;
        spec.without_secret("pin");
        assert_eq!(spec.secrets, ["password"]);
        let keys: Vec<String> =
            variables(&mut spec.kind).iter().map(|variable| variable.key.clone()).collect();
        assert_eq!(keys, ["PGPASSWORD", "URL", "SOLTI_PARAM_USER", "SOLTI_PARAM_PASSWORD"]);
    }

    #[test]
    fn a_secret_is_refused_where_others_could_see_it_or_it_would_be_stored() {
        let command = |args: serde_json::Value| json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "x", "args": args}}}}});
        for (more, field, words) in [
            (
                json!({"spec": command(json!(["--password={{password}}"]))}),
                "spec.kind.subprocess.mode.command.args[0]",
                "SOLTI_PARAM_PASSWORD",
            ),
            (
                json!({"parameters": [{"name": "password", "type": "secret", "default": "x"}, {"name": "user", "type": "text"}]}),
                "parameters[0].default",
                "stored",
            ),
            (
                json!({"schedules": [{"cron": "@daily", "parameters": {"password": "x"}}]}),
                "schedules[0].parameters.password",
                "keyring",
            ),
        ] {
            let error = job(more.clone()).validate(&Zones::built_in()).expect_err("refused");
            assert_eq!(error.field, field, "{more}");
            assert!(error.message.contains(words), "{error}");
        }
        // Nor does another value fetch it to where it does not belong.
        let sly = BTreeMap::from([("user".to_owned(), "{{password}}".to_owned())]);
        assert_eq!(job(json!({})).order(&sly, &days()).expect_err("refused").field, "parameters.user");
    }

    #[test]
    fn a_spec_with_secrets_is_of_a_job() {
        let spec = |more: serde_json::Value| {
            let mut spec = json!({"slot": "s", "kind": {"wasm": {"module": "/m"}}, "secrets": ["a"]});
            spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            parse_spec(spec)
        };
        assert!(spec(json!({"job": "j"})).is_ok());
        assert_eq!(spec(json!({})).expect_err("refused").field, "secrets");
        assert_eq!(spec(json!({"job": "j", "secrets": ["a b"]})).expect_err("refused").field, "secrets[0]");
    }
}
