// Believable log lines for the backend in memory. A line is computed from its number, so that a log of ten million
// lines costs nothing. Not a parser and not used inside the app.
import type { LogRow } from "./types";

const ESC = "\u001b";
const WORDS = ["orders", "customers", "invoices", "shipments", "returns", "ledger", "sessions", "events"];

/** One display row of a made-up import: colours, stderr, an over-long line, progress and odd bytes among them. */
export function fakeLine(row: number, startedAt: number, slot = ""): LogRow {
  if (slot === "web") return jsonLine(row, startedAt);
  const word = WORDS[(row * 7 + (row >> 3)) % WORDS.length] ?? "orders";
  let text = `${String(row).padStart(6, "0")} ${ESC}[32mINFO${ESC}[0m  imported ${(row * 37) % 990} rows of ${word} in ${(row * 13) % 400} ms`;
  let stream: LogRow["stream"] = "stdout";
  if (row % 23 === 7) {
    stream = "stderr";
    text = `${ESC}[33mwarning:${ESC}[0m ${word}.csv line ${row * 3}: empty column "email", kept as null`;
  } else if (row % 57 === 11) {
    stream = "stderr";
    text = `${ESC}[1;31merror:${ESC}[0m could not reach 10.0.4.17:5432 (attempt ${(row % 5) + 1} of 5): connection refused`;
  } else if (row % 41 === 3) {
    text = `    at Importer.run (src/import/${word}.ts:${row % 300}:${row % 60})`;
  } else if (row % 311 === 200) {
    text = `payload ${"0123456789abcdef".repeat(60)}`;
  } else if (row % 97 === 50) {
    text = "";
  }
  return {
    row,
    stream,
    ts: startedAt + row * 3,
    text,
    fullLen: text.length,
    partial: false,
    continued: false,
  };
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
  return { row, stream, ts, text, fullLen: text.length, partial: false, continued: false };
}
