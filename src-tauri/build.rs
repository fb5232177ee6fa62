//! Makes a permission of every command and checks the capabilities against them. The list itself is
//! src/commands/list.rs; what each window may call is in capabilities/.

use std::{error::Error, fs};

include!("src/commands/list.rs");

macro_rules! names {
    ($($module:ident::$name:ident,)*) => { &[$(stringify!($name)),*] };
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/src/commands/list.rs");
    println!("cargo:rerun-if-changed=ui/dist");
    // Tauri embeds this folder at compile time and refuses to go on without it. Empty, it makes an app with a
    // blank page, which is enough for everything but the window tests; `make build` fills it first.
    fs::create_dir_all("ui/dist")?;
    let manifest = tauri_build::AppManifest::new()
        .commands(with_commands!(names))
        .permissions_path_pattern("./src-tauri/permissions/**/*.toml");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*.json")
        .app_manifest(manifest);
    tauri_build::try_build(attributes)?;
    Ok(())
}
