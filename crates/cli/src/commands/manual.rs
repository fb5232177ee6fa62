//! `completions` and `man`: what a package installs beside the program.

use crate::args::Cli;
use crate::error::CliError;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::{self, Write as _};
use std::path::Path;

pub fn completions(shell: Shell) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "solti", &mut script);
    io::stdout().write_all(&script)?;
    Ok(0)
}

pub fn man(dir: Option<&Path>) -> Result<u8, CliError> {
    match dir {
        Some(dir) => {
            let written =
                std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
            written.map_err(|source| CliError::Pages { dir: dir.to_owned(), source })?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            io::stdout().write_all(&page)?;
        }
    }
    Ok(0)
}
