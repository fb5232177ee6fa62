//! The values of a job's parameters in its spec.
//!
//! A value is in the environment as `SOLTI_PARAM_<NAME>`, and stands where the spec holds `{{name}}`: in arguments, the
//! working directory, variables and the fields of a container. It never stands in the text of a program, be it a script or what
//! a shell is given with `-c`: there it would be read as code. A secret is in the values of variables alone, see `job_secrets`.

use crate::parameter::{is_name, secrets};
use crate::program_text;
use crate::{
    CommandMode, Days, EnvVar, FieldError, Parameter, ParameterType, Stdin, SubprocessMode, TaskKind,
    TaskSpec,
};
use std::collections::BTreeMap;

/// The values of a run by name; the default, or nothing, where none is given. That a secret is not given is found later: it may be
/// kept.
///
/// # Errors
/// With the field `parameters.<name>`.
pub(crate) fn values(
    parameters: &[Parameter],
    given: &BTreeMap<String, String>,
    days: &Days,
) -> Result<BTreeMap<String, String>, FieldError> {
    let field = |name: &str| format!("parameters.{name}");
    if let Some(unknown) = given.keys().find(|name| parameters.iter().all(|known| known.name != **name)) {
        let known: Vec<_> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let has = match &known[..] {
            [] => "the job has no parameters".to_owned(),
            [one] => format!("the job has the parameter {one}"),
            known => format!("the job has the parameters {}", known.join(", ")),
        };
        return Err(FieldError::new(field(unknown), format!("is unknown: {has}")));
    }
    let mut values = BTreeMap::new();
    for parameter in parameters {
        let name = &parameter.name;
        let value = match given.get(name).or(parameter.default.as_ref()) {
            Some(given) => {
                parameter.value(given, days).map_err(|problem| FieldError::new(field(name), problem))?
            }
            None if parameter.kind == ParameterType::Secret => continue,
            None if parameter.required => return Err(FieldError::new(field(name), "is required")),
            None => continue,
        };
        // It would be put in at the start, wherever this value stands.
        if parameter.kind != ParameterType::Secret
            && let Some(secret) = secrets(parameters).find(|secret| holds(&value, &secret.name))
        {
            let problem = format!("must not hold {}, which is a secret", secret.placeholder());
            return Err(FieldError::new(field(name), problem));
        }
        values.insert(name.clone(), value);
    }
    Ok(values)
}

fn holds(text: &str, name: &str) -> bool {
    let mut rest = text;
    while let Some((_, found, after)) = next_placeholder(rest) {
        if found == name {
            return true;
        }
        rest = after;
    }
    false
}

/// Puts the values where the spec asks for them, and into its environment. A parameter without a value is an empty text in the
/// spec, and not in the environment.
///
/// # Errors
/// For a placeholder that names no parameter, and for one in the text of a program, with the field within the spec.
pub(crate) fn fill(
    spec: &mut TaskSpec,
    parameters: &[Parameter],
    values: &BTreeMap<String, String>,
) -> Result<(), FieldError> {
    let filler = Filler { parameters, values };
    for (name, value) in &spec.labels {
        filler.as_it_stands(&format!("labels.{name}"), name)?;
        filler.as_it_stands(&format!("labels.{name}"), value)?;
    }
    match &spec.stdin {
        Stdin::Text(text) => filler.as_it_stands("stdin.text", text)?,
        Stdin::File(path) => filler.as_it_stands("stdin.file", path)?,
        Stdin::None | Stdin::Open => {}
    }
    match &mut spec.kind {
        TaskKind::Subprocess(task) => {
            match &mut task.mode {
                SubprocessMode::Command(CommandMode { command, args }) => {
                    filler.as_it_stands("kind.subprocess.mode.command.command", command)?;
                    filler.arguments("kind.subprocess.mode.command.args", &[command], args)?;
                }
                SubprocessMode::Script(script) => {
                    if let Ok(text) = script.text() {
                        filler.program("kind.subprocess.mode.script.body", &text)?;
                    }
                    // They are for the script, which may start what they name.
                    filler.arguments("kind.subprocess.mode.script.args", &[""], &mut script.args)?;
                }
            }
            if let Some(cwd) = &mut task.cwd {
                filler.text("kind.subprocess.cwd", cwd)?;
            }
            filler.variables("kind.subprocess.env", &mut task.env)?;
        }
        TaskKind::Container(task) => {
            // An image may be called as the program that takes the options.
            let image = task.image.clone();
            let by_image = task.args.first().is_some_and(|first| first.starts_with('-'));
            let command = task.command.clone();
            let before: Vec<&str> = match command.is_empty() && by_image {
                true => vec![image_name(&image)],
                false => command.iter().map(String::as_str).collect(),
            };
            filler.text("kind.container.image", &mut task.image)?;
            filler.arguments("kind.container.command", &[], &mut task.command)?;
            filler.arguments("kind.container.args", &before, &mut task.args)?;
            for (n, volume) in task.volumes.iter_mut().enumerate() {
                filler.text(&format!("kind.container.volumes[{n}].source"), &mut volume.source)?;
                filler.text(&format!("kind.container.volumes[{n}].target"), &mut volume.target)?;
            }
            for (field, text) in [
                ("kind.container.network", &mut task.network),
                ("kind.container.user", &mut task.user),
                ("kind.container.workdir", &mut task.workdir),
            ] {
                if let Some(text) = text {
                    filler.text(field, text)?;
                }
            }
            filler.variables("kind.container.env", &mut task.env)?;
        }
        TaskKind::Wasm(task) => {
            filler.arguments("kind.wasm.args", &[&task.module], &mut task.args)?;
            filler.text("kind.wasm.module", &mut task.module)?;
            filler.variables("kind.wasm.env", &mut task.env)?;
            for (n, dir) in task.dirs.iter_mut().enumerate() {
                filler.text(&format!("kind.wasm.dirs[{n}].host"), &mut dir.host)?;
                filler.text(&format!("kind.wasm.dirs[{n}].guest"), &mut dir.guest)?;
            }
        }
    }
    Ok(())
}

struct Filler<'a> {
    parameters: &'a [Parameter],
    values: &'a BTreeMap<String, String>,
}

impl Filler<'_> {
    fn text(&self, field: &str, text: &mut String) -> Result<(), FieldError> {
        self.filled(field, text, |secret| {
            let problem = format!(
                "holds {{{{{}}}}}, a secret, and others could see it here: it is the variable {}, and may stand in the value of another",
                secret.name,
                secret.variable()
            );
            Err(FieldError::new(field, problem))
        })
    }

    /// `secret` says what stands for one.
    fn filled(
        &self,
        field: &str,
        text: &mut String,
        secret: impl Fn(&Parameter) -> Result<String, FieldError>,
    ) -> Result<(), FieldError> {
        let (mut filled, mut rest) = (String::new(), text.as_str());
        while let Some((before, name, after)) = next_placeholder(rest) {
            let Some(parameter) = self.parameters.iter().find(|parameter| parameter.name == name) else {
                let problem = format!("holds {{{{{name}}}}}, and the job has no such parameter");
                return Err(FieldError::new(field, problem));
            };
            filled.push_str(before);
            match parameter.kind {
                ParameterType::Secret => filled.push_str(&secret(parameter)?),
                _ => filled.push_str(self.values.get(name).map_or("", String::as_str)),
            }
            rest = after;
        }
        filled.push_str(rest);
        *text = filled;
        Ok(())
    }

    /// `before` stands before them in the same command.
    fn arguments(&self, field: &str, before: &[&str], args: &mut [String]) -> Result<(), FieldError> {
        let words: Vec<&str> = before.iter().copied().chain(args.iter().map(String::as_str)).collect();
        let is_code = program_text::code(&words).split_off(before.len());
        for (n, (arg, is_code)) in args.iter_mut().zip(is_code).enumerate() {
            let field = format!("{field}[{n}]");
            match is_code {
                true => self.program(&field, arg)?,
                false => self.text(&field, arg)?,
            }
        }
        Ok(())
    }

    /// A value would be read as code here.
    fn program(&self, field: &str, text: &str) -> Result<(), FieldError> {
        self.refuse(field, text, "is never put into the text of a program")
    }

    /// Whoever writes it here would wait in vain for the value.
    fn as_it_stands(&self, field: &str, text: &str) -> Result<(), FieldError> {
        self.refuse(field, text, "is not filled in here")
    }

    fn refuse(&self, field: &str, text: &str, why: &str) -> Result<(), FieldError> {
        let mut rest = text;
        while let Some((_, name, after)) = next_placeholder(rest) {
            if let Some(parameter) = self.parameters.iter().find(|parameter| parameter.name == name) {
                let problem = format!(
                    "holds {{{{{name}}}}}, which {why}: the program has it as the variable {}",
                    parameter.variable()
                );
                return Err(FieldError::new(field, problem));
            }
            rest = after;
        }
        Ok(())
    }

    fn variables(&self, field: &str, env: &mut Vec<EnvVar>) -> Result<(), FieldError> {
        for (n, variable) in env.iter_mut().enumerate() {
            self.as_it_stands(&format!("{field}[{n}].key"), &variable.key)?;
            let field = format!("{field}[{n}].value");
            self.filled(&field, &mut variable.value, |secret| Ok(secret.placeholder()))?;
        }
        env.extend(self.parameters.iter().filter_map(|parameter| {
            let value = match parameter.kind {
                ParameterType::Secret => parameter.placeholder(),
                _ => self.values.get(&parameter.name)?.clone(),
            };
            Some(EnvVar { key: parameter.variable(), value })
        }));
        Ok(())
    }
}

/// `bash` of `docker.io/library/bash:5`.
fn image_name(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split([':', '@']).next().unwrap_or(last)
}

/// The first `{{name}}` of a text, with what is before and behind it. What has no name between its braces, such as `{{.Names}}`, is
/// text for somebody else.
pub(crate) fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find("{{")?;
        let inner = &text[open + 2..];
        let close = inner.find("}}")?;
        let name = inner[..close].trim();
        if is_name(name) {
            return Some((&text[..open], name, &inner[close + 2..]));
        }
        from = open + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_spec;
    use serde_json::json;

    fn parameters(json: serde_json::Value) -> Vec<Parameter> {
        serde_json::from_value(json).expect("their shape is right")
    }

    fn days() -> Days {
        Days { today: "2026-11-29".into(), yesterday: "2026-11-28".into() }
    }

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn filled(kind: serde_json::Value) -> Result<serde_json::Value, FieldError> {
        let parameters = parameters(json!([
            {"name": "date", "type": "text"}, {"name": "dir", "type": "folder"}, {"name": "not-given", "type": "text"}
        ]));
        let values = given(&[("date", "$(rm -rf /) {{dir}}"), ("dir", "/data")]);
        let mut spec = parse_spec(json!({"slot": "s", "kind": kind})).expect("legal");
        fill(&mut spec, &parameters, &values)?;
        Ok(serde_json::to_value(spec.kind).expect("writes"))
    }

    #[test]
    fn values_are_checked_by_type_and_have_defaults() {
        let known = parameters(json!([
            {"name": "date", "type": "text", "required": true, "default": "today", "pattern": "\\d{4}-\\d{2}-\\d{2}"},
            {"name": "word", "type": "text"},
            {"name": "n", "type": "number"},
            {"name": "dry", "type": "boolean"},
            {"name": "where", "type": "choice", "choices": ["a", "b"]},
            {"name": "dir", "type": "folder"},
        ]));
        known.iter().for_each(|parameter| parameter.validate().expect("legal"));
        let all = values(&known, &given(&[("word", "today"), ("n", "-1.5")]), &days()).expect("legal");
        assert_eq!(all, given(&[("date", "2026-11-29"), ("word", "today"), ("n", "-1.5")]));
        let before = values(&known, &given(&[("date", "yesterday")]), &days()).expect("legal");
        assert_eq!(before["date"], "2026-11-28");
        for (name, value, problem) in [
            ("date", "2026-1-1", "must match \\d{4}-\\d{2}-\\d{2}"),
            ("date", "2026-01-01; rm", "must match \\d{4}-\\d{2}-\\d{2}"),
            ("n", "many", "must be a number"),
            ("n", "inf", "must be a number"),
            ("dry", "yes", "must be true or false"),
            ("where", "c", "must be one of a, b"),
            ("dir", "data", "must be an absolute path"),
            ("word", "a\0b", "must not contain a NUL character"),
            ("data", "x", "is unknown: the job has the parameters date, word, n, dry, where, dir"),
        ] {
            let error = values(&known, &given(&[(name, value)]), &days()).expect_err(name);
            assert_eq!(
                (error.field.as_str(), error.message.as_str()),
                (&*format!("parameters.{name}"), problem)
            );
        }
        let needed = parameters(json!([{"name": "a", "type": "text", "required": true}]));
        let error = values(&needed, &given(&[("b", "x")]), &days()).expect_err("unknown");
        assert_eq!(error.message, "is unknown: the job has the parameter a");
        let error = values(&needed, &BTreeMap::new(), &days()).expect_err("needed");
        assert_eq!(error.to_string(), "parameters.a: is required");
    }

    #[test]
    fn a_parameter_where_none_is_filled_in_is_refused_by_field() {
        let parameters = parameters(json!([{"name": "date", "type": "text"}]));
        let command = |command: &str, key: &str| json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": command}}, "env": [{"key": key, "value": "{{date}}"}]}}});
        let with = |field: &str, value: serde_json::Value| {
            let mut spec = command("true", "A");
            spec[field] = value;
            spec
        };
        for (spec, field) in [
            (command("{{date}}", "A"), "kind.subprocess.mode.command.command"),
            (command("true", "A_{{ date }}"), "kind.subprocess.env[0].key"),
            (with("stdin", json!({"text": "of {{date}}"})), "stdin.text"),
            (with("labels", json!({"day": "{{date}}"})), "labels.day"),
        ] {
            let mut spec = parse_spec(spec).expect("legal");
            let refused = fill(&mut spec, &parameters, &given(&[("date", "x")])).expect_err(field);
            assert_eq!(refused.field, field);
            assert!(refused.message.contains("the variable SOLTI_PARAM_DATE"), "{refused}");
        }
        // What names no parameter is somebody else's.
        let mut spec = parse_spec(with("labels", json!({"shape": "{{ other }}"}))).expect("legal");
        fill(&mut spec, &parameters, &given(&[("date", "x")])).expect("filled");
    }

    #[test]
    fn values_stand_where_the_spec_asks_for_them_and_are_not_read_again() {
        let command = json!({"command": "import", "args": ["--date={{date}}", "{{ dir }}/x", "{{.Names}} {{ 1 }}", "{{not-given}}"]});
        let kind = json!({"subprocess": {"mode": {"command": command}, "cwd": "/{{dir}}",
            "env": [{"key": "D", "value": "<{{date}}>"}]}});
        let filled = filled(kind).expect("legal");
        let task = &filled["subprocess"];
        assert_eq!(
            task["mode"]["command"]["args"],
            json!(["--date=$(rm -rf /) {{dir}}", "/data/x", "{{.Names}} {{ 1 }}", ""])
        );
        assert_eq!(task["cwd"], "//data");
        assert_eq!(
            task["env"],
            json!([
                {"key": "D", "value": "<$(rm -rf /) {{dir}}>"},
                {"key": "SOLTI_PARAM_DATE", "value": "$(rm -rf /) {{dir}}"},
                {"key": "SOLTI_PARAM_DIR", "value": "/data"},
            ])
        );
    }

    #[test]
    fn an_unknown_placeholder_is_an_error_that_names_it() {
        let kind = json!({"subprocess": {"mode": {"command": {"command": "a", "args": ["b", "x{{data}}"]}}}});
        let error = filled(kind).expect_err("unknown");
        assert_eq!(error.field, "kind.subprocess.mode.command.args[1]");
        assert_eq!(error.message, "holds {{data}}, and the job has no such parameter");
    }

    #[test]
    fn no_value_gets_into_the_text_of_a_program() {
        use base64::Engine as _;
        let body = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let script =
            |text: &str| json!({"subprocess": {"mode": {"script": {"runtime": "bash", "body": body(text)}}}});
        let command = |words: &[&str]| json!({"subprocess": {"mode": {"command": {"command": words[0], "args": words[1..]}}}});
        let container = |command: &[&str], args: &[&str]| json!({"container": {"image": "docker.io/library/bash:5", "command": command, "args": args}});
        for kind in [
            script("echo {{date}}"),
            command(&["sh", "-c", "echo {{date}}"]),
            command(&["/bin/bash", "-lc", "echo {{date}}"]),
            command(&["sudo", "-u", "me", "python3.11", "-c", "print('{{date}}')"]),
            command(&["env", "node", "--eval", "{{date}}"]),
            command(&["awk", "BEGIN{print {{date}}}"]),
            container(&["sh"], &["-c", "echo {{date}}"]),
            container(&["sh", "-c"], &["echo {{date}}"]),
            container(&["sh", "-ce"], &["echo {{date}}"]),
            container(&["sh", "-c", "-e"], &["echo {{date}}"]),
            container(&["sh", "-c", "echo {{date}}"], &[]),
            container(&[], &["sh", "-c", "echo {{date}}"]),
            container(&[], &["-c", "echo {{date}}"]),
            json!({"wasm": {"module": "/opt/python.wasm", "args": ["-c", "print({{date}})"]}}),
        ] {
            let error = filled(kind.clone()).expect_err("refused");
            assert!(error.message.ends_with("the variable SOLTI_PARAM_DATE"), "{kind}: {error}");
        }
        // Others' braces in a script are its own.
        for kind in [
            script("jinja '{{ other }}'"),
            command(&["sh", "-c", "echo \"$1\" {{ other }}", "name", "{{date}}"]),
            command(&["bash", "run.sh", "{{date}}"]),
            command(&["grep", "-c", "{{date}}"]),
            container(&["sh", "-c"], &["echo \"$1\"", "name", "{{date}}"]),
            container(&["sh", "-c", "import \"$@\"", "name"], &["{{date}}"]),
            container(&[], &["run.sh", "-c", "{{date}}"]),
        ] {
            filled(kind.clone()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        }
    }
}
