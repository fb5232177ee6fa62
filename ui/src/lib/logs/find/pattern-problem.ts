// What is wrong with a pattern, in one line. The backend's words are those of its parser: the pattern again, a mark below the place,
// and the reason on a line of its own.

/** "unclosed group at column 1"; what is in no such form stays as it is, on one line. */
export function patternProblem(message: string): string {
  const lines = message.split("\n");
  const reason = lines.findLast((line) => /^\s*error: /.test(line))?.replace(/^\s*error: /, "");
  if (reason === undefined) return lines.map((line) => line.trim()).join(" ");
  const marked = lines.findIndex((line) => /^\s*\^/.test(line));
  const mark = lines[marked];
  const pattern = lines[marked - 1];
  if (mark === undefined || pattern === undefined) return reason;
  // Both lines are indented alike, by four blanks.
  const column = mark.indexOf("^") - INDENT + 1;
  return column < 1 ? reason : `${reason} at column ${column}`;
}

const INDENT = 4;
