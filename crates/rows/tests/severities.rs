//! What says that it is an error or a warning: tests/corpus/severities.json.

use regex::RegexBuilder;
use serde::Deserialize;
use solti_rows::{Severity, severity};

#[derive(Deserialize)]
struct Case {
    text: String,
    severity: Option<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../tests/corpus/severities.json")).unwrap()
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[test]
fn rows_are_as_serious_as_they_say() {
    let told = |case: &Case| severity(&case.text).map(name);
    let wrong = cases().into_iter().filter(|case| told(case) != case.severity.as_deref());
    let wrong: Vec<_> = wrong.map(|case| (told(&case), case.text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_has_a_severity_has_its_signs() {
    for Case { text, .. } in cases() {
        if let Some(found) = severity(&text) {
            let signs = RegexBuilder::new(found.signs()).multi_line(true).build().unwrap();
            assert!(signs.is_match(&format!("before\n{text}\nbehind")), "{text:?}");
        }
    }
}

#[test]
fn a_level_is_known_by_whatever_the_page_calls_one() {
    let cases = include_str!("../../../tests/corpus/record-fields.json");
    let cases: serde_json::Value = serde_json::from_str(cases).unwrap();
    for name in cases["names"]["level"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        for name in [name.to_owned(), name.to_uppercase()] {
            for text in [format!("{{\"a\":1,\"{name}\":\"error\"}}"), format!("a=1 {name}=error b=2")] {
                assert_eq!(severity(&text), Some(Severity::Error), "{text}");
            }
        }
    }
}
