//! Messages on a shim's control socket, in both directions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use solti_shim::control::{REPLY_LEN, REQUEST_LEN, Reply, Request};

fuzz_target!(|bytes: &[u8]| {
    for message in bytes.as_chunks::<REQUEST_LEN>().0 {
        if let Ok(request) = Request::decode(message) {
            assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
    }
    for message in bytes.as_chunks::<REPLY_LEN>().0 {
        if let Ok(reply) = Reply::decode(message) {
            assert_eq!(Reply::decode(&reply.encode()), Ok(reply));
        }
    }
});
