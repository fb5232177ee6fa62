//! The engines that tests run containers by, prepared by `scripts/containers.sh`: each with storage of its own, and an image.
//!
//! What holds for all of them is written once, and [`on_each_engine!`](crate::on_each_engine) makes a test for each of it. Where one cannot
//! be had, its tests say why and pass.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use crate::{free_port, shim, wait_until};

/// An image with the programs of busybox, which is there without any registry.
pub const TEST_IMAGE: &str = "localhost/solti-test:1";

/// What containers are run by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestEngine {
    /// As the superuser.
    Podman,
    /// Podman as a user without rights, which the test is then too.
    Rootless,
    /// A daemon of the tests' own, with a client of this machine.
    Docker,
}

impl TestEngine {
    /// The name of the client's program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Podman | Self::Rootless => "podman",
            Self::Docker => "docker",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Rootless => "rootless",
            Self::Docker => "docker",
        }
    }

    /// A `PATH` on which the client is one that works here; `None`, with a word of why, where there is none.
    pub fn path(self) -> Option<String> {
        self.path_in(&folder())
    }

    /// The same with everything in another folder, where no other test uses it.
    pub fn path_in(self, folder: &Path) -> Option<String> {
        if self == Self::Docker {
            keep_docker(folder);
        }
        let bin = prepared(self.word(), folder)?;
        Some(format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default()))
    }
}

/// Gives a test the `PATH` of an engine, as the user whom that is for. `place` is the path of the test's module.
#[doc(hidden)]
pub fn on_engine(engine: TestEngine, place: &str, test: &str, body: impl FnOnce(TestEngine, String)) {
    if engine == TestEngine::Rootless && is_superuser() {
        return as_user(place, test);
    }
    if let Some(path) = engine.path() {
        body(engine, path);
    }
}

/// Tests of all engines: `on_each_engine! { run: one, two }` makes the modules `podman`, `rootless` and `docker` with a test of each name, which is
/// `run(engine, path, one)`.
#[macro_export]
macro_rules! on_each_engine {
    ($run:ident: $($test:ident),+ $(,)?) => {
        $crate::on_each_engine! { @one podman Podman $run $($test)+ }
        $crate::on_each_engine! { @one rootless Rootless $run $($test)+ }
        $crate::on_each_engine! { @one docker Docker $run $($test)+ }
    };
    (@one $module:ident $engine:ident $run:ident $($test:ident)+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    $crate::on_engine($crate::TestEngine::$engine, module_path!(), stringify!($test), |engine, path| {
                        super::$run(engine, path, super::$test);
                    });
                }
            )+
        }
    };
}

/// Runs a test of this program again, as another user, and fails when it does.
fn as_user(place: &str, test: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = std::env::current_exe().expect("a program knows where it is");
    // Without the crate, as tests are named.
    let name = match place.split_once("::") {
        Some((_, module)) => format!("{module}::{test}"),
        None => test.to_owned(),
    };
    // What only we may fetch.
    prepared("registry", &folder());
    let mut command = Command::new(root.join("scripts/as-user.sh"));
    command.arg(folder().join(TestEngine::Rootless.word())).arg(program);
    command.args(["--exact", &name, "--nocapture"]).env("SOLTI_TEST_SHIM", shim()).stdin(Stdio::null());
    let ended = command.output().expect("the script is started");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    match ended.status.code() {
        Some(3) => println!("skipped: {}", err.trim()),
        code => {
            print!("{out}");
            assert_eq!(code, Some(0), "as another user: {err}");
            assert!(out.contains("1 passed"), "no test is named {name}: {out}");
        }
    }
}

/// As long as this program lives, the daemon does.
fn keep_docker(folder: &Path) {
    static USED: OnceLock<File> = OnceLock::new();
    USED.get_or_init(|| {
        let folder = folder.join(TestEngine::Docker.word());
        fs::create_dir_all(&folder).expect("the target folder can be written");
        let file = File::options().append(true).create(true).open(folder.join("users"));
        let file = file.expect("the target folder can be written");
        file.lock_shared().expect("locked");
        file
    });
}

/// Where the programs of an engine are once it is prepared; `None`, with a word of why, where it cannot be.
fn prepared(engine: &str, folder: &Path) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(root.join("scripts/containers.sh"));
    let Output { status, stderr, .. } =
        command.arg(engine).arg(folder).output().expect("the script is started");
    if status.success() {
        return Some(folder.join(engine).join("bin"));
    }
    println!("skipped: {}", String::from_utf8_lossy(&stderr).trim());
    None
}

fn is_superuser() -> bool {
    fs::metadata("/proc/self").as_ref().map(Metadata::uid).expect("Linux has it") == 0
}

/// `target/tmp/containers`, beside what other programs are kept in for tests.
fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("a program knows where it is");
    test.ancestors().nth(3).expect("in a target folder").join("tmp/containers")
}

/// A registry of a test's own on the loopback address, without TLS. It ends with this.
#[derive(Debug)]
pub struct Registry {
    server: Child,
    /// Its address and port, as the name of an image begins.
    pub address: String,
}

impl Registry {
    /// `None`, with a word of why, where there is none. `folder` is for what it keeps. `accounts`: who may ask it, as `htpasswd -B` writes it.
    pub fn start(folder: &Path, accounts: Option<&str>) -> Option<Self> {
        let program = prepared("registry", &self::folder())?.join("docker-registry");
        let address = format!("127.0.0.1:{}", free_port());
        let auth = accounts.map_or(String::new(), |accounts| {
            let file = folder.join("accounts");
            fs::write(&file, accounts).expect("writable");
            format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", file.display())
        });
        let config = folder.join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: {address}}}\n{auth}",
            folder.join("kept").display()
        );
        fs::write(&config, text).expect("writable");
        let mut command = Command::new(program);
        command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().expect("the registry starts");
        wait_until("the registry listens", || std::net::TcpStream::connect(&address).is_ok());
        Some(Self { server, address })
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
