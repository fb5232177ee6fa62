// Rows as crates/rows reads them, drawn: the cases that it is held to itself.
import { cleanup, render } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import corpus from "../../../../../tests/corpus/rows.json";
import RowText from "./RowText.svelte";
import { visible } from "./controls";

interface Case {
  readonly what: string;
  readonly text: string;
  readonly drawn?: string;
  readonly spans?: readonly { text: string; style?: string; control?: boolean; link?: string }[];
}

afterEach(cleanup);

it.each(corpus.rows as readonly Case[])("draws: $what", ({ text, drawn = text, spans }) => {
  const row = {
    text,
    spans: spans?.map((span) => ({ len: span.text.length, control: span.control, link: span.link })),
  };
  const { container } = render(RowText, { row });
  expect(container.textContent).toBe(drawn);
  expect(visible(text)).toBe(drawn);
  expect(container.querySelector("a, img, script")).toBeNull();
});
