//! From a script to the words of its interpreter.
//!
//! What a process is started with can be read by every user of the machine, so the text is a file of the run folder (0600), and
//! the interpreter is told of it in a way that leaves its arguments, its directory for imports and its flag as they are with the
//! text after the flag. A custom interpreter that is none of those known here knows only the text itself: it gets that as an
//! argument, which the form and the README say. Options in a first line `#!` that names the interpreter count.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use solti_model::{FieldError, ScriptMode, ScriptRuntime};

use crate::{Stage, StartCause, StartFailure, first_line};

/// The script's text in the run folder.
pub(crate) const SCRIPT: &str = "script";
/// What some editors put before a text that is UTF-8.
const BOM: char = '\u{feff}';
/// Makes Python hand on what it prints at once, also to a pipe: in a log that is followed nothing may come a block late.
pub(crate) const UNBUFFERED: (&str, &str) = ("PYTHONUNBUFFERED", "1");

/// By the name of the program.
pub(crate) fn is_python(program: &str) -> bool {
    Language::of(program) == Some(Language::Python)
}

/// The words, with the bare interpreter first, or `env` where the first line has that change something, and the text for the script
/// file if there is to be one.
pub(crate) fn words(
    script: &ScriptMode,
    run_dir: &Path,
) -> Result<(Vec<OsString>, Option<String>), StartFailure> {
    let (program, flag) = (script.runtime.program(), script.runtime.flag());
    let refused = |problem| StartFailure::new(Stage::Resolve, 0, program, StartCause::BadScript { problem });
    let text = script.text().map_err(|error| refused(error.message))?;
    let file = run_dir.join(SCRIPT);
    let language = Language::of(program);
    if let Some(problem) = language.and_then(|language| language.stumbles_over(&text)) {
        return Err(refused(format!("{problem}, which {program} cannot read")));
    }
    let asked = language.map(|language| asked_for(&text, language)).transpose().map_err(refused)?;
    let Asked { env, options } = asked.unwrap_or_default();
    let mut words: Vec<OsString> = env.into_iter().map(OsString::from).collect();
    words.push(program.into());
    words.extend(options.into_iter().map(OsString::from));
    let loader = language.and_then(|language| language.loader(flag, &file));
    let in_file = match (&script.runtime, loader) {
        // A shell takes a file without ado.
        (ScriptRuntime::Bash, _) => {
            words.push(file.into());
            true
        }
        (_, Some(loader)) => {
            words.extend([flag.into(), loader]);
            true
        }
        (_, None) => {
            words.extend([flag.into(), text.as_str().into()]);
            false
        }
    };
    if script.runtime == ScriptRuntime::Node {
        words.push("--".into());
    }
    words.extend(script.args.iter().map(OsString::from));
    Ok((words, in_file.then_some(text)))
}

/// What is known of an interpreter by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Shell,
    Zsh,
    Python,
    Node,
    Perl,
    Ruby,
}

impl Language {
    /// `/opt/bin/python3.12` is Python.
    fn of(program: &str) -> Option<Self> {
        let name = Path::new(program).file_name()?.to_str()?;
        Some(match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "sh" | "bash" | "dash" | "ksh" => Self::Shell,
            "zsh" => Self::Zsh,
            "python" => Self::Python,
            "node" | "nodejs" => Self::Node,
            "perl" => Self::Perl,
            "ruby" => Self::Ruby,
            _ => return None,
        })
    }

    /// What an editor has put into the text, unseen, that it takes for a part of its words, or of a comment. The others skip it.
    fn stumbles_over(self, text: &str) -> Option<&'static str> {
        let first = text.split('\n').next().unwrap_or_default();
        let is_shell = matches!(self, Self::Shell | Self::Zsh);
        // Without such a line a script may well do what it should.
        let begins = first.starts_with("#!");
        match self {
            _ if is_shell && text.starts_with(BOM) => Some("it begins with a byte order mark (BOM)"),
            _ if is_shell && begins && first.ends_with('\r') && first.len() < text.len() => {
                Some("its first line ends in CR LF, as Windows has them")
            }
            // To them a CR alone ends a line.
            Self::Python | Self::Node => None,
            _ if begins && first.trim_end_matches('\r').contains('\r') => {
                Some("its lines end in CR alone, as those of old Macs")
            }
            _ => None,
        }
    }

    /// What to give it after the flag, so that it runs the file as if its text stood there; `None` for a flag of another
    /// meaning. A path in hexadecimal needs no quoting.
    fn loader(self, flag: &str, file: &Path) -> Option<OsString> {
        let path: String = file.as_os_str().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let loader = match (self, flag) {
            // As in `-c`, `-ec`, `-lc`.
            (Self::Shell | Self::Zsh, flag) if is_letters(flag) && flag.ends_with('c') => {
                let quoted = file.as_os_str().as_bytes().split(|byte| *byte == b'\'').collect::<Vec<_>>();
                let quoted = quoted.join(&b"'\\''"[..]);
                let loader = match self {
                    // What it reads by `.` has the file as `$0`, where the first argument is to be.
                    Self::Zsh => [b"eval \"$(<'", &quoted[..], b"')\""].concat(),
                    _ => [b". '", &quoted[..], b"'"].concat(),
                };
                return Some(OsString::from_vec(loader));
            }
            // As in `-c`, `-uc`, `-Ic`, but for letters that take what follows for their own. Given as a plain path, `sys.path[0]`
            // would be the run folder. Its names are those that it has in a file; no other is left in it, nor a file open, of which
            // `-X dev` warns.
            (Self::Python, flag)
                if is_letters(flag) && flag.ends_with('c') && !flag.contains(['m', 'W', 'X']) =>
            {
                format!(
                    "__import__('sys').argv[0]=__file__=__import__('os').fsdecode(bytes.fromhex('{path}'))\n\
                 exec(compile((lambda f:(f.read(),f.close())[0])(open(__file__,'rb')),__file__,'exec'))"
                )
            }
            // Given as a plain path, it would shift `process.argv` by one, and modules would be looked for beside it.
            (Self::Node, "-e" | "--eval") => NODE_LOADER.replace("PATH", &path),
            // These take the file in place of the text, where it has a name, a `__FILE__` and lines.
            (Self::Perl, "-e") => format!("exec $^X,q(--),pack(q(H*),q({path})),@ARGV;die $!"),
            (Self::Perl, "-E") => {
                format!("exec $^X,q(-Mfeature=:all),q(--),pack(q(H*),q({path})),@ARGV;die $!")
            }
            (Self::Ruby, "-e") => format!("load($0=[%q({path})].pack('H*'))"),
            _ => return None,
        };
        Some(loader.into())
    }
}

/// A module among the texts is one that does not parse as anything else; it finds other modules where a text after `-e` does.
const NODE_LOADER: &str = "{const f=Buffer.from('PATH','hex').toString(),v=require('vm'),m=require('module'),u=require('url');\
let s;try{s=new v.Script(require('fs').readFileSync(f,'utf8').replace(/^\\ufeff/,''),{filename:f,\
importModuleDynamically:(v.constants||{}).USE_MAIN_CONTEXT_DEFAULT_LOADER})}\
catch(e){if(!/\\b(import|export|await)\\b/.test(e.message)||!m.register)throw e;\
const o=u.pathToFileURL(f).href,c=u.pathToFileURL(process.cwd()+'/[eval1]').href;\
m.register('data:text/javascript,'+encodeURIComponent('let o,c;export function initialize(d){({o,c}=d)}\
export function resolve(s,x,n){return n(s,x.parentURL===o?{...x,parentURL:c}:x)}\
export function load(u,x,n){return n(u,u===o?{...x,format:\"module\"}:x)}'),{data:{o,c}});import(o)}\
if(s)s.runInThisContext()}";

fn is_letters(flag: &str) -> bool {
    flag.strip_prefix('-')
        .is_some_and(|letters| !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// What the first line adds to the interpreter.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    /// `env` with what it is to change.
    env: Vec<String>,
    options: Vec<String>,
}

/// What the text's first line asks for, if that names an interpreter of this language: `#!/bin/bash -eu`,
/// `#!/usr/bin/env -S LC_ALL=C python3 -u`. A line that is for something else altogether counts for nothing.
///
/// # Errors
/// What of it cannot be done here.
fn asked_for(text: &str, language: Language) -> Result<Asked, String> {
    let Some(line) = first_line::read(text.strip_prefix(BOM).unwrap_or(text))? else {
        return Ok(Asked::default());
    };
    let is_named = |program: &str| Language::of(program) == Some(language);
    if is_named(&line.program) {
        let mut options = line.options;
        // They would end the options before those that load the script.
        options.retain(|word| !["-", "--"].contains(&word.as_str()));
        if language == Language::Perl {
            // It reads the line itself.
            options.clear();
        }
        return Ok(Asked { env: line.env, options });
    }
    match line.options.iter().find(|word| is_named(word)) {
        Some(named) => {
            let through = line.program;
            Err(format!("its first line starts {named} through {through}, where only env is understood"))
        }
        None => Ok(Asked::default()),
    }
}

/// Whether the first line of a task's script can be read. What else keeps one from running is said when it is to start.
pub(crate) fn check(script: &ScriptMode) -> Result<(), FieldError> {
    let (Ok(text), Some(language)) = (script.text(), Language::of(script.runtime.program())) else {
        return Ok(());
    };
    let asked = asked_for(&text, language);
    asked.map(drop).map_err(|problem| {
        FieldError::new("kind.subprocess.mode.script.body", format!("the script cannot be run: {problem}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_for_the_interpreter_that_it_names() {
        const ENV: &str = "/usr/bin/env";
        for (text, language, env, options) in [
            ("#!/bin/bash -eu\ntrue", Language::Shell, &[][..], &["-eu"][..]),
            ("#! /bin/bash -o pipefail", Language::Shell, &[], &["-o", "pipefail"]),
            ("#!/bin/sh -\n", Language::Shell, &[], &[]),
            ("#!/usr/bin/env -S LC_ALL=C bash -e\n", Language::Shell, &[ENV, "LC_ALL=C"], &["-e"]),
            ("#!/usr/bin/python3.12 -u\n", Language::Python, &[], &["-u"]),
            ("#!/usr/bin/python3 -u\rprint(1)\r", Language::Python, &[], &["-u"]),
            ("\u{feff}#!/usr/bin/env -S python3 -u\r\n", Language::Python, &[], &["-u"]),
            ("#!/usr/bin/python3 -u\n", Language::Shell, &[], &[]),
            ("#!/usr/bin/env -S -i perl -w\n", Language::Perl, &[ENV, "-i"], &[]),
            ("set -e\n#!/bin/bash -e\n", Language::Shell, &[], &[]),
        ] {
            let asked = asked_for(text, language).unwrap();
            assert_eq!(asked.env, env, "{text:?}");
            assert_eq!(asked.options, options, "{text:?}");
        }
        for (text, named) in [
            ("#!/usr/bin/nice bash -e\n", "/usr/bin/nice"),
            ("#!/usr/bin/env -S nice -n 5 bash -e\n", "through nice"),
            ("#!/bin/busybox sh\n", "/bin/busybox"),
            ("#!/usr/bin/env -S bash ${X}\n", "no variable"),
        ] {
            let said = asked_for(text, Language::Shell).unwrap_err();
            assert!(said.starts_with("its first line ") && said.contains(named), "{text:?}: {said}");
        }
    }

    #[test]
    fn what_an_editor_has_put_before_a_first_line_is_named_where_it_hurts() {
        let problem = |text: &str, language: Language| language.stumbles_over(text).unwrap_or_default();
        assert!(problem("\u{feff}#!/bin/bash\n", Language::Shell).contains("byte order mark"));
        assert!(problem("#!/bin/bash\r\necho\r\n", Language::Zsh).contains("CR LF"));
        for language in [Language::Shell, Language::Perl, Language::Ruby] {
            assert!(problem("#!/bin/bash\recho\r", language).contains("CR alone"), "all of it is a comment");
        }
        for text in
            ["\u{feff}#!/usr/bin/python3\r\nprint()\r\n", "import os\r\n", "#!/bin/python3\rprint()\r"]
        {
            assert_eq!(problem(text, Language::Python), "");
        }
        for text in ["#!/bin/bash\necho 'a\rb'\n", "echo hi\r\n", "\n\r\n"] {
            assert_eq!(problem(text, Language::Shell), "");
        }
    }

    #[test]
    fn a_flag_of_another_meaning_is_left_alone() {
        let loads =
            |program, flag| Language::of(program).and_then(|l| l.loader(flag, Path::new("/r/it's/script")));
        for (program, flag) in [
            ("python3", "-m"),
            ("python3", "-Wc"),
            ("node", "-p"),
            ("bash", "--rcfile"),
            ("sh", "-s"),
            ("awk", "-f"),
            ("perl", "-n"),
        ] {
            assert_eq!(loads(program, flag), None, "{program} {flag}");
        }
        assert_eq!(loads("/opt/bin/dash", "-lc"), Some(r". '/r/it'\''s/script'".into()));
        assert_eq!(loads("python3", "-uc"), loads("python3", "-c"));
        assert!(loads("python3", "-c").is_some());
        assert_eq!(loads("zsh", "-c"), Some(r#"eval "$(<'/r/it'\''s/script')""#.into()));
    }
}
