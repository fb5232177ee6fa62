//! Runs what was loaded, as the command that it is.

use std::ffi::OsString;
use std::path::Path;

use solti_wasi::{CACHE_BYTES, NotStarted, Order};
use wasmtime::component::{self, Component, ResourceTable};
use wasmtime::{Config, Engine, Error, Linker, Module, Store, Trap};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::bindings::sync::CommandPre;
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, p2};

use crate::cache::Cache;
use crate::code::{self, Code, in_full};
use crate::memory::Memory;
use crate::traps;

/// Where WASI's first preview has its functions.
const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// How it ended.
pub enum End {
    NotStarted(NotStarted),
    Trapped { what: String, trace: String, over_memory: Option<u64> },
    Exited { code: i32, over_memory: Option<u64> },
}

/// What belongs to one module.
struct Held<W> {
    wasi: W,
    memory: Memory,
}

struct Preview2 {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Held<Preview2> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi.ctx, table: &mut self.wasi.table }
    }
}

pub fn run(order: &Order, module: &Path, arguments: Vec<OsString>) -> End {
    start(order, module, arguments).unwrap_or_else(End::NotStarted)
}

fn start(order: &Order, path: &Path, arguments: Vec<OsString>) -> Result<End, NotStarted> {
    let engine = Engine::new(&Config::new()).map_err(|error| other(&error))?;
    let cache = order.cache.as_deref().and_then(|folder| match Cache::open(Path::new(folder), CACHE_BYTES) {
        Ok(cache) => Some(cache),
        Err(error) => {
            eprintln!("solti-wasi: {folder} is not used for compiled code: {error}");
            None
        }
    });
    let code = code::load(&engine, path, cache.as_ref())?;
    let mut wasi = context(order, path, arguments)?;
    let memory = Memory::new(order.memory_bytes);
    match code {
        Code::Module(module) => run_module(&engine, &module, Held { wasi: wasi.build_p1(), memory }),
        Code::Component(component) => {
            let wasi = Preview2 { ctx: wasi.build(), table: ResourceTable::new() };
            run_component(&engine, &component, Held { wasi, memory })
        }
    }
}

/// What it sees of the machine: its arguments, its variables, its standard streams, the clocks, and the folders that were given. No
/// network, as nothing here gives it any.
fn context(order: &Order, path: &Path, arguments: Vec<OsString>) -> Result<WasiCtxBuilder, NotStarted> {
    let mut wasi = WasiCtxBuilder::new();
    wasi.inherit_stdio();
    // There is nothing else to be done meanwhile.
    wasi.allow_blocking_current_thread(true);
    wasi.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
    wasi.arg(path.file_name().unwrap_or_default().to_string_lossy());
    for argument in arguments {
        wasi.arg(argument.to_string_lossy());
    }
    wasi.envs(&order.env);
    for folder in &order.folders {
        let rights = if folder.read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        wasi.preopened_dir(&folder.host, &folder.guest, rights).map_err(|error| NotStarted::Folder {
            host: folder.host.clone(),
            guest: folder.guest.clone(),
            said: error.root_cause().to_string(),
        })?;
    }
    Ok(wasi)
}

fn run_module(engine: &Engine, module: &Module, held: Held<WasiP1Ctx>) -> Result<End, NotStarted> {
    let mut linker = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |held: &mut Held<WasiP1Ctx>| &mut held.wasi)
        .map_err(|error| other(&error))?;
    // WASI keeps the codes from 126 on for itself. A program that was ported knows nothing of that, and a process may end with any.
    linker.allow_shadowing(true);
    linker
        .func_wrap(PREVIEW_1, "proc_exit", |code: i32| -> wasmtime::Result<()> { Err(I32Exit(code).into()) })
        .map_err(|error| other(&error))?;

    let mut store = limited(engine, held);
    let unknown = |import: &wasmtime::ImportType<'_>| linker.get_by_import(&mut store, import).is_none();
    let names: Vec<String> = module
        .imports()
        .filter(unknown)
        .map(|import| format!("{}::{}", import.module(), import.name()))
        .collect();
    if !names.is_empty() {
        return Err(NotStarted::Imports { names });
    }
    if module.get_export("_start").is_none_or(|start| start.func().is_none()) {
        return Err(NotStarted::NoStart { component: false });
    }
    let instance = match linker.instantiate(&mut store, module) {
        Ok(instance) => instance,
        Err(error) => return not_instantiated(error, &store.data().memory),
    };
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").map_err(|error| other(&error))?;
    let ended = start.call(&mut store, ());
    Ok(end(ended.map(|()| 0), &store.data().memory))
}

fn run_component(engine: &Engine, component: &Component, held: Held<Preview2>) -> Result<End, NotStarted> {
    let mut linker = component::Linker::new(engine);
    p2::add_to_linker_sync(&mut linker).map_err(|error| other(&error))?;
    let pre = linker.instantiate_pre(component).map_err(|error| {
        let said = in_full(&error);
        let imports = component.component_type();
        let named = imports.imports(engine).map(|(name, _)| name.to_owned());
        let names: Vec<String> = named.filter(|name| said.contains(&format!("`{name}`"))).collect();
        if names.is_empty() { NotStarted::Other { said } } else { NotStarted::Imports { names } }
    })?;
    let Ok(pre) = CommandPre::new(pre) else { return Err(NotStarted::NoStart { component: true }) };
    let mut store = limited(engine, held);
    let command = match pre.instantiate(&mut store) {
        Ok(command) => command,
        Err(error) => return not_instantiated(error, &store.data().memory),
    };
    let ended = command.wasi_cli_run().call_run(&mut store);
    Ok(end(ended.map(|ended| i32::from(ended.is_err())), &store.data().memory))
}

fn limited<W: Send + 'static>(engine: &Engine, held: Held<W>) -> Store<Held<W>> {
    let mut store = Store::new(engine, held);
    store.limiter(|held| &mut held.memory);
    store
}

/// What is run before the command itself may trap like that, and be all that it does.
fn not_instantiated(error: Error, memory: &Memory) -> Result<End, NotStarted> {
    if error.downcast_ref::<Trap>().is_some() || error.downcast_ref::<I32Exit>().is_some() {
        return Ok(end(Err(error), memory));
    }
    Err(match memory.refused() {
        Some((needed, limit)) => NotStarted::Memory { needed, limit },
        None => other(&error),
    })
}

fn end(ended: wasmtime::Result<i32>, memory: &Memory) -> End {
    let over_memory = memory.refused().map(|(_, limit)| limit);
    match ended {
        Ok(code) => End::Exited { code, over_memory },
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => End::Exited { code: *code, over_memory },
            None => End::Trapped { what: traps::words(&error), trace: traps::trace(&error), over_memory },
        },
    }
}

fn other(error: &Error) -> NotStarted {
    NotStarted::Other { said: in_full(error) }
}
