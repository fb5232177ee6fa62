//! From the file of a module to code that can run.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use solti_wasi::{MAX_MODULE_BYTES, NotStarted, is_text_form};
use wasmtime::component::Component;
use wasmtime::{Engine, Error, Module};

use crate::cache::Cache;

const MAGIC: &[u8] = b"\0asm";
/// Behind the magic: what tells a component from a module.
const COMPONENT_LAYER: [u8; 4] = [0x0d, 0, 1, 0];

/// What can be run.
pub enum Code {
    /// Of WASI's first preview.
    Module(Module),
    /// Of its second.
    Component(Component),
}

/// Reads a file and compiles it, or takes the code that was compiled of the same bytes before.
///
/// # Errors
/// Why it cannot be had.
pub fn load(engine: &Engine, path: &Path, cache: Option<&Cache>) -> Result<Code, NotStarted> {
    let bytes = read(path)?;
    let module = || path.display().to_string();
    if !bytes.starts_with(MAGIC) {
        return Err(match is_text_form(&bytes) {
            true => NotStarted::Text { module: module() },
            false => NotStarted::NotWebAssembly { module: module() },
        });
    }
    let is_component = bytes.get(4..8) == Some(&COMPONENT_LAYER);
    let slot = cache.map(|cache| cache.slot(engine, &bytes));
    if let Some(found) = slot.as_ref().and_then(|slot| slot.load(engine, is_component)) {
        return Ok(found);
    }
    let compiled = match is_component {
        true => Component::from_binary(engine, &bytes).map(Code::Component),
        false => Module::from_binary(engine, &bytes).map(Code::Module),
    };
    let code = compiled.map_err(|error| NotStarted::Invalid { module: module(), said: in_full(&error) })?;
    if let Some(slot) = slot {
        let serialized = match &code {
            Code::Module(module) => module.serialize(),
            Code::Component(component) => component.serialize(),
        };
        // It runs all the same; only the next time takes as long as this one.
        if let Err(error) = serialized.map_err(io::Error::other).and_then(|bytes| slot.store(&bytes)) {
            eprintln!("solti-wasi: the compiled code cannot be kept: {error}");
        }
    }
    Ok(code)
}

fn read(path: &Path) -> Result<Vec<u8>, NotStarted> {
    let module = || path.display().to_string();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => NotStarted::Missing { module: module() },
        _ => NotStarted::Unreadable { module: module(), said: error.to_string() },
    };
    // A pipe in its place must not be waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(NotStarted::Unreadable { module: module(), said: "it is not a file".into() });
    }
    if found.len() > MAX_MODULE_BYTES {
        return Err(NotStarted::TooLarge { module: module() });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
    file.take(MAX_MODULE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// An error with what caused it, on one line.
pub fn in_full(error: &Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ").replace('\n', " ")
}
