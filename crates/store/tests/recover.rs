//! Copies of the database, and what becomes of one that is damaged: nothing is thrown away, and nothing is claimed that
//! is not so.

mod support;

use solti_model::TaskPhase;
use solti_store::{Change, DAMAGED_KEPT, Store, StoreError, backups, damaged};
use std::fs;
use std::path::Path;
use support::{id, task};

async fn put(store: &Store, from: u64, to: u64) {
    let tasks = (from..to).map(|n| task(n, TaskPhase::Succeeded).into()).collect();
    store.apply(tasks).await.unwrap();
}

/// Overwrites all of the database but its beginning.
fn damage(dir: &Path) {
    let path = dir.join("solti.db");
    let mut bytes = fs::read(&path).unwrap();
    let from = bytes.len() / 2;
    bytes[from..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
}

fn names(dir: &Path, beginning: &str) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name.starts_with(beginning)).collect()
}

#[tokio::test]
async fn three_copies_are_kept_for_the_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(backups(dir.path()).unwrap(), []);
    let mut taken = Vec::new();
    for n in 0..5 {
        put(&store, n, n + 1).await;
        taken.push(store.back_up().await.unwrap());
    }
    let kept = backups(dir.path()).unwrap();
    taken.reverse();
    assert_eq!(kept, taken[..3]);
    assert_eq!(fs::read_dir(dir.path().join("backups")).unwrap().count(), 3, "something else is left there");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.path().join("backups")), 0o700);
        assert_eq!(mode(&kept[0].path), 0o600);
    }
}

/// Renames the copies as if they had been taken at these times; newest first.
fn date(dir: &Path, times: &[u64]) {
    for (copy, at) in backups(dir).unwrap().iter().zip(times) {
        fs::rename(&copy.path, dir.join(format!("backups/solti-{at}.db"))).unwrap();
    }
}

#[tokio::test]
async fn copies_of_a_clock_that_was_ahead_are_older_than_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for n in 0..3 {
        put(&store, n, n + 1).await;
        store.back_up().await.unwrap();
    }
    let now = backups(dir.path()).unwrap()[0].taken_at;
    const YEAR: u64 = 365 * 24 * 60 * 60 * 1000;
    date(dir.path(), &[u64::MAX, now + YEAR, now - YEAR]);
    put(&store, 3, 4).await;
    let newest = store.back_up().await.unwrap();
    assert!(newest.taken_at < now + YEAR / 2, "dated by the clock: {newest:?}");
    let kept = backups(dir.path()).unwrap();
    assert_eq!(
        kept.iter().map(|copy| copy.taken_at).collect::<Vec<_>>(),
        [0, 1, 2].map(|n| newest.taken_at - n)
    );
    // In the order in which they were taken: each knows one task less.
    for (copy, tasks) in kept.iter().zip([4, 3, 2]) {
        let other = tempfile::tempdir().unwrap();
        fs::copy(&copy.path, other.path().join("solti.db")).unwrap();
        let store = Store::open(other.path()).unwrap();
        assert!(store.task(&id(tasks - 1)).await.unwrap().is_some(), "{copy:?}");
        assert!(store.task(&id(tasks)).await.unwrap().is_none(), "{copy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_dated_in_the_future_does_not_end_the_daily_copies() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let first = store.back_up().await.unwrap();
    date(dir.path(), &[first.taken_at + 365 * 24 * 60 * 60 * 1000]);
    let copied = async {
        while backups(dir.path()).unwrap().len() < 2 {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        ended = store.back_up_daily(|error| panic!("{error}")) => panic!("{ended:?}"),
        () = copied => {}
    }
    let kept = backups(dir.path()).unwrap();
    assert!(kept[0].taken_at >= first.taken_at && kept[1].taken_at == kept[0].taken_at - 1, "{kept:?}");
}

#[tokio::test]
async fn the_latest_three_damaged_databases_are_kept_with_their_side_files() {
    let dir = tempfile::tempdir().unwrap();
    let aside = |n: u64, side: &str| dir.path().join(format!("solti.db.damaged-{n}{side}"));
    // Two of the past, and one of a clock that was ahead.
    for n in [7, 9, u64::MAX / 2] {
        for side in ["", "-wal", "-shm"] {
            fs::write(aside(n, side), "100 bytes ".repeat(10)).unwrap();
        }
    }
    let kept = damaged(dir.path()).unwrap();
    assert_eq!((kept.len(), kept[0].bytes, kept[2].set_aside_at), (DAMAGED_KEPT, 300, 7));
    fs::write(dir.path().join("solti.db"), "not a database, though long enough ".repeat(200)).unwrap();

    let opened = Store::open_or_recover(dir.path()).unwrap();
    let kept: Vec<_> = damaged(dir.path()).unwrap().into_iter().map(|damaged| damaged.path).collect();
    assert_eq!(kept[0], opened.recovered.unwrap().set_aside.unwrap());
    assert_eq!(kept[1..], [aside(u64::MAX / 2, ""), aside(9, "")]);
    assert!(["", "-wal", "-shm"].iter().all(|side| !aside(7, side).exists()));
}

#[tokio::test]
async fn a_copy_is_taken_while_the_store_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, 0, 2_000).await;
    let writing = async {
        for n in 2_000..2_200 {
            put(&store, n, n + 1).await;
        }
    };
    let (copy, ()) = tokio::join!(store.back_up(), writing);
    let copy = copy.unwrap();
    let other = tempfile::tempdir().unwrap();
    fs::copy(&copy.path, other.path().join("solti.db")).unwrap();
    let restored = Store::open(other.path()).unwrap();
    restored.check().await.unwrap();
    assert!(restored.task(&id(1_999)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_sound_database_is_opened_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let opened = Store::open_or_recover(dir.path()).unwrap();
    assert_eq!(opened.recovered, None);
    put(&opened.store, 0, 10).await;
    opened.store.settle().await.unwrap();
    let log = fs::metadata(dir.path().join("solti.db-wal")).unwrap();
    assert_eq!(log.len(), 0, "the next opening takes the stop for an unclean one");
    drop(opened);
    assert_eq!(Store::open_or_recover(dir.path()).unwrap().recovered, None);
}

#[tokio::test]
async fn the_newest_sound_copy_takes_the_place_of_a_damaged_database() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, 0, 100).await;
    let good = store.back_up().await.unwrap();
    put(&store, 100, 200).await;
    let bad = store.back_up().await.unwrap();
    put(&store, 200, 500).await;
    drop(store);
    damage(dir.path());
    let damaged = fs::read(dir.path().join("solti.db")).unwrap();
    fs::write(&bad.path, b"half a copy").unwrap();

    let opened = Store::open_or_recover(dir.path()).unwrap();
    let recovery = opened.recovered.unwrap();
    assert_eq!(recovery.backup_taken_at, Some(good.taken_at));
    assert_eq!(fs::read(recovery.set_aside.unwrap()).unwrap(), damaged, "the damaged file is kept");
    opened.store.check().await.unwrap();
    assert!(opened.store.task(&id(99)).await.unwrap().is_some());
    assert!(opened.store.task(&id(100)).await.unwrap().is_none());
    put(&opened.store, 100, 101).await;
    drop(opened.store);
    // The app has died before it took up what the run folders show: the next one knows as well.
    let again = Store::open_or_recover(dir.path()).unwrap();
    let recovery = again.recovered.unwrap();
    assert_eq!(recovery.backup_taken_at, Some(good.taken_at));
    assert_eq!(fs::read(recovery.set_aside.unwrap()).unwrap(), damaged);
    assert!(again.store.task(&id(100)).await.unwrap().is_some(), "it is not recovered a second time");
    again.store.recovery_is_done().unwrap();
    drop(again.store);
    assert_eq!(Store::open_or_recover(dir.path()).unwrap().recovered, None, "recovered once");
}

#[tokio::test]
async fn without_a_copy_an_empty_database_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("solti.db"), "not a database, though long enough ".repeat(200)).unwrap();
    let opened = Store::open_or_recover(dir.path()).unwrap();
    let recovery = opened.recovered.unwrap();
    assert_eq!(recovery.backup_taken_at, None);
    assert!(recovery.set_aside.unwrap().exists());
    put(&opened.store, 0, 1).await;
}

#[tokio::test]
async fn a_database_that_is_gone_or_emptied_is_restored_when_there_are_copies() {
    let empty_database = |path: &Path| {
        fs::remove_file(path).unwrap();
        rusqlite::Connection::open(path).unwrap().execute_batch("CREATE TABLE x (y); DROP TABLE x").unwrap();
        assert!(fs::metadata(path).unwrap().len() > 0);
    };
    type Ending<'a> = &'a dyn Fn(&Path);
    let ways: [(&str, bool, Ending); 4] = [
        ("gone", false, &|path| fs::remove_file(path).unwrap()),
        ("cut to nothing", true, &|path| fs::write(path, "").unwrap()),
        ("cut to a byte", true, &|path| fs::write(path, "x").unwrap()),
        ("an empty database", true, &empty_database),
    ];
    for (way, is_kept, end) in ways {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        put(&store, 0, 10).await;
        store.settle().await.unwrap();
        store.back_up().await.unwrap();
        drop(store);
        end(&dir.path().join("solti.db"));
        let opened = Store::open_or_recover(dir.path()).unwrap();
        let recovery = opened.recovered.unwrap_or_else(|| panic!("{way}: nothing was recovered"));
        assert_eq!(recovery.set_aside.is_some(), is_kept, "{way}");
        assert!(recovery.backup_taken_at.is_some(), "{way}");
        assert!(opened.store.task(&id(9)).await.unwrap().is_some(), "{way}");
    }
}

#[tokio::test]
async fn a_recovery_that_was_interrupted_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, 0, 10).await;
    store.back_up().await.unwrap();
    // As a crash leaves it: half of the copy made, the write log already removed.
    store.recover_at_next_start().unwrap();
    drop(store);
    fs::write(dir.path().join("solti.db.restoring"), b"half").unwrap();

    let opened = Store::open_or_recover(dir.path()).unwrap();
    assert!(opened.recovered.is_some());
    assert!(opened.store.task(&id(9)).await.unwrap().is_some());
    assert_eq!(names(dir.path(), "solti.db.restoring"), Vec::<String>::new());
    assert_eq!(names(dir.path(), "solti.db.damaged-").len(), 1);
}

#[tokio::test]
async fn a_damaged_database_is_not_copied_over_good_copies() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, 0, 500).await;
    let good = store.back_up().await.unwrap();
    store.settle().await.unwrap();
    drop(store);
    damage(dir.path());
    let store = Store::open(dir.path()).unwrap();
    let refused = store.back_up().await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    assert_eq!(backups(dir.path()).unwrap(), [good]);
}

#[tokio::test(start_paused = true)]
async fn the_daily_copy_waits_for_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let setting = |n: u64| vec![Change::SetMeta { key: "k".into(), value: n.to_string() }];
    let busy = async {
        for n in 0..30 {
            store.apply(setting(n)).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        }
        assert_eq!(backups(dir.path()).unwrap(), [], "copied in the middle of a burst");
        std::future::pending::<()>().await
    };
    let copied = async {
        while backups(dir.path()).unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = busy => {}
        ended = store.back_up_daily(|error| panic!("{error}")) => panic!("{ended:?}"),
        () = copied => {}
    }
}

fn older(dir: &Path) -> bool {
    Store::open_or_recover(dir).unwrap().recovered.is_some_and(|recovery| recovery.is_older)
}

#[tokio::test]
async fn a_database_of_an_earlier_time_is_told_from_the_one_that_was_here() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("solti.db");
    let happens = async || {
        let store = Store::open(dir.path()).unwrap();
        put(&store, 0, 1).await;
        let event =
            Change::Event { task_id: id(0), at: 5, attempt: None, kind: "queued".into(), detail: None };
        store.apply(vec![event]).await.unwrap();
        store
    };
    drop(happens().await);
    let earlier = fs::read(&file).unwrap();
    assert!(!older(dir.path()));

    // Its last writes are gone: they were in the file beside it.
    let store = happens().await;
    let without_last = fs::read(&file).unwrap();
    drop(store);
    for before in [&earlier, &without_last] {
        fs::write(&file, before).unwrap();
        // A start that is interrupted before it took that up is followed by one that knows as well.
        assert!(older(dir.path()));
        drop(happens().await);
        let opened = Store::open_or_recover(dir.path()).unwrap();
        assert!(opened.recovered.unwrap().is_older);
        opened.store.recovery_is_done().unwrap();
        drop(opened.store);
        assert!(!older(dir.path()));
        drop(happens().await);
    }
}

#[tokio::test]
async fn copies_that_cannot_be_looked_at_are_not_taken_for_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, 0, 300).await;
    store.back_up().await.unwrap();
    drop(store);
    damage(dir.path());
    let copies = dir.path().join("backups");
    let aside = dir.path().join("aside");
    fs::rename(&copies, &aside).unwrap();
    // For the superuser, who may look at every folder.
    fs::write(&copies, "").unwrap();
    let refused = Store::open_or_recover(dir.path());
    assert!(matches!(refused, Err(StoreError::Open { .. })), "nothing takes the place of the database");
    fs::remove_file(&copies).unwrap();
    fs::rename(&aside, &copies).unwrap();
    assert!(Store::open_or_recover(dir.path()).unwrap().recovered.unwrap().backup_taken_at.is_some());
}
