//! Links to a line of a log, `solti://log/<task>/<attempt>/<row>`, as they are given to the program as an argument. The log of
//! another machine ends with `?machine=<name>`, percent-encoded: the name of the connection in the settings here.

use solti_machines::Machine;
use solti_model::{RunId, TaskId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLink {
    pub machine: Machine,
    pub run: RunId,
    pub row: u64,
}

impl LogLink {
    /// The first link among the program's arguments.
    pub fn among(args: impl IntoIterator<Item = String>) -> Option<Self> {
        args.into_iter().find_map(|arg| Self::parse(&arg))
    }

    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("solti://log/")?;
        let (path, machine) = match rest.split_once("?machine=") {
            Some((path, name)) => (path, Machine::Named(decoded(name)?)),
            None => (rest, Machine::Here),
        };
        let mut parts = path.split('/');
        let task = TaskId::new(parts.next()?).ok()?;
        let (attempt, row) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { machine, run: RunId::new(task, attempt), row })
    }
}

/// A percent-encoded name; `None` for what is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok().filter(|digits| !digits.starts_with('+'))?;
                u8::from_str_radix(digits, 16).ok()?
            }
            // What would begin another parameter, and is not of the name.
            b'&' | b'#' | b'?' | b'/' => return None,
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(args: &[&str]) -> Option<LogLink> {
        LogLink::among(args.iter().map(ToString::to_string))
    }

    fn link(machine: Machine) -> LogLink {
        LogLink { machine, run: "t-1/2".parse().expect("a run"), row: 70 }
    }

    #[test]
    fn a_link_names_a_row_and_anything_else_is_none() {
        assert_eq!(among(&["solti-desktop", "solti://log/t-1/2/70"]), Some(link(Machine::Here)));
        for other in
            ["solti://log/t-1/2", "solti://log/../2/70", "solti://log/t/x/1", "solti://task/t/1/1", "-h"]
        {
            assert_eq!(among(&[other]), None, "{other}");
        }
        assert_eq!(among(&["solti://log/t/1/1/more"]), None);
    }

    #[test]
    fn a_link_to_another_machine_names_it() {
        for (text, name) in [("lab", "lab"), ("M%C3%BC%20%26%20co", "Mü & co"), ("a+b", "a+b")] {
            let given = format!("solti://log/t-1/2/70?machine={text}");
            assert_eq!(among(&[&given]), Some(link(Machine::Named(name.into()))), "{text}");
        }
        for wrong in ["", "a&b", "%", "%4", "%+1", "%zz", "%ff", "a/b"] {
            assert_eq!(among(&[&format!("solti://log/t-1/2/70?machine={wrong}")]), None, "{wrong}");
        }
    }
}
