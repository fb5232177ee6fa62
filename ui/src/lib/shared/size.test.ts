import { expect, test } from "vitest";
import { parseSize, sizeText } from "./size";

test("sizes are read as people write them", () => {
  expect(parseSize("20 GB")).toBe(20e9);
  expect(parseSize("1.5tb")).toBe(1.5e12);
  expect(parseSize("1,5 MB")).toBe(1.5e6);
  expect(parseSize("512 MiB")).toBe(512 * 1024 ** 2);
  expect(parseSize("2g")).toBe(2e9);
  expect(parseSize("4096")).toBe(4096);
  expect(parseSize("1 000 000")).toBe(1e6);
});

test("what is no size is not guessed at", () => {
  for (const text of ["", "GB", "-1 GB", "ten GB", "1 XB", "1 GB or so"])
    expect(parseSize(text)).toBeUndefined();
});

test("a size is written short, and exactly", () => {
  expect(sizeText(20e9)).toBe("20 GB");
  expect(sizeText(1_048_576)).toBe("1 MiB");
  expect(sizeText(1.25e9)).toBe("1.25 GB");
  expect(sizeText(1_234_567_891)).toBe("1234567891 B");
  for (const bytes of [0, 1, 999, 1000, 123_456, 2 ** 40 + 1]) expect(parseSize(sizeText(bytes))).toBe(bytes);
});
