//! What a shim is to start, from the file or the socket that the app wrote.
#![no_main]

use libfuzzer_sys::fuzz_target;
use solti_shim::launch::LaunchSpec;

fuzz_target!(|bytes: &[u8]| {
    let sealed = [bytes, &crc32fast::hash(bytes).to_le_bytes()].concat();
    for spec in [bytes, &sealed] {
        if let Ok(spec) = LaunchSpec::decode(spec) {
            assert_eq!(LaunchSpec::decode(&spec.encode()), Ok(spec));
        }
    }
});
