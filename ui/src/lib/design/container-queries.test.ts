import { expect, test } from "vitest";

const sources = import.meta.glob<string>("../../**/*.{svelte,css}", {
  query: "?raw",
  import: "default",
  eager: true,
});

// WebKitGTK compares pixels of a container query with lengths that the zoom has already made larger.
test("widths of container queries follow the zoom", () => {
  const queries = Object.entries(sources).flatMap(([file, text]) =>
    [...text.matchAll(/@container[^{]*/g)].map(([query]) => `${file}: ${query.trim()}`),
  );
  expect(queries.length).toBeGreaterThan(5);
  expect(queries.filter((query) => /\dpx/.test(query))).toEqual([]);
});
