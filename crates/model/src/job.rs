//! A saved job: a spec under a name, with what it is told when it is run, and when it is run by itself.

use crate::bounds::{MAX_PARAMETERS, MAX_SCHEDULES};
use crate::parameter::{SAMPLE_PATH, samples, secrets, unbound};
use crate::placeholders::{fill, values};
use crate::stored::without_unknown_fields;
use crate::{Days, FieldError, JobName, JobOrder, Parameter, Schedule, SecretText, TaskSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use solti_schedule::Zones;
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

const MAX_TITLE_BYTES: usize = 200;
const MAX_NOTES_BYTES: usize = 64 * 1024;
/// Fields that a revision is said to have changed at most.
const MAX_CHANGED: usize = 50;

/// A saved job. `revision` and the times are set when it is saved; whatever is given for them is passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Job {
    /// What it is called wherever it is named, for ever.
    pub name: JobName,
    /// What a person calls it; the name when absent. 200 bytes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// Whatever a person wants to remember of it, 64 KiB at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notes: Option<String>,
    /// From 1; one more each time that it is saved otherwise.
    #[serde(default)]
    #[ts(optional, as = "Option<u32>")]
    pub revision: u32,
    /// What is run. `{{name}}` in arguments, the working directory, variables and the fields of a container stands for the value
    /// of a parameter.
    pub spec: TaskSpec,
    /// What it is told when it is run.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<Parameter>>")]
    pub parameters: Vec<Parameter>,
    /// When it is run by itself.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<Schedule>>")]
    pub schedules: Vec<Schedule>,
    /// Unix milliseconds.
    #[serde(default)]
    #[ts(optional, as = "Option<f64>")]
    pub created_at: u64,
    /// Unix milliseconds.
    #[serde(default)]
    #[ts(optional, as = "Option<f64>")]
    pub updated_at: u64,
}

fn within_bytes(field: &str, text: Option<&String>, most: usize) -> Result<(), FieldError> {
    match text {
        Some(text) if text.len() > most => {
            Err(FieldError::new(field, format!("must be at most {most} bytes")))
        }
        _ => Ok(()),
    }
}

fn inside(path: String) -> impl FnOnce(FieldError) -> FieldError {
    move |error| error.within(&path)
}

impl Job {
    /// # Errors
    /// The first rule that is broken, with the field within the job.
    pub fn validate(&self, zones: &Zones) -> Result<(), FieldError> {
        within_bytes("title", self.title.as_ref(), MAX_TITLE_BYTES)?;
        within_bytes("notes", self.notes.as_ref(), MAX_NOTES_BYTES)?;
        let most = |field: &str, n: usize, most: usize| match n > most {
            true => Err(FieldError::new(field, format!("must be at most {most}"))),
            false => Ok(()),
        };
        most("parameters", self.parameters.len(), MAX_PARAMETERS)?;
        most("schedules", self.schedules.len(), MAX_SCHEDULES)?;
        let mut variables = BTreeSet::new();
        for (n, parameter) in self.parameters.iter().enumerate() {
            parameter.validate().map_err(inside(format!("parameters[{n}]")))?;
            if !variables.insert(parameter.variable()) {
                let twice = format!("two parameters would be the variable {}", parameter.variable());
                return Err(FieldError::new(format!("parameters[{n}].name"), twice));
            }
        }
        self.validate_filled().map_err(inside("spec".into()))?;
        let mut ids = BTreeSet::new();
        for (n, schedule) in self.schedules.iter().enumerate() {
            let at = || format!("schedules[{n}]");
            schedule.rule(zones, 0).map_err(inside(at()))?;
            if schedule.id.as_ref().is_some_and(|id| !ids.insert(id)) {
                return Err(FieldError::new(
                    format!("{}.id", at()),
                    "is already taken by another schedule of the job",
                ));
            }
            if let Some(secret) =
                secrets(&self.parameters).find(|of| schedule.parameters.contains_key(&of.name))
            {
                let problem = "is a secret, and would be stored here: keep it in the keyring";
                return Err(FieldError::new(format!("{}.parameters.{}", at(), secret.name), problem));
            }
            let days = Days { today: "2000-01-02".into(), yesterday: "2000-01-01".into() };
            values(&self.parameters, &schedule.parameters, &days).map_err(inside(at()))?;
        }
        Ok(())
    }

    /// Whether the spec is legal with some values: where a text stands it may be a word or a path, and the job is refused where
    /// neither is right.
    fn validate_filled(&self) -> Result<(), FieldError> {
        let problems = |values: &BTreeMap<String, String>| {
            let mut spec = self.spec.clone();
            fill(&mut spec, &self.parameters, values)?;
            Ok::<_, FieldError>(spec.problems())
        };
        let mut values = samples(&self.parameters);
        let mut left = problems(&values)?;
        for name in unbound(&self.parameters) {
            if left.is_empty() {
                break;
            }
            let mut as_path = values.clone();
            as_path.insert(name.to_owned(), SAMPLE_PATH.to_owned());
            let of_path = problems(&as_path)?;
            if of_path.len() < left.len() {
                (values, left) = (as_path, of_path);
            }
        }
        left.into_iter().next().map_or(Ok(()), Err)
    }

    /// The task that it makes with these values of its parameters. Secrets are not in its spec, and need not be given: they may be
    /// kept.
    ///
    /// # Errors
    /// With the field `parameters.<name>` for a value that is missing, unknown or wrong.
    pub fn order(&self, given: &BTreeMap<String, String>, days: &Days) -> Result<JobOrder, FieldError> {
        let mut values = values(&self.parameters, given, days)?;
        let known = secrets(&self.parameters).filter_map(|secret| values.remove_entry(&secret.name));
        let known = known.map(|(name, value)| (name, SecretText::new(value))).collect();
        let mut spec = self.spec.clone();
        fill(&mut spec, &self.parameters, &values).map_err(inside("spec".into()))?;
        spec.labels.entry("name".to_owned()).or_insert_with(|| self.shown_name().to_owned());
        (spec.job, spec.job_revision) = (Some(self.name.clone()), Some(self.revision));
        spec.secrets = secrets(&self.parameters).map(|secret| secret.name.clone()).collect();
        spec.validate().map_err(inside("spec".into()))?;
        Ok(JobOrder { spec, secrets: known })
    }

    /// Whether a run needs a value of this parameter.
    pub fn needs(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|of| of.name == parameter && of.required)
    }

    /// The names of its secret parameters.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        secrets(&self.parameters).map(|secret| secret.name.as_str())
    }

    /// What a person calls it.
    pub fn shown_name(&self) -> &str {
        self.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(self.name.as_str())
    }

    /// The paths of what differs from another state of it; no more than some dozens.
    pub fn changed_from(&self, other: &Self) -> Vec<String> {
        let value = |job: &Self| {
            let mut value = serde_json::to_value(job).unwrap_or_default();
            if let Some(fields) = value.as_object_mut() {
                for set_by_saving in ["revision", "createdAt", "updatedAt"] {
                    fields.remove(set_by_saving);
                }
            }
            value
        };
        let mut changed = Vec::new();
        differing("", &value(other), &value(self), &mut changed);
        changed
    }
}

fn differing(path: &str, old: &Value, new: &Value, changed: &mut Vec<String>) {
    if old == new || changed.len() >= MAX_CHANGED {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        changed.push(path.to_owned());
        return;
    };
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => differing(&path, old, new, changed),
            _ => changed.push(path),
        }
    }
}

/// A job as it is stored. Fields that this version does not know are left out; they stay where they are stored.
///
/// # Errors
/// When it is no job even without them.
pub fn stored_job(text: &str) -> Result<Job, serde_json::Error> {
    if let Ok(job) = serde_json::from_str(text) {
        return Ok(job);
    }
    without_unknown_fields(serde_json::from_str(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(more: Value) -> Job {
        let mut json = json!({
            "name": "nightly-import",
            "spec": {"slot": "etl", "kind": {"subprocess": {
                "mode": {"command": {"command": "import", "args": ["--date", "{{date}}"]}}, "cwd": "{{dir}}"}}},
            "parameters": [
                {"name": "date", "type": "text", "required": true, "pattern": "\\d{4}-\\d{2}-\\d{2}"},
                {"name": "dir", "type": "folder", "default": "/data"},
            ],
            "schedules": [{"id": "night", "cron": "30 2 * * mon-fri", "zone": "Europe/Berlin", "parameters": {"date": "today"}}],
        });
        json.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(json).expect("its shape is right")
    }

    fn days() -> Days {
        Days { today: "2026-11-29".into(), yesterday: "2026-11-28".into() }
    }

    #[test]
    fn a_job_makes_a_task_that_knows_where_it_came_from() {
        let job = job(json!({"title": "Nightly import", "revision": 7}));
        job.validate(&Zones::built_in()).expect("legal");
        let spec = job.order(&job.schedules[0].parameters, &days()).expect("legal").spec;
        let json = serde_json::to_value(&spec).expect("writes");
        assert_eq!(json["kind"]["subprocess"]["mode"]["command"]["args"], json!(["--date", "2026-11-29"]));
        assert_eq!(
            (&json["kind"]["subprocess"]["cwd"], &json["labels"]["name"]),
            (&json!("/data"), &json!("Nightly import"))
        );
        assert_eq!((&json["job"], &json["jobRevision"]), (&json!("nightly-import"), &json!(7)));
        let error = job.order(&BTreeMap::new(), &days()).expect_err("needed");
        assert_eq!(error.to_string(), "parameters.date: is required");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (more, field) in [
            (json!({"title": "x".repeat(201)}), "title"),
            (
                json!({"schedules": [{"cron": "@daily", "parameters": {"date": "today"}}, {"cron": "0 24 * * *"}]}),
                "schedules[1].cron",
            ),
            (json!({"schedules": [{"cron": "@daily"}]}), "schedules[0].parameters.date"),
            (
                json!({"schedules": [{"cron": "@daily", "parameters": {"date": "2026"}}]}),
                "schedules[0].parameters.date",
            ),
            (
                json!({"parameters": [{"name": "dir", "type": "folder"}]}),
                "spec.kind.subprocess.mode.command.args[1]",
            ),
            (
                json!({"parameters": [
                {"name": "date", "type": "text"}, {"name": "dir", "type": "folder"}, {"name": "DATE", "type": "text"}]}),
                "parameters[2].name",
            ),
            (
                json!({"spec": {"slot": "s", "timeout": 0, "kind": {"wasm": {"module": "/m"}}}}),
                "spec.timeout",
            ),
        ] {
            let error = job(more.clone()).validate(&Zones::built_in()).expect_err("refused");
            assert_eq!(error.field, field, "{more}: {error}");
        }
    }

    #[test]
    fn a_text_may_be_the_path_that_a_field_asks_for() {
        let with = |cwd: &str, network: &str| {
            let kind = json!({"container": {"image": "x", "workdir": cwd, "network": network}});
            job(json!({"spec": {"slot": "s", "kind": kind}, "schedules": [], "parameters": [
                {"name": "a", "type": "text"}, {"name": "b", "type": "text"}, {"name": "fixed", "type": "text", "default": "x"}]}))
        };
        for (cwd, network) in
            [("{{a}}", "{{b}}"), ("{{b}}", "{{a}}"), ("{{b}}/{{a}}", "host"), ("/{{a}}", "{{a}}")]
        {
            with(cwd, network).validate(&Zones::built_in()).unwrap_or_else(|error| panic!("{cwd}: {error}"));
        }
        for cwd in ["x{{a}}", "{{fixed}}", "x"] {
            let error = with(cwd, "host").validate(&Zones::built_in()).expect_err(cwd);
            assert_eq!(error.field, "spec.kind.container.workdir", "{cwd}");
        }
        let subprocess = json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "true"}}, "cwd": "{{a}}"}}});
        let job =
            job(json!({"spec": subprocess, "schedules": [], "parameters": [{"name": "a", "type": "text"}]}));
        job.validate(&Zones::built_in()).expect("legal");
        let given = BTreeMap::from([("a".to_owned(), "not/absolute".to_owned())]);
        let error = job.order(&given, &days()).expect_err("refused when it is run");
        assert_eq!(error.field, "spec.kind.subprocess.cwd");
    }

    #[test]
    fn a_revision_says_what_it_changed() {
        let old = job(json!({}));
        let mut new = job(json!({"title": "New", "revision": 3, "updatedAt": 5}));
        new.spec.timeout = Some(5);
        assert_eq!(new.changed_from(&old), ["spec.timeout", "title"]);
        assert_eq!(old.changed_from(&old), [""; 0]);
    }

    #[test]
    fn a_job_of_a_later_version_is_read_as_far_as_it_is_known() {
        let mut later = serde_json::to_value(job(json!({}))).expect("writes");
        later["owner"] = json!("me");
        later["schedules"][0]["calendar"] = json!("bank holidays");
        assert_eq!(stored_job(&later.to_string()).expect("readable"), job(json!({})));
    }
}
