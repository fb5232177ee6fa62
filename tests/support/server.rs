//! Another machine: `solti serve` on a data folder of its own, at an address that it keeps.

use super::{APP, Owned, kept_logs::keep_logs};
use solti_testing::free_port;
use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

pub struct Server {
    data: TempDir,
    /// Of HTTP.
    address: String,
    running: Option<Owned>,
}

impl Server {
    pub fn start() -> Self {
        let data = tempfile::tempdir().expect("temp dir");
        keep_logs(data.path());
        let mut server = Self { data, address: format!("127.0.0.1:{}", free_port()), running: None };
        server.start_again();
        server
    }

    /// Starts it on the data that it had, where it was.
    pub fn start_again(&mut self) {
        let program = Path::new(APP).with_file_name("solti");
        assert!(program.exists(), "{} is missing: cargo build -p solti-cli", program.display());
        let mut command = Command::new(program);
        command.args(["serve", "--http", &self.address]).env("SOLTI_DATA_DIR", self.data.path());
        command.env_remove("SOLTI_SHIM").env("SHELL", "/bin/sh");
        command.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut child = Owned(command.spawn().expect("it starts"));
        // It says where it listens, one line for each door.
        let said = BufReader::new(child.0.stdout.take().expect("piped"));
        let http = said
            .lines()
            .map(|line| line.expect("text"))
            .find_map(|line| line.strip_prefix("http://").map(str::to_owned));
        self.address = http.expect("it listens on HTTP");
        self.running = Some(child);
    }

    /// Ends it at once, as a crash would; its tasks go on.
    pub fn kill(&mut self) {
        self.running = None;
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn token(&self) -> String {
        let file = self.data.path().join("api/token");
        fs::read_to_string(file).expect("made at its start").trim().to_owned()
    }
}
