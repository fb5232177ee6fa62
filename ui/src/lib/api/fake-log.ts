// Believable log lines for the backend in memory. A line is computed from its number, so that a log of ten million
// lines costs nothing. Not a parser and not used inside the app.
import type { RowSpan, Severity } from "./bindings";
import type { LogRow } from "./types";

/** Parts of a text, each with what the program has switched on for it. */
type Part = readonly [text: string, look: Omit<RowSpan, "len">];

const WORDS = ["orders", "customers", "invoices", "shipments", "returns", "ledger", "sessions", "events"];

/** One display row of a made-up import: colours, stderr, an over-long line, progress and odd bytes among them. */
export function fakeLine(row: number, startedAt: number, slot = ""): LogRow {
  if (slot === "web") return jsonLine(row, startedAt);
  const word = WORDS[(row * 7 + (row >> 3)) % WORDS.length] ?? "orders";
  let parts: readonly Part[] = [
    [`${String(row).padStart(6, "0")} `, {}],
    ["INFO", { fg: 2 }],
    [`  imported ${(row * 37) % 990} rows of ${word} in ${(row * 13) % 400} ms`, {}],
  ];
  let stream: LogRow["stream"] = "stdout";
  if (row % 23 === 7) {
    stream = "stderr";
    parts = [
      ["warning:", { fg: 3 }],
      [` ${word}.csv line ${row * 3}: empty column "email", kept as null`, {}],
    ];
  } else if (row % 57 === 11) {
    stream = "stderr";
    parts = [
      ["error:", { bold: true, fg: 1 }],
      [` could not reach 10.0.4.17:5432 (attempt ${(row % 5) + 1} of 5): connection refused`, {}],
    ];
  } else if (row % 41 === 3) {
    parts = [[`    at Importer.run (src/import/${word}.ts:${row % 300}:${row % 60})`, {}]];
  } else if (row % 311 === 200) {
    parts = [[`payload ${"0123456789abcdef".repeat(60)}`, {}]];
  } else if (row % 97 === 50) {
    parts = [];
  }
  const text = parts.map(([part]) => part).join("");
  const severity = severityOf(text);
  const spans = parts.map(([part, look]): RowSpan => ({ len: part.length, ...look }));
  return {
    row,
    stream,
    ts: startedAt + row * 3,
    text,
    spans: parts.length > 1 ? spans : undefined,
    fullLen: text.length,
    partial: false,
    continued: false,
    ...(severity && { severity }),
  };
}

/** These logs say it in few ways. */
function severityOf(text: string): Severity | undefined {
  if (/\bERROR\b|\berror: |"level":"error"/.test(text)) return "error";
  return /\bWARN\b|\bwarning: |"level":"warn"/.test(text) ? "warning" : undefined;
}

/** A line as a web server writes it for machines. */
function jsonLine(row: number, startedAt: number): LogRow {
  const level = row % 37 === 5 ? "error" : row % 11 === 4 ? "warn" : "info";
  const ts = startedAt + row * 40;
  const status = level === "error" ? 502 : level === "warn" ? 404 : 200;
  const text = JSON.stringify({
    time: new Date(ts).toISOString(),
    level,
    msg: level === "error" ? "upstream did not answer" : "request",
    method: row % 5 === 0 ? "POST" : "GET",
    path: `/api/${WORDS[row % WORDS.length]}/${row % 900}`,
    status,
    ms: (row * 13) % 180,
  });
  const stream = level === "error" ? "stderr" : "stdout";
  const severity = severityOf(text);
  const line = { row, stream, ts, text, fullLen: text.length, partial: false, continued: false } as const;
  return severity ? { ...line, severity } : line;
}
