// Hands a search from the main window to a log window that shows one of its hits: through the storage that the windows share, so
// that it reaches a window that is open already as well as one that opens now.
import type { LogQuery } from "../../api";
import type { RowNo } from "../rows/numbers";

const KEY = "solti.log.handover";
/** What is older was meant for a window that never came. */
const MAX_AGE_MS = 10_000;

interface HandOver {
  readonly id: string;
  readonly row: RowNo;
  readonly query: LogQuery;
  readonly at: number;
}

export function handOver(id: string, row: RowNo, query: LogQuery): void {
  localStorage.setItem(KEY, JSON.stringify({ id, row, query, at: Date.now() } satisfies HandOver));
}

/** Takes what is handed to this task's window, now or later. Returns what stops it. */
export function takeHandedOver(id: string, take: (query: LogQuery, row: RowNo) => void): () => void {
  const look = (): void => {
    const handed = read();
    if (handed?.id !== id || Date.now() - handed.at > MAX_AGE_MS) return;
    localStorage.removeItem(KEY);
    take(handed.query, handed.row);
  };
  const onstorage = (event: StorageEvent): void => {
    if (event.key === KEY && event.newValue !== null) look();
  };
  window.addEventListener("storage", onstorage);
  look();
  return () => window.removeEventListener("storage", onstorage);
}

function read(): HandOver | null {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null") as HandOver | null;
  } catch {
    return null; // Written by something else.
  }
}
