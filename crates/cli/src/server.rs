//! Where the server is, and the client to it.

use crate::args::Options;
use crate::engine_start;
use crate::error::CliError;
use crate::reach::connect;
use crate::terminal::{harmless, say};
use solti_doors::socket;
use solti_http::{ClientOptions, Endpoint, HttpClient, Reachability, Trust};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// For an engine that another one takes the place of, or that its service manager starts again.
pub const TO_BE_BACK: Duration = Duration::from_secs(20);
/// For the next one to listen where an engine hands over to it.
const HANDOVER: Duration = Duration::from_secs(5);
/// Whether somebody is there again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// In it named pipes are made.
const INPUT: &str = "input";

/// The data folder that is meant, whether or not it is there. An empty variable is as good as none.
pub fn data_dir(options: &Options) -> Result<PathBuf, CliError> {
    match options.data_dir.as_ref().filter(|dir| !dir.as_os_str().is_empty()) {
        Some(dir) => std::path::absolute(dir).map_err(CliError::CurrentDir),
        None => Ok(solti_engine::data_dir()?),
    }
}

/// Whether the server is that of a data folder here, and no other was named.
pub fn is_here(options: &Options) -> bool {
    options.url.as_deref().unwrap_or_default().is_empty()
}

/// A folder that the server reaches as well as this program, for what a task is to read; `None` for a server that may be on another
/// machine.
pub fn input_dir(options: &Options) -> Result<Option<PathBuf>, CliError> {
    if is_here(options) {
        return Ok(Some(data_dir(options)?.join(INPUT)));
    }
    match endpoint(options.url.as_deref().unwrap_or_default())? {
        Endpoint::Unix(socket) => Ok(socket.parent().map(|dir| dir.join(INPUT))),
        Endpoint::Machine(_) => Ok(None),
    }
}

fn endpoint(url: &str) -> Result<Endpoint, CliError> {
    // A window reaches no socket by its URL, and its sentence does not name that.
    match url.split_once("://") {
        Some(("unix" | "https" | "http" | "ssh", _)) => Ok(url.parse()?),
        Some(_) | None => Err(CliError::Scheme(url.to_owned())),
    }
}

/// A client of the server that is meant. That of this machine is known to be there when this returns.
pub async fn client(options: &Options) -> Result<HttpClient, CliError> {
    let mut handover = Duration::ZERO;
    let endpoint = match options.url.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => endpoint(url)?,
        None => {
            let data_dir = data_dir(options)?;
            engine_start::be_there(&data_dir, options.no_start).await?;
            handover = HANDOVER;
            Endpoint::Unix(socket(&data_dir))
        }
    };
    let mut how = ClientOptions::new(endpoint);
    (how.token, how.handover) = (options.token.clone(), handover);
    if let Some(fingerprint) = &options.fingerprint {
        how.trust = Trust::Fingerprint(fingerprint.clone());
    }
    Ok(HttpClient::new(how)?)
}

/// Does what takes as long as a task, and says meanwhile on standard error when the server goes away and when it is back.
///
/// # Errors
/// Those of the work; [`CliError::EngineEnded`] where it waits for an engine of this machine that was ended and not started again.
pub async fn while_there<T>(
    options: &Options,
    client: &HttpClient,
    work: impl Future<Output = Result<T, CliError>>,
) -> Result<T, CliError> {
    let _telling = tell_of_breaks(client);
    let socket = match is_here(options) {
        true => Some(socket(&data_dir(options)?)),
        false => None,
    };
    tokio::select! {
        done = work => done,
        () = nobody_is_here(client, socket) => Err(CliError::EngineEnded { after: TO_BE_BACK.as_secs() }),
    }
}

/// Done when nobody has held the data folder for a while. One who holds it and does not answer is waited for, and so is another machine.
async fn nobody_is_here(client: &HttpClient, socket: Option<PathBuf>) {
    let Some(socket) = socket else { return std::future::pending().await };
    let mut reachability = client.reachability();
    let mut since: Option<Instant> = None;
    loop {
        let lost = reachability.wait_for(|now| matches!(now, Reachability::Lost(_))).await.is_ok();
        if !lost {
            return std::future::pending().await;
        }
        let nobody = matches!(connect(&socket).await, Err(CliError::NoServer { .. }));
        since = nobody.then(|| since.unwrap_or_else(Instant::now));
        if since.is_some_and(|since| since.elapsed() >= TO_BE_BACK) {
            return;
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

/// Says on standard error when the server goes away and when it is back, for as long as the answer is kept. Streams wait for
/// it by themselves, and a person should know what they wait for.
fn tell_of_breaks(client: &HttpClient) -> JoinSet<()> {
    let mut reachability = client.reachability();
    let mut telling = JoinSet::new();
    telling.spawn(async move {
        let mut lost = false;
        while reachability.changed().await.is_ok() {
            match &*reachability.borrow_and_update() {
                Reachability::Lost(reason) if !lost => {
                    lost = true;
                    say!("solti: {}; trying again", harmless(reason));
                }
                Reachability::Reached if lost => {
                    lost = false;
                    say!("solti: connected again");
                }
                Reachability::Lost(_) | Reachability::Reached | Reachability::Unknown => {}
            }
        }
    });
    telling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_kind_is_told_all_that_there_are() {
        for wrong in ["ftp://x", "build.example.org:7654", ""] {
            let refused = endpoint(wrong).expect_err(wrong).to_string();
            assert!(refused.contains("unix://, https://, http:// or ssh://"), "{refused}");
        }
        assert!(endpoint("unix:///run/solti.sock").is_ok() && endpoint("ssh://build").is_ok());
    }
}
