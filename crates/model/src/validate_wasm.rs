//! The rules of a WebAssembly module.

use crate::problems::Problems;
use crate::validate::{absolute, examine_args, examine_distinct, examine_env, not_blank};
use crate::{MAX_WASM_DIRS, WasmTask};

impl WasmTask {
    pub(crate) fn examine(&self, problems: &mut Problems) {
        let Self { module, args, env, dirs } = self;
        let is_there = not_blank("kind.wasm.module", "the path of the module", module);
        problems.check(is_there.and_then(|()| absolute("kind.wasm.module", module)));
        examine_args("kind.wasm.args", args, problems);
        examine_env("kind.wasm.env", env, problems);
        if dirs.len() > MAX_WASM_DIRS {
            problems.refuse("kind.wasm.dirs", format!("must be at most {MAX_WASM_DIRS}"));
        }
        for (i, dir) in dirs.iter().enumerate() {
            problems.check(absolute(&format!("kind.wasm.dirs[{i}].host"), &dir.host));
            problems.check(not_blank(
                &format!("kind.wasm.dirs[{i}].guest"),
                "the name of the folder",
                &dir.guest,
            ));
        }
        let guests = dirs.iter().map(|dir| dir.guest.as_str());
        examine_distinct(guests, |i| format!("kind.wasm.dirs[{i}].guest"), problems);
    }
}

#[cfg(test)]
mod tests {
    use crate::{MAX_WASM_DIRS, TaskSpec};
    use serde_json::json;

    fn fields(wasm: serde_json::Value) -> Vec<String> {
        let spec: TaskSpec =
            serde_json::from_value(json!({"slot": "s", "kind": {"wasm": wasm}})).expect("its shape");
        spec.problems().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn what_no_module_could_be_run_with_is_refused_by_field() {
        let fine = json!({"module": "/m.wasm", "dirs": [
            {"host": "/srv", "guest": "/data", "readOnly": true}, {"host": "/srv", "guest": "."}]});
        assert_eq!(fields(fine), Vec::<String>::new());
        let wrong = json!({"module": "m.wasm", "args": ["a\0"], "env": [{"key": "A=", "value": ""}], "dirs": [
            {"host": "srv", "guest": "/data"}, {"host": "/srv", "guest": " "}, {"host": "/srv", "guest": "/data/"}]});
        let expected = [
            "kind.wasm.module",
            "kind.wasm.args[0]",
            "kind.wasm.env[0].key",
            "kind.wasm.dirs[0].host",
            "kind.wasm.dirs[1].guest",
            "kind.wasm.dirs[2].guest",
        ];
        assert_eq!(fields(wrong), expected);
        assert_eq!(fields(json!({"module": ""})), ["kind.wasm.module"]);
        let dir = |i: usize| json!({"host": "/srv", "guest": format!("/{i}")});
        let many: Vec<_> = (0..=MAX_WASM_DIRS).map(dir).collect();
        assert_eq!(fields(json!({"module": "/m", "dirs": many})), ["kind.wasm.dirs"]);
    }
}
