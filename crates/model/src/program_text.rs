//! Which words of a command are read as code: by a shell, by an interpreter, by what hands them to a shell.
//!
//! By the options that the programs have. Where it cannot be told, a word counts as code. What a program reads from a file, and
//! what it does with its own arguments, is its own affair.

use std::path::Path;

/// How a program takes its options, as getopt(3) has them, and where code is among its words.
struct Program {
    names: &'static [&'static str],
    /// Letters of options whose argument is code.
    code: &'static str,
    /// Letters of options that name a file, or a module, with the code.
    file: &'static str,
    /// Letters of options whose argument is something else.
    argument: &'static str,
    /// The same, where it stands in the same word or is left out.
    attached: &'static str,
    /// Long options whose argument is code.
    long: &'static [&'static str],
    operands: Operands,
}

/// What the words are that belong to no option.
#[derive(Clone, Copy, PartialEq)]
enum Operands {
    /// Behind so many of them nothing is for this program any more.
    End(usize),
    /// The first is code, unless an option gave it.
    First,
    /// All are code but so many at first.
    Behind(usize),
    /// The first ends it. Behind an option with code all is code.
    OrAll,
    /// As POSIX has it: with the flag `c`, wherever it stands, the first is code.
    Shell,
}

const PLAIN: Program = Program {
    names: &[],
    code: "",
    file: "",
    argument: "",
    attached: "",
    long: &[],
    operands: Operands::End(1),
};

/// Found at any place: whatever starts programs may stand before them.
const LANGUAGES: [Program; 13] = [
    Program {
        names: &[
            "sh", "ash", "bash", "rbash", "dash", "zsh", "rzsh", "ksh", "rksh", "mksh", "lksh", "pdksh",
            "oksh", "posh", "yash", "csh", "tcsh", "elvish", "xonsh",
        ],
        operands: Operands::Shell,
        ..PLAIN
    },
    Program {
        names: &["fish", "nu"],
        code: "cC",
        argument: "dfoDp",
        long: &["command", "commands", "init-command"],
        ..PLAIN
    },
    Program {
        names: &["pwsh", "powershell"],
        long: &["command", "commandwithargs", "cwa", "encodedcommand", "ec"],
        operands: Operands::OrAll,
        ..PLAIN
    },
    Program { names: &["python", "pypy", "ipython"], code: "c", file: "m", argument: "WX", ..PLAIN },
    Program { names: &["perl"], code: "eE", argument: "I", attached: "CDFMVdimx", ..PLAIN },
    Program { names: &["ruby", "jruby"], code: "e", argument: "CEIr", attached: "FKTWix", ..PLAIN },
    Program {
        names: &["node", "nodejs", "bun"],
        code: "ep",
        argument: "Cr",
        long: &["eval", "print"],
        ..PLAIN
    },
    Program {
        names: &["php"],
        code: "rBRE",
        file: "fF",
        argument: "cdtzS",
        long: &["run", "process-begin", "process-code", "process-end"],
        ..PLAIN
    },
    Program { names: &["lua", "luajit"], code: "e", argument: "jl", attached: "O", ..PLAIN },
    Program { names: &["osascript"], code: "e", argument: "ls", ..PLAIN },
    Program { names: &["expect", "guile"], code: "ce", file: "f", argument: "DlL", ..PLAIN },
    Program {
        names: &["julia", "R", "Rscript"],
        code: "eE",
        file: "f",
        argument: "CHJLpt",
        attached: "Og",
        long: &["eval", "print"],
        operands: Operands::End(1),
    },
    Program {
        names: &[
            "bb", "clojure", "elixir", "emacs", "erl", "ghc", "groovy", "mongo", "mongosh", "racket", "sbcl",
            "scala",
        ],
        code: "e",
        long: &["eval", "execute"],
        ..PLAIN
    },
];

/// Found where a command begins: elsewhere their names are words as any others.
const COMMANDS: [Program; 9] = [
    Program { names: &["env"], code: "S", argument: "Cu", long: &["split-string"], ..PLAIN },
    Program {
        names: &["awk", "gawk", "mawk", "nawk", "original-awk"],
        code: "e",
        file: "Ef",
        argument: "Filv",
        long: &["source"],
        operands: Operands::First,
        ..PLAIN
    },
    // That of GNU can run commands.
    Program {
        names: &["sed", "gsed"],
        code: "e",
        file: "f",
        argument: "l",
        attached: "i",
        long: &["expression"],
        operands: Operands::First,
    },
    // `deno eval`.
    Program { names: &["eval"], operands: Operands::First, ..PLAIN },
    // Options may stand behind what belongs to none, and behind that is what the shell of the user gets.
    Program {
        names: &["su", "runuser"],
        code: "c",
        argument: "Ggsuw",
        long: &["command", "session-command"],
        operands: Operands::End(usize::MAX),
        ..PLAIN
    },
    Program {
        names: &["script"],
        code: "c",
        argument: "BEIOTmo",
        attached: "t",
        long: &["command"],
        operands: Operands::End(usize::MAX),
        ..PLAIN
    },
    Program {
        names: &["flock"],
        code: "c",
        argument: "Ew",
        long: &["command"],
        operands: Operands::End(2),
        ..PLAIN
    },
    Program {
        names: &["watch", "parallel", "hyperfine"],
        argument: "Pjnqrw",
        operands: Operands::Behind(0),
        ..PLAIN
    },
    Program {
        names: &["ssh", "slogin", "rsh", "autossh", "sg"],
        argument: "BDEFIJLOPQRSWbceilmopw",
        operands: Operands::Behind(1),
        ..PLAIN
    },
];

/// What has the words of a command among its own.
const LAUNCHERS: [&str; 31] = [
    "busybox",
    "chroot",
    "chrt",
    "command",
    "deno",
    "doas",
    "docker",
    "env",
    "exec",
    "flock",
    "ionice",
    "kubectl",
    "nerdctl",
    "nice",
    "nohup",
    "nsenter",
    "parallel",
    "podman",
    "runuser",
    "setsid",
    "sshpass",
    "stdbuf",
    "sudo",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "toybox",
    "unshare",
    "xargs",
    "systemd-inhibit",
];

/// Of each word whether it is read as code. The first is the program.
pub(crate) fn code(words: &[&str]) -> Vec<bool> {
    let launched = words.first().is_some_and(|first| LAUNCHERS.contains(&name(first)));
    let mut reader: Option<Reader> = None;
    let mut is_code = Vec::with_capacity(words.len());
    for (n, word) in words.iter().enumerate() {
        let is_taken = reader.as_ref().is_some_and(|reader| reader.next.is_some());
        is_code.push(reader.as_mut().is_some_and(|reader| reader.takes_as_code(word)));
        if !is_code[n]
            && !is_taken
            && let Some(program) = program(word, n == 0 || launched)
        {
            // `--entrypoint sh IMAGE -c TEXT`
            let is_argument = n > 0 && is_long(words[n - 1]);
            reader = Some(Reader::new(program, is_argument));
        }
    }
    is_code
}

fn program(word: &str, may_be_command: bool) -> Option<&'static Program> {
    let name = name(word);
    let commands = COMMANDS.iter().filter(|_| may_be_command);
    LANGUAGES.iter().chain(commands).find(|program| program.names.contains(&name))
}

/// Of a program, without its folder and its version.
fn name(word: &str) -> &str {
    let name = Path::new(word).file_name().and_then(|name| name.to_str()).unwrap_or(word);
    let name = name.strip_suffix(".wasm").unwrap_or(name);
    name.trim_end_matches(|c: char| c.is_ascii_digit() || ".-".contains(c))
}

fn is_long(word: &str) -> bool {
    word.len() > 2 && word.starts_with("--") && !word.contains('=')
}

/// Goes through the words behind a program.
struct Reader {
    program: &'static Program,
    /// So many operands are still its own.
    left: usize,
    /// What the next word is, where an option says so.
    next: Option<Next>,
    /// The last word may have the next one as its argument.
    may_take_next: bool,
    options_ended: bool,
    /// A shell is to have code; else an option gave it, or said where it is.
    has_flag: bool,
    all_code: bool,
    done: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Next {
    Code,
    Argument,
}

impl Reader {
    fn new(program: &'static Program, is_argument: bool) -> Self {
        let own = match program.operands {
            Operands::End(own) | Operands::Behind(own) => own,
            Operands::First | Operands::OrAll | Operands::Shell => 1,
        };
        Self {
            program,
            left: own.saturating_add(is_argument.into()),
            next: None,
            may_take_next: false,
            options_ended: false,
            has_flag: false,
            all_code: false,
            done: false,
        }
    }

    fn takes_as_code(&mut self, word: &str) -> bool {
        // Behind it are values, which `parallel` quotes.
        if word.starts_with(":::") && self.program.operands == Operands::Behind(0) {
            (self.done, self.all_code) = (true, false);
        }
        if self.done || self.all_code {
            return self.all_code;
        }
        let is_option = word.len() > 1 && word.starts_with('-') && !self.options_ended;
        let is_shell = self.program.operands == Operands::Shell;
        match self.next.take() {
            Some(Next::Code) => return true,
            // Shells differ in what takes one.
            Some(Next::Argument) if !is_shell => return false,
            Some(Next::Argument) if !word.starts_with(['-', '+']) => return self.has_flag,
            _ => {}
        }
        let may_be_argument = std::mem::take(&mut self.may_take_next);
        if word == "--" || word == "-" && is_shell {
            // Behind it is what another shell gets where nothing ends the options.
            self.options_ended = self.program.operands != Operands::End(usize::MAX);
            return false;
        }
        match is_shell {
            true if is_option || word.starts_with('+') && !self.options_ended => self.option_of_shell(word),
            false if is_option => self.option(word),
            _ => self.operand(may_be_argument),
        }
    }

    fn option_of_shell(&mut self, word: &str) -> bool {
        let letters = &word[1..];
        let takes_file = ["rcfile", "init-file"].contains(&letters.trim_start_matches('-'));
        self.may_take_next = is_long(word);
        if !takes_file && !letters.starts_with('-') {
            self.has_flag |= word.starts_with('-') && letters.contains('c');
        }
        if takes_file || letters.contains(['o', 'O']) && !letters.starts_with('-') {
            self.next = Some(Next::Argument);
        }
        self.has_flag
    }

    fn option(&mut self, word: &str) -> bool {
        let program = self.program;
        let letters = &word[1..];
        let (name, value) =
            letters.split_once('=').map_or((letters, None), |(name, value)| (name, Some(value)));
        // Long ones may be cut short; those with one dash are few, and are told from letters by their length.
        let long = name.strip_prefix('-');
        let takes_code = match (long, program.operands) {
            (Some(long), _) => program.long.iter().any(|option| option.starts_with(long)),
            (None, Operands::OrAll) => {
                let name = name.to_ascii_lowercase();
                program.long.iter().any(|option| option.starts_with(&name))
            }
            (None, _) => program.long.contains(&name),
        };
        if takes_code {
            self.has_flag = true;
            self.next = value.is_none().then_some(Next::Code);
            self.all_code = program.operands == Operands::OrAll;
            return value.is_some();
        }
        if let Some(long) = long {
            self.names_file(!program.file.is_empty() && long == "file");
            self.may_take_next = value.is_none();
            return false;
        }
        if program.operands == Operands::OrAll {
            self.may_take_next = true;
            return false;
        }
        self.letters(letters)
    }

    fn letters(&mut self, letters: &str) -> bool {
        let program = self.program;
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            if program.code.contains(letter) {
                self.has_flag = true;
                // Some have it in the next word also where two stand together, as in `node -pe`.
                self.next = rest.chars().all(|letter| program.code.contains(letter)).then_some(Next::Code);
                return self.next.is_none();
            }
            let names_file = program.file.contains(letter);
            if names_file || program.argument.contains(letter) {
                self.next = rest.is_empty().then_some(Next::Argument);
                self.names_file(names_file);
                return false;
            }
            if program.attached.contains(letter) {
                return false;
            }
        }
        false
    }

    /// What is behind it is for the code in the file, but where code may come from several places.
    fn names_file(&mut self, it_does: bool) {
        self.has_flag |= it_does;
        self.done |= it_does && self.program.operands != Operands::First;
    }

    fn operand(&mut self, may_be_argument: bool) -> bool {
        let operands = self.program.operands;
        if operands == Operands::First {
            let is_code = !self.has_flag;
            self.has_flag |= !may_be_argument;
            return is_code;
        }
        let is_code = match operands {
            Operands::Shell => self.has_flag,
            Operands::Behind(_) => self.left == 0,
            _ => false,
        };
        if !may_be_argument && self.left != usize::MAX {
            self.left = self.left.saturating_sub(1);
        }
        match operands {
            Operands::Behind(_) => self.all_code = self.left == 0,
            _ => self.done = self.left == 0,
        }
        is_code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that are code.
    fn code_of<'a>(line: &[&'a str]) -> Vec<&'a str> {
        let is_code = code(line);
        line.iter().zip(is_code).filter(|(_, is_code)| *is_code).map(|(word, _)| *word).collect()
    }

    #[test]
    fn code_is_found_however_it_is_asked_for() {
        for line in [
            // Shells.
            "sh -c TEXT",
            "/bin/bash -lc TEXT",
            "sh -ce TEXT",
            "sh -cx TEXT",
            "bash -ceu -- TEXT",
            "sh -c -- TEXT",
            "bash -c -e TEXT",
            "bash -c -x TEXT name arg",
            "bash -c -o errexit TEXT",
            "bash -co pipefail TEXT",
            "bash -o pipefail -c TEXT",
            "bash -O extglob -c TEXT",
            "bash -c +e TEXT",
            "bash -c +o history TEXT",
            "bash --norc -c TEXT",
            "bash --rcfile file -c TEXT",
            "bash -rcfile file -c TEXT",
            "bash -norc -c TEXT",
            "/bin/rbash -c TEXT",
            "zsh -O -c TEXT",
            "ksh93 -c TEXT",
            "busybox sh -c TEXT",
            "busybox ash -c TEXT",
            "sudo -u me sh -ec TEXT",
            "xargs -n 1 sh -c TEXT",
            "docker run --rm --entrypoint sh image -c TEXT",
            "docker exec box sh -c TEXT",
            "anything at all bash -c TEXT",
            "fish -c TEXT",
            "fish -cTEXT",
            "fish --command=TEXT",
            "pwsh -NoProfile -ExecutionPolicy Bypass -Command TEXT TEXT",
            "pwsh -c TEXT",
            // Interpreters.
            "python3 -c TEXT",
            "python3.11 -cTEXT",
            "python3 -Im TEXT_IS_NONE",
            "python3 -X dev -Wdefault -uc TEXT arg",
            "perl -eTEXT",
            "perl -lane TEXT file",
            "perl -i.bake -Mre -pe TEXT -e TEXT",
            "perl -0777 -CSE -ne TEXT",
            "ruby -rjson -e TEXT",
            "node --eval=TEXT",
            "node --eval TEXT",
            "node -pe TEXT",
            "node --require ./x.js -e TEXT",
            "deno eval --ext=ts TEXT",
            "php -d a=b -r TEXT",
            "lua5.4 -l x -e TEXT",
            "osascript -l JavaScript -e TEXT",
            "expect -c TEXT",
            "Rscript --vanilla -e TEXT",
            "julia --project=. -e TEXT",
            "erl -noshell -eval TEXT",
            "python.wasm -c TEXT",
            // What hands it to a shell, or can.
            "env -S TEXT",
            "env -i -STEXT",
            "env -vS TEXT",
            "env --split-string=TEXT",
            "env --split TEXT",
            "env A=b python3 -c TEXT",
            "su root -c TEXT",
            "su -lc TEXT root",
            "su -s /bin/sh - root --comm=TEXT",
            "su root -- -c TEXT",
            "script -q -c TEXT",
            "script -qefc TEXT out",
            "script out -c TEXT",
            "flock file -c TEXT",
            "flock -n -w 5 file -c TEXT",
            "flock -n file sh -c TEXT",
            "awk TEXT file",
            "awk -F : -v a=b TEXT file",
            "sudo gawk -f lib.awk -e TEXT file",
            "mawk -F, -- TEXT",
            "gawk --source TEXT file",
            "sed -n TEXT file",
            "sed -i.bak -e TEXT --expression=TEXT file",
            "sed -Ei TEXT file",
            "watch -n 5 TEXT TEXT",
            "ssh -p 22 host TEXT TEXT",
            "ssh -tt me@host -- TEXT",
            "sshpass -e ssh host TEXT",
            "parallel -j 4 TEXT TEXT ::: a b",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let expected: Vec<&str> = words.iter().copied().filter(|word| word.ends_with("TEXT")).collect();
            let found: Vec<&str> =
                code_of(&words).into_iter().filter(|word| word.ends_with("TEXT")).collect();
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn what_belongs_to_a_program_is_not_code() {
        for line in [
            "",
            "grep -c WORD",
            "import --date=WORD -c WORD",
            "sh run.sh WORD -c WORD",
            "bash -eu run.sh -c WORD",
            "sh -s WORD",
            "python3 import.py -c WORD -p WORD",
            "python3 -m import -c WORD",
            "node server.js -p WORD -e WORD",
            "perl -w import.pl -e WORD",
            "perl -Mstrict import.pl WORD",
            "tclsh import.tcl WORD",
            "env DATE=WORD import WORD",
            "env -u A import -S WORD",
            "flock file import -c WORD",
            "flock WORD import",
            "awk -f import.awk -v day=WORD WORD",
            "sed -f import.sed WORD",
            "sed -i WORD_IS_NONE WORD",
            "ssh -p WORD WORD",
            "npm run watch WORD",
            "kubectl --env WORD",
            "su - WORD",
            "parallel gzip ::: WORD",
            "pwsh -File run.ps1 WORD",
            "docker run image import -c WORD",
            "timeout 5 import -c WORD",
        ] {
            let found = code_of(&line.split(' ').collect::<Vec<_>>());
            assert!(!found.contains(&"WORD"), "{line}: {found:?}");
        }
        assert!(!code_of(&["sh", "-c", "echo \"$1\"", "name", "WORD", "-c", "WORD"]).contains(&"WORD"));
        assert_eq!(code_of(&[]), [""; 0]);
    }
}
