//! The engine as something that the session starts. What the system's own programs are asked is told by stand-ins for them.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;
use support::{Place, error};

struct Session {
    place: Place,
}

impl Session {
    /// With a systemd that answers, or with none.
    fn new(systemd: bool) -> Self {
        let session = Self { place: Place::new() };
        let programs = session.place.work().join("bin");
        fs::create_dir(&programs).unwrap();
        let home = session.config().display().to_string();
        let systemctl = format!(
            "#!/bin/sh\necho systemctl $@ >> {home}/asked\ncase \"$*\" in\n\
             *show*) {} ;;\n\
             *enable\\ --now*) touch {home}/enabled ;;\n\
             *disable\\ --now*) rm {home}/enabled ;;\n\
             *is-*) test -e {home}/enabled ;;\n\
             esac\n",
            if systemd { "true" } else { "false" }
        );
        let loginctl =
            format!("#!/bin/sh\necho loginctl $@ >> {home}/asked\ntest $1 = enable-linger || echo no\n");
        for (name, text) in [("systemctl", systemctl), ("loginctl", loginctl)] {
            let path = programs.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::create_dir(session.config()).unwrap();
        session
    }

    fn config(&self) -> PathBuf {
        self.place.work().join("config")
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = self.place.command(&[&["service"], words].concat());
        let path = format!("{}:/usr/bin:/bin", self.place.work().join("bin").display());
        let output = command.env("PATH", path).env("XDG_CONFIG_HOME", self.config()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", error(&output));
        output
    }

    fn json(&self, words: &[&str]) -> serde_json::Value {
        serde_json::from_slice(&self.run(&[words, &["--json"]].concat()).stdout).unwrap()
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.config().join("asked")).unwrap_or_default()
    }
}

#[test]
fn with_systemd_it_is_a_unit_of_this_user() {
    let session = Session::new(true);
    let before = session.json(&["status"]);
    assert_eq!((&before["kind"], &before["enabled"]), (&"systemd".into(), &false.into()), "{before}");
    assert!(!session.asked().contains("enable --now"), "asking changes nothing: {}", session.asked());

    let on = session.json(&["enable", "--linger"]);
    assert_eq!(
        (&on["enabled"], &on["running"], &on["lingers"]),
        (&true.into(), &true.into(), &false.into()),
        "{on}"
    );
    let unit = fs::read_to_string(session.config().join("systemd/user/solti.service")).unwrap();
    let data_dir = session.place.data_dir();
    let starts = format!("/solti\" --data-dir \"{}\" serve --standby\n", data_dir.display());
    assert!(unit.contains(&starts), "{unit}");
    let asked = session.asked();
    let order = ["daemon-reload", "enable --now solti.service", "loginctl enable-linger"];
    let places: Vec<_> =
        order.iter().map(|words| asked.find(words).unwrap_or_else(|| panic!("{asked}"))).collect();
    assert!(places.is_sorted(), "{asked}");
    // In words: what log-out does, and what to do about it.
    let said = String::from_utf8(session.run(&["status"]).stdout).unwrap();
    assert!(said.contains("ends when you log out") && said.contains("--linger"), "{said}");
    assert!(said.contains("It is being started."), "the unit runs, and holds no folder yet: {said}");

    let off = session.json(&["disable"]);
    assert_eq!(off["enabled"], false, "{off}");
    assert!(!session.config().join("systemd/user/solti.service").exists());
}

#[test]
fn whether_an_engine_runs_is_said_whoever_has_started_it() {
    let session = Session::new(true);
    let said = |words: &[&str]| String::from_utf8(session.run(words).stdout).unwrap();
    let none = said(&["status"]);
    assert!(none.contains("No engine runs now.") && !none.contains("solti.service"), "{none}");
    assert_eq!(session.json(&["status"])["engine"], serde_json::Value::Null);
    let server = session.place.serve(&[]);
    let running = said(&["status"]);
    assert!(running.contains("Tasks are run now by solti serve (process "), "{running}");
    let state = session.json(&["status"]);
    assert_eq!((&state["enabled"], &state["engine"]["holder"]), (&false.into(), &"serve".into()), "{state}");
    assert!(state["engine"]["pid"].as_u64().is_some_and(|pid| running.contains(&pid.to_string())), "{state}");
    drop(server);
}

#[test]
fn without_systemd_it_is_an_entry_of_the_autostart() {
    let session = Session::new(false);
    let on = session.json(&["enable"]);
    assert_eq!((&on["kind"], &on["enabled"]), (&"autostart".into(), &true.into()), "{on}");
    let entry = fs::read_to_string(session.config().join("autostart/dev.solti.engine.desktop")).unwrap();
    assert!(entry.contains("serve --standby") && entry.starts_with("#"), "{entry}");
    assert_eq!(session.json(&["disable"])["enabled"], false);
    assert_eq!(fs::read_dir(session.config().join("autostart")).unwrap().count(), 0);
}
