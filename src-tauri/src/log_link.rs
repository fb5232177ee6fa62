//! Links to a line of a log, `solti://log/<task>/<attempt>/<row>`, as they are given to the program as an argument.

use solti_model::TaskId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLink {
    pub id: TaskId,
    pub attempt: u32,
    pub row: u64,
}

impl LogLink {
    /// The first link among the program's arguments.
    pub fn among(args: impl IntoIterator<Item = String>) -> Option<Self> {
        args.into_iter().find_map(|arg| Self::parse(&arg))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("solti://log/")?.split('/');
        let id = TaskId::new(parts.next()?).ok()?;
        let (attempt, row) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { id, attempt, row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_row_and_anything_else_is_none() {
        let among = |args: &[&str]| LogLink::among(args.iter().map(ToString::to_string));
        let link = LogLink { id: TaskId::new("t-1").expect("legal"), attempt: 2, row: 70 };
        assert_eq!(among(&["solti-desktop", "solti://log/t-1/2/70"]), Some(link));
        for other in
            ["solti://log/t-1/2", "solti://log/../2/70", "solti://log/t/x/1", "solti://task/t/1/1", "-h"]
        {
            assert_eq!(among(&[other]), None, "{other}");
        }
        assert_eq!(among(&["solti://log/t/1/1/more"]), None);
    }
}
