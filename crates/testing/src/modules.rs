//! WebAssembly modules, made of C by clang and the C library for WASI.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Compiles a program to `module`; `false`, with a word of why, where this machine has no compiler for it.
pub fn wasm_of_c(text: &str, module: &Path) -> bool {
    let mut clang = Command::new("clang");
    // Without `-O1` a module is slow to compile again, and `-O2` takes out what only fails.
    clang.args(["--target=wasm32-wasi", "--sysroot=/usr", "-O1", "-x", "c", "-", "-o"]).arg(module);
    clang.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let compiled = clang.spawn().and_then(|mut compiling| {
        compiling.stdin.take().expect("it is a pipe").write_all(text.as_bytes())?;
        compiling.wait_with_output()
    });
    let why = match compiled {
        Ok(done) if done.status.success() => return true,
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    println!("skipped: no module for WASI can be compiled here: {why}");
    false
}
