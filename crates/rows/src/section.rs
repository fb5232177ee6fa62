//! The marks by which a build's output says where its sections begin and end: GitLab's, which no terminal shows.

/// A section of a build's output begins or ends in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// By what its end knows its beginning.
    pub name: String,
    /// It ends; else it begins.
    pub ends: bool,
}

const MARK: &[u8] = b"section_";
/// A longer name is none.
const MAX_NAME: usize = 256;

/// The sections that begin and end in a row, in the order in which it says so: `section_start:1560896352:name[options]` or
/// `section_end:1560896352:name`, each before a carriage return and `ESC [ 0 K`, by which a terminal takes it away again.
pub fn sections(row: &[u8]) -> Vec<Section> {
    memchr::memmem::find_iter(row, MARK).filter_map(|at| section(&row[at + MARK.len()..])).collect()
}

fn section(rest: &[u8]) -> Option<Section> {
    let (ends, rest) = match rest.strip_prefix(b"start:") {
        Some(rest) => (false, rest),
        None => (true, rest.strip_prefix(b"end:")?),
    };
    let (time, rest) = until(rest, |byte| !byte.is_ascii_digit());
    let rest = rest.strip_prefix(b":").filter(|_| !time.is_empty())?;
    let (name, rest) = until(rest, |byte| !(byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)));
    let rest = match rest.strip_prefix(b"[") {
        Some(options) => until(options, |byte| byte == b']' || byte == b'\r').1.strip_prefix(b"]")?,
        None => rest,
    };
    let erased = rest.starts_with(b"\r\x1b[0K") || rest.starts_with(b"\r\x1b[K");
    let named = !name.is_empty() && name.len() <= MAX_NAME;
    (named && erased).then(|| Section { name: String::from_utf8_lossy(name).into_owned(), ends })
}

/// What is before the first byte that ends it, and the rest.
fn until(bytes: &[u8], ends: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| ends(*byte)).unwrap_or(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(row: &str) -> Vec<String> {
        let sign = |section: Section| format!("{}{}", if section.ends { '-' } else { '+' }, section.name);
        sections(row.as_bytes()).into_iter().map(sign).collect()
    }

    #[test]
    fn marks_are_read_where_a_runner_prints_them() {
        for (row, expected) in [
            ("section_start:1560896352:build\r\x1b[0KBuild it", &["+build"][..]),
            ("\x1b[0Ksection_start:1:a.b-c_d[hide_duration=true,collapsed=true]\r\x1b[0K", &["+a.b-c_d"]),
            ("section_end:1560896353:build\r\x1b[0K", &["-build"]),
            (
                "section_end:1:prepare\r\x1b[0Ksection_start:2:get_sources\r\x1b[K\x1b[36;1mSources",
                &["-prepare", "+get_sources"],
            ),
            ("2026-11-29T12:00:00.000000Z 00O section_start:1:a\r\x1b[0Kb", &["+a"]),
            // Text that only speaks of them.
            ("echo section_start:1:a", &[]),
            ("section_start:1:a\rb", &[]),
            ("section_start::a\r\x1b[0K", &[]),
            ("section_start:1:\r\x1b[0K", &[]),
            ("section_start:1:a[open\r\x1b[0K", &[]),
            ("section_began:1:a\r\x1b[0K", &[]),
        ] {
            assert_eq!(told(row), expected, "{row:?}");
        }
    }
}
