//! Rows as a window shows them.

use solti_logstore::{LogError, LogView, Row, Slice, Stream};
use solti_model::{
    DensityBucket, LogDensity, LogRow, MAX_ROW_BYTES, OutputStreamKind, RemovedRows, RowSection, RowSpan,
    Severity,
};
use solti_rows::{Color, Shown};

/// Rows in one answer.
pub(super) const MAX_ROWS: u32 = 1_000;
/// Slices of an overview strip in one answer.
pub(super) const MAX_BUCKETS: u32 = 4_096;

/// The rows, which are in order, as a window shows them.
pub(super) fn text_rows(view: &mut LogView, rows: Vec<Row>) -> Result<Vec<LogRow>, LogError> {
    let shown = view.shown_rows(&rows, MAX_ROW_BYTES)?;
    Ok(rows.into_iter().zip(shown).map(|(row, shown)| text_row(row, shown)).collect())
}

pub(super) fn text_row(row: Row, shown: Shown) -> LogRow {
    LogRow {
        row: row.row,
        stream: match row.stream {
            Stream::Stdout => OutputStreamKind::Stdout,
            Stream::Stderr => OutputStreamKind::Stderr,
        },
        ts: row.ts_ms,
        spans: spans(&shown),
        severity: solti_rows::severity(&shown.text).map(|severity| match severity {
            solti_rows::Severity::Error => Severity::Error,
            solti_rows::Severity::Warning => Severity::Warning,
        }),
        sections: solti_rows::sections(&row.bytes)
            .into_iter()
            .map(|section| RowSection { name: section.name, ends: section.ends })
            .collect(),
        // Of a gap there is none: what stands for it is the page's to say.
        text: shown.text,
        more: shown.more,
        full_len: row.full_len,
        partial: row.partial,
        continued: row.continued,
        gap: row.gap,
        removed: row.removed.map(|removed| RemovedRows { rows: removed.rows, bytes: removed.bytes }),
    }
}

pub(super) fn spans(shown: &Shown) -> Vec<RowSpan> {
    let color = |color: Color| match color {
        Color::Indexed(index) => u32::from(index),
        Color::True([r, g, b]) => u32::from_be_bytes([1, r, g, b]),
    };
    let mut at = 0;
    let span = |span: &solti_rows::Span| {
        let text = &shown.text[at..at + span.len];
        at += span.len;
        let style = span.style;
        RowSpan {
            len: if text.is_ascii() { text.len() } else { text.encode_utf16().count() } as u32,
            fg: style.fg.map(color),
            bg: style.bg.map(color),
            bold: style.bold(),
            dim: style.dim(),
            italic: style.italic(),
            underline: style.underline(),
            strike: style.strike(),
            inverse: style.inverse(),
            control: span.control,
            link: span.link.as_deref().map(str::to_owned),
        }
    };
    shown.spans.iter().map(span).collect()
}

pub(super) fn density(rows: u64, slices: &[Slice]) -> LogDensity {
    let bucket = |slice: &Slice| {
        let [stdout, stderr] = slice.lines;
        DensityBucket { stdout, stderr, matches: slice.matches }
    };
    LogDensity { rows, buckets: slices.iter().map(bucket).collect() }
}
