//! What the tests of a whole app wait for is printed and kept: by its settings the app removes logs where the disk is nearly full,
//! and the disk of a machine that has just built all of this often is.

use serde_json::json;
use solti_api::{SettingsAccess as _, StoredSettings};
use solti_store::Store;
use std::path::Path;

/// Sets in a new data folder that logs stay however little is free.
pub fn keep_logs(data_dir: &Path) {
    let set = async {
        let store = Store::open(data_dir).expect("a new data folder");
        let settings = StoredSettings::load(store).await.expect("readable");
        settings.set_settings(json!({"logs": {"minFreeBytes": 0}})).await.expect("legal");
    };
    // Most callers are in a runtime already, which would not wait for this one.
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(set);
        });
        waiting.join().expect("it is set");
    });
}
