//! The words of `solti run` that are about a WebAssembly module.

use crate::arg_values::{absolute, mount};
use clap::Args;
use solti_model::WasmDir;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(next_help_heading = "In WebAssembly")]
pub struct Wasm {
    /// Run this WebAssembly module or component; the command is what it is given
    #[arg(long, value_name = "MODULE", conflicts_with = "image")]
    pub wasm: Option<PathBuf>,
    /// A folder of this machine, and what the module calls it; it sees no others
    #[arg(long, value_name = "HOST:GUEST[:ro]", requires = "wasm", conflicts_with = "image", value_parser = dir)]
    pub dir: Vec<WasmDir>,
}

fn dir(text: &str) -> Result<WasmDir, String> {
    let (host, guest, read_only) = mount(text, "HOST:GUEST")?;
    Ok(WasmDir { host: absolute(host)?, guest: guest.to_owned(), read_only })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_meant_from_here() {
        let parts = |text: &str| dir(text).map(|it| (it.host, it.guest, it.read_only));
        assert_eq!(parts("/srv:/data:ro"), Ok(("/srv".into(), "/data".into(), true)));
        let here = std::env::current_dir().expect("there").to_string_lossy().into_owned();
        assert_eq!(parts(".:."), Ok((here.clone(), ".".into(), false)));
        assert_eq!(parts("x:/x"), Ok((format!("{here}/x"), "/x".into(), false)));
        assert_eq!(dir("a").map(drop), Err("must be HOST:GUEST or HOST:GUEST:ro".into()));
        for wrong in ["/srv", "/srv:/data:rx", ":/data"] {
            assert!(dir(wrong).is_err(), "{wrong}");
        }
    }
}
