//! The record of a run's end, and the report of its start: bytes from a disk or a pipe are refused, or are what would be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use solti_shim::exit_record::{ExitRecord, LEN};
use solti_shim::{fork_order::ForkOrder, start_report};

fuzz_target!(|bytes: &[u8]| {
    let mut sealed = [0; LEN];
    let filled = bytes.len().min(LEN - 4);
    sealed[..filled].copy_from_slice(&bytes[..filled]);
    let sum = crc32fast::hash(&sealed[..LEN - 4]);
    sealed[LEN - 4..].copy_from_slice(&sum.to_le_bytes());
    for record in [bytes, &sealed] {
        if let Ok(record) = ExitRecord::decode(record) {
            assert_eq!(ExitRecord::decode(&record.encode()), Ok(record));
        }
    }
    if let Some(report) = bytes.first_chunk::<{ start_report::LEN }>()
        && let Ok(report) = start_report::StartReport::decode(report)
    {
        assert_eq!(start_report::StartReport::decode(&report.encode()), Ok(report));
    }
    if let Ok(order) = ForkOrder::decode(bytes) {
        assert_eq!(ForkOrder::decode(&order.encode()), Ok(order));
    }
});
