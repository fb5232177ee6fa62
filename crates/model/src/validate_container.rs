//! The rules of a container: what its fields may hold, so that each reaches the engine's command line as it was meant.

use crate::problems::Problems;
use crate::validate::{absolute, examine_args, examine_distinct, examine_env, no_nul, not_blank};
use crate::{ContainerTask, FieldError, MAX_VOLUMES, Volume};

impl ContainerTask {
    pub(crate) fn examine(&self, problems: &mut Problems) {
        let Self { image, command, args, env, volumes, network, user, workdir, pull: _ } = self;
        problems.check(one_word("kind.container.image", "the image", image));
        examine_args("kind.container.command", command, problems);
        examine_args("kind.container.args", args, problems);
        examine_env("kind.container.env", env, problems);
        for (i, var) in env.iter().enumerate().filter(|(_, var)| var.key.contains('*')) {
            // The engine would take it for all variables whose names begin so.
            let field = format!("kind.container.env[{i}].key");
            problems.refuse(field, format!("the name of a variable must not contain '*': {}", var.key));
        }
        if volumes.len() > MAX_VOLUMES {
            problems.refuse("kind.container.volumes", format!("must be at most {MAX_VOLUMES}"));
        }
        for (i, volume) in volumes.iter().enumerate() {
            volume.examine(&format!("kind.container.volumes[{i}]"), problems);
        }
        let targets = volumes.iter().map(|volume| volume.target.as_str());
        examine_distinct(targets, |i| format!("kind.container.volumes[{i}].target"), problems);
        for (field, what, value) in
            [("kind.container.network", "the network", network), ("kind.container.user", "the user", user)]
        {
            if let Some(value) = value {
                problems.check(one_word(field, what, value));
            }
        }
        if let Some(workdir) = workdir {
            problems.check(absolute("kind.container.workdir", workdir));
        }
    }
}

impl Volume {
    fn examine(&self, path: &str, problems: &mut Problems) {
        let source = format!("{path}.source");
        let is_name = {
            let legal = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            self.source.chars().all(legal) && self.source.starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        if !self.is_path() && !is_name {
            problems.refuse(source.clone(), "must be an absolute path, or the name of a volume");
        }
        problems.check(mountable(&source, &self.source));
        let target = format!("{path}.target");
        problems.check(absolute(&target, &self.target).and_then(|()| mountable(&target, &self.target)));
    }
}

/// Engines take what stands behind a comma, or between quotes, for something else.
fn mountable(field: &str, path: &str) -> Result<(), FieldError> {
    if path.contains([',', '"', '\n', '\r']) {
        return Err(FieldError::new(field, "must not contain a comma, a quotation mark or a line break"));
    }
    no_nul(field, path)
}

/// A word that no engine takes for an option.
fn one_word(field: &str, what: &str, value: &str) -> Result<(), FieldError> {
    not_blank(field, what, value)?;
    if value.starts_with('-') {
        return Err(FieldError::new(field, format!("{what} must not begin with '-'")));
    }
    if value.contains(char::is_whitespace) {
        return Err(FieldError::new(field, format!("{what} must not contain spaces")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::TaskSpec;
    use serde_json::json;

    #[test]
    fn what_an_engine_would_take_for_something_else_is_refused_by_field() {
        let spec = |container| -> TaskSpec {
            serde_json::from_value(json!({"slot": "s", "kind": {"container": container}})).expect("its shape")
        };
        let fields = |spec: TaskSpec| -> Vec<String> {
            spec.problems().into_iter().map(|problem| problem.field).collect()
        };
        let fine = json!({
            "image": "docker.io/library/alpine:3",
            "volumes": [{"source": "/srv/data", "target": "/data", "readOnly": true},
                        {"source": "cache_1", "target": "/cache"}],
            "network": "none", "user": "1000:1000", "workdir": "/data", "pull": "never",
        });
        assert_eq!(fields(spec(fine)), Vec::<String>::new());
        let wrong = json!({
            "image": "--privileged",
            "env": [{"key": "A*", "value": ""}],
            "volumes": [{"source": "data/x", "target": "x"}, {"source": "/a,b", "target": "/t"},
                        {"source": "/a", "target": "/t/"}],
            "network": "a b", "user": "", "workdir": "here",
        });
        let expected = [
            "image",
            "env[0].key",
            "volumes[0].source",
            "volumes[0].target",
            "volumes[1].source",
            "volumes[2].target",
            "network",
            "user",
            "workdir",
        ];
        assert_eq!(fields(spec(wrong)), expected.map(|field| format!("kind.container.{field}")));
    }
}
