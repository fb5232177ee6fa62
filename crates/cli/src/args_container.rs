//! The words of `solti run` that are about a container.

use crate::arg_values::{absolute, mount};
use clap::{Args, ValueEnum};
use solti_model::{PullPolicy, Volume};

// clap asks for no `image` where `wasm` excludes it: each says by itself that it is of a container alone.
#[derive(Debug, Args)]
#[command(next_help_heading = "In a container")]
pub struct Container {
    /// Run in a container of this image, as in docker.io/library/alpine:3; the command is what the image is given
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Instead of the image's own entry point
    #[arg(long, value_name = "PROGRAM", requires = "image", conflicts_with = "wasm")]
    pub entrypoint: Option<String>,
    /// A path of this machine, or a named volume, and where the container sees it
    #[arg(long, value_name = "SOURCE:TARGET[:ro]", requires = "image", conflicts_with = "wasm", value_parser = volume)]
    pub volume: Vec<Volume>,
    /// none, host, bridge, or the name of a network
    #[arg(long, requires = "image", conflicts_with = "wasm")]
    pub network: Option<String>,
    /// The user in the container, by name or number, as in 1000:1000
    #[arg(long, requires = "image", conflicts_with = "wasm")]
    pub user: Option<String>,
    /// The directory in the container
    #[arg(long, value_name = "DIR", requires = "image", conflicts_with = "wasm")]
    pub workdir: Option<String>,
    /// When the image is fetched from its registry
    #[arg(long, value_enum, default_value_t = Pull::Missing, requires = "image", conflicts_with = "wasm")]
    pub pull: Pull,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Pull {
    /// Where it is not here yet
    Missing,
    /// Before each run
    Always,
    /// Never: it has to be here
    Never,
}

impl From<Pull> for PullPolicy {
    fn from(pull: Pull) -> Self {
        match pull {
            Pull::Missing => Self::Missing,
            Pull::Always => Self::Always,
            Pull::Never => Self::Never,
        }
    }
}

fn volume(text: &str) -> Result<Volume, String> {
    let (source, target, read_only) = mount(text, "SOURCE:TARGET")?;
    // As a shell user means `.` and `./data`; the engine knows no current directory.
    let source = if source.starts_with('.') { absolute(source)? } else { source.to_owned() };
    Ok(Volume { source, target: target.to_owned(), read_only })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_written_as_engines_have_it() {
        let parts = |text: &str| volume(text).map(|it| (it.source, it.target, it.read_only));
        assert_eq!(parts("/srv:/data"), Ok(("/srv".into(), "/data".into(), false)));
        assert_eq!(parts("cache:/c:ro"), Ok(("cache".into(), "/c".into(), true)));
        assert!(parts("./x:/x").is_ok_and(|(source, ..)| source.starts_with('/') && source.ends_with("/x")));
        for wrong in ["/srv", "/srv:/data:rx", "/srv:/data:ro:ro"] {
            assert!(volume(wrong).is_err(), "{wrong}");
        }
    }
}
