//! `connect`: the other end of `ssh://`. Speaks to the Unix socket for whoever is at standard input and output.

use crate::args::Options;
use crate::error::CliError;
use crate::{reach, server};
use tokio::io::{copy, stdin, stdout};

pub async fn connect(options: &Options) -> Result<u8, CliError> {
    let socket = solti_doors::socket(&server::data_dir(options)?);
    let (mut from_server, mut to_server) = reach::connect(&socket).await?.into_split();
    let asked = async { copy(&mut stdin(), &mut to_server).await };
    let answered = async { copy(&mut from_server, &mut stdout()).await };
    tokio::pin!(asked, answered);
    tokio::select! {
        answered = &mut answered => answered.map(drop)?,
        asked = &mut asked => {
            asked?;
            // Answers under way still come; the server ends a connection that asks for nothing more. It would take one
            // that is half closed for one that is gone.
            answered.await?;
        }
    }
    Ok(0)
}
