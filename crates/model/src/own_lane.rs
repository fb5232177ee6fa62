//! Whether a lane is there for one task alone. A spec says so; one that does not, because it is of an earlier version or of
//! another client, is judged by the name that our clients have always given such lanes.

use crate::{Slot, TaskSpec};

/// The end of a name that our clients make: four letters or digits, without those that are easily misread, and a digit.
const END: usize = 5;

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z' | b'2'..=b'9')
}

impl TaskSpec {
    /// Whether the lane is this task's own, so that nobody needs to be told its name.
    pub fn has_own_lane(&self) -> bool {
        self.own_lane.unwrap_or_else(|| is_named_for_one_task(&self.slot))
    }
}

/// As `echo-x7kp2` is.
fn is_named_for_one_task(slot: &Slot) -> bool {
    let name = slot.as_str().as_bytes();
    let Some((before, end)) = name.len().checked_sub(END).map(|at| name.split_at(at)) else { return false };
    before.ends_with(b"-") && end.iter().all(|byte| is_plain(*byte)) && end[END - 1].is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use crate::parse_spec;
    use serde_json::json;

    fn own(slot: &str, said: Option<bool>) -> bool {
        let mut spec = json!({"slot": slot, "kind": {"wasm": {"module": "/m"}}});
        if let Some(said) = said {
            spec["ownLane"] = said.into();
        }
        parse_spec(spec).expect("legal").has_own_lane()
    }

    #[test]
    fn what_the_spec_says_counts_and_else_the_name() {
        assert!(own("etl", Some(true)) && !own("echo-x7kp2", Some(false)));
        assert!(own("echo-x7kp2", None) && own("-abcd2", None));
        let shared = ["etl", "etl-daily", "py-tests", "nightly-2026", "web-2", "a-b-c", "x7kp2", "a-x7kp1"];
        assert_eq!(shared.into_iter().filter(|name| own(name, None)).collect::<Vec<_>>(), [""; 0]);
    }
}
