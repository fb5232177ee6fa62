//! Lanes that are there for one task alone: how our clients name them, and how they are known. A spec says so; one that does
//! not, because it is of an earlier version or of another client, is judged by that name.
//!
//! The page has the same rules (`shared/own-lane.ts`); `tests/corpus/own-lanes.json` holds cases for both.

use crate::id::MAX_SLOT_BYTES;
use crate::{Slot, TaskSpec};

/// Letters and digits, without those that are easily misread.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstvwxyz23456789";
const DIGITS: &[u8] = b"23456789";
/// What the name of such a lane ends in, by its characters: `x7kp2`.
const SUFFIX: [&[u8]; 5] = [LETTERS, LETTERS, LETTERS, LETTERS, DIGITS];
/// The name of a lane whose task has none that a lane could have.
const NAMELESS: &str = "task";

/// A suffix that makes a lane one of its own. `draw` answers a random number below the one that it is given.
pub fn own_lane_suffix(mut draw: impl FnMut(usize) -> usize) -> String {
    SUFFIX.map(|letters| char::from(letters[draw(letters.len())])).into_iter().collect()
}

/// The name of a lane for one task alone, after what the task or its program is called.
pub fn own_lane_name(word: &str, suffix: &str) -> String {
    let (mut name, mut in_gap) = (String::new(), false);
    for c in word.chars() {
        let legal = c.is_ascii_alphanumeric() || "._-".contains(c);
        match legal {
            true => name.push(c.to_ascii_lowercase()),
            false if !in_gap => name.push('-'),
            false => {}
        }
        in_gap = !legal;
    }
    let name = name.trim_matches(['-', '.']);
    let name = &name[..name.len().min(MAX_SLOT_BYTES - suffix.len() - 1)];
    format!("{}-{suffix}", if name.is_empty() { NAMELESS } else { name })
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
    let Some((before, end)) = name.len().checked_sub(SUFFIX.len()).map(|at| name.split_at(at)) else {
        return false;
    };
    before.ends_with(b"-") && end.iter().zip(SUFFIX).all(|(byte, letters)| letters.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_spec;
    use serde_json::{Value, json};

    fn own(slot: &str, said: Option<bool>) -> bool {
        let mut spec = json!({"slot": slot, "kind": {"wasm": {"module": "/m"}}});
        if let Some(said) = said {
            spec["ownLane"] = said.into();
        }
        parse_spec(spec).expect("legal").has_own_lane()
    }

    fn cases() -> Value {
        serde_json::from_str(include_str!("../../../tests/corpus/own-lanes.json")).expect("cases")
    }

    #[test]
    fn what_the_spec_says_counts_and_else_the_name() {
        assert!(own("etl", Some(true)) && !own("echo-x7kp2", Some(false)));
        for case in cases()["judged"].as_array().expect("cases") {
            let slot = case[0].as_str().expect("a name");
            assert_eq!(own(slot, None), case[1], "{slot}");
        }
    }

    #[test]
    fn a_lane_is_named_after_its_task() {
        for case in cases()["names"].as_array().expect("cases") {
            let word = case[0].as_str().expect("a word");
            assert_eq!(own_lane_name(word, "x7kp2"), case[1], "{word:?}");
        }
    }

    #[test]
    fn the_suffix_tells_that_the_lane_is_one_of_its_own() {
        for at in 0..DIGITS.len() {
            let suffix = own_lane_suffix(|below| below - 1 - at);
            assert!(own(&own_lane_name("etl", &suffix), None), "{suffix}");
        }
    }
}
