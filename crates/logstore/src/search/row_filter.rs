//! Rows that come one by one, outside of a log's files: which of them match.

use super::query::{RowMatcher, Scratch};

/// A compiled query, and room for what matching needs.
#[derive(Debug)]
pub struct RowFilter {
    matcher: RowMatcher,
    scratch: Scratch,
}

impl RowFilter {
    /// Streams are not looked at: whoever has the rows knows theirs.
    #[must_use]
    pub fn new(matcher: RowMatcher) -> Self {
        let scratch = matcher.scratch();
        Self { matcher, scratch }
    }

    /// Whether a row matches, given as it was printed, without its line feed.
    pub fn matches(&mut self, row: &[u8]) -> bool {
        let text = self.scratch.texts(row);
        let found = self.matcher.finds(text.strip_suffix(b"\n").unwrap_or(text));
        found != self.matcher.query().invert
    }
}

#[cfg(test)]
mod tests {
    use super::super::SearchQuery;
    use super::*;

    #[test]
    fn rows_are_told_one_by_one() {
        let of = |query: SearchQuery| RowFilter::new(query.compile().unwrap());
        let mut errors = of(SearchQuery { fields: "level=error".into(), ..SearchQuery::default() });
        assert!(errors.matches(b"level=error msg=x") && errors.matches(b"\x1b[31mlevel=error\x1b[0m"));
        assert!(!errors.matches(b"level=info") && !errors.matches(b""));
        let mut others = of(SearchQuery { pattern: "x".into(), invert: true, ..SearchQuery::default() });
        assert!(others.matches(b"") && others.matches(b"\r") && !others.matches(b"x\r"));
    }
}
