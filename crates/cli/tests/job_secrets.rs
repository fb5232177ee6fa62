//! Secrets of jobs as a person gives them: kept in a real keyring, typed at a terminal, read from a file; and what is said where none
//! of these is there.

mod support;

use serde_json::json;
use solti_testing::{Bus, wait_until};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use support::{Place, Shown, ended, error, terminal};

const SECRET: &str = "xyzzy-4714";
/// Where nobody is.
const NO_BUS: (&str, &str) = ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");

/// Saves a job that prints how long its secret is.
fn save(place: &Place) {
    let job = json!({
        "name": "dump", "parameters": [{"name": "password", "type": "secret", "required": true}],
        "spec": {"slot": "dump", "admission": "queue", "kind": {"subprocess": {
            "mode": {"command": {"command": "sh", "args": ["-c", "echo ${#SOLTI_PARAM_PASSWORD}"]}}}}},
    });
    std::fs::write(place.work().join("job.json"), job.to_string()).unwrap();
    place.ok(&["job", "save", "job.json"]);
}

fn printed(place: &Place, id: &str) -> String {
    assert_eq!(place.run(&["wait", id]).status.code(), Some(0));
    place.ok(&["logs", id]).trim().to_owned()
}

#[test]
fn a_secret_that_is_kept_in_the_keyring_is_found_there_at_each_run() {
    let home = tempfile::tempdir().unwrap();
    let Some(bus) = Bus::start() else { return println!("skipped: there is no dbus-daemon") };
    let Some(_daemon) = bus.gnome_keyring(home.path()) else {
        return println!("skipped: there is no gnome-keyring-daemon");
    };
    let place = Place::new();
    let _server = place.serve_with(&[], &[("DBUS_SESSION_BUS_ADDRESS", &bus.address)]);
    save(&place);
    // The keyring may not have come to the bus yet.
    let comes = || place.ok(&["job", "secret", "list", "dump"]).contains("asked for at each run");
    wait_until("the keyring comes", comes);
    std::fs::write(place.work().join("secret"), format!("{SECRET}\n")).unwrap();
    place.ok(&["job", "secret", "set", "dump", "password", "--file", "secret"]);
    let listed = place.ok(&["job", "secret", "list", "dump"]);
    assert!(listed.contains("in the keyring") && !listed.contains(SECRET), "{listed}");
    let id = place.ok(&["job", "run", "dump"]).trim().to_owned();
    assert_eq!(printed(&place, &id), SECRET.len().to_string());
    let again = place.ok(&["rerun", &id]).trim().to_owned();
    assert_eq!(printed(&place, &again), SECRET.len().to_string());
    place.ok(&["job", "secret", "delete", "dump", "password"]);
    let refused = place.run(&["rerun", &id]);
    assert!(error(&refused).contains("solti job secret set dump password"), "{}", error(&refused));
}

#[test]
fn without_a_keyring_a_secret_is_typed_unseen_or_read_from_a_file() {
    let place = Place::new();
    let _server = place.serve_with(&[], &[NO_BUS]);
    save(&place);
    assert!(place.ok(&["job", "secret", "list", "dump"]).contains("there is no keyring on this computer"));
    std::fs::write(place.work().join("secret"), SECRET).unwrap();
    let kept = place.run(&["job", "secret", "set", "dump", "password", "--file", "secret"]);
    assert!(error(&kept).contains("there is no keyring on this computer"), "{}", error(&kept));
    let misspelt = place.run(&["job", "secret", "delete", "dump", "pasword"]);
    assert!(error(&misspelt).contains("no secret parameter pasword"), "{}", error(&misspelt));
    let seen = place.run(&["job", "run", "dump", "--password=hush"]);
    assert!(error(&seen).contains("others on this machine can see a command line"), "{}", error(&seen));
    let id = place.ok(&["job", "run", "dump", "--password=@secret"]).trim().to_owned();
    assert_eq!(printed(&place, &id), SECRET.len().to_string());

    // In a session without a terminal there is nobody to ask.
    let words = |program: &Command| {
        let own = [program.get_program()];
        own.into_iter().chain(program.get_args()).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let in_session = |flags: &[&str]| {
        let of_program = place.command(&["job", "run", "dump"]);
        let mut command = Command::new("setsid");
        command.args(flags).args(words(&of_program)).current_dir(place.work());
        command.env("SOLTI_DATA_DIR", place.data_dir()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let nobody = in_session(&["-w"]).stdin(Stdio::null()).output().unwrap();
    assert!(error(&nobody).contains("could not be asked for at a terminal"), "{}", error(&nobody));

    let (ours, theirs) = terminal();
    let mut asking = in_session(&["-c", "-w"]).stdin(theirs).spawn().unwrap();
    let shown = Shown::by(ours.try_clone().unwrap());
    shown.wait_for("password of job dump: ");
    (&ours).write_all(format!("{SECRET}\n").as_bytes()).unwrap();
    let mut id = String::new();
    asking.stdout.take().unwrap().read_to_string(&mut id).unwrap();
    assert_eq!(ended(&mut asking), Some(0));
    assert_eq!(printed(&place, id.trim()), SECRET.len().to_string());
    drop(ours);
    let screen = shown.until_its_end();
    assert!(!screen.contains(SECRET), "it is not shown: {screen}");
}
