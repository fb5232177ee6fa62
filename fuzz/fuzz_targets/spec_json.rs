//! A spec from outside, as JSON: whatever it is, it is refused with a field or means the same when it is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use solti_model::parse_spec;

fuzz_target!(|bytes: &[u8]| {
    let Ok(json) = serde_json::from_slice(bytes) else { return };
    match parse_spec(json) {
        Ok(spec) => {
            spec.validate().expect("what is parsed is legal");
            let again = parse_spec(serde_json::to_value(&spec).expect("writes")).expect("reads what it wrote");
            assert_eq!(again, spec);
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
});
