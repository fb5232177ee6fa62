import { expect, it } from "vitest";
import cases from "../../../../tests/corpus/command-lines.json";
import { joinCommandLine, quoteArg } from "./quoting";

it.each(cases.quoted as [string, string][])("quotes %j as %j, as the backend does", (word, quoted) => {
  expect(quoteArg(word)).toBe(quoted);
});

it.each(cases.joined as [string[], string][])("joins %j to %j, as the backend does", (words, line) => {
  expect(joinCommandLine(words)).toBe(line);
});
