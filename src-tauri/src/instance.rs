//! One app per data folder. The lock of `solti-engine` decides; where there is a session bus, the second app also asks
//! the first to come to the front (tauri-plugin-single-instance). Without a bus the plugin does nothing and says
//! nothing, which is why it is never the judge.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

/// The bus name of the app that holds `data_dir`: apps on different folders do not stand in each other's way.
pub fn bus_name(data_dir: &Path) -> String {
    // DefaultHasher::new() has fixed keys: two runs of one build agree, and only those need to.
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    format!("dev.solti.desktop.d{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_do_not_share_a_bus_name() {
        assert_eq!(bus_name(Path::new("/a")), bus_name(Path::new("/a")));
        assert_ne!(bus_name(Path::new("/a")), bus_name(Path::new("/b")));
    }
}
