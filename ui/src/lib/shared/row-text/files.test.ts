import { expect, it } from "vitest";
import { filePlaces, placeText } from "./files";

it.each([
  ["error[E0308]\n  --> src/main.rs:3:18", ["src/main.rs:3:18"]],
  ["thread 'main' panicked at src/main.rs:3:18:", ["src/main.rs:3:18"]],
  ['  File "x.py", line 3, in <module>', ["x.py:3"]],
  ['  File "/srv/my app/x.py", line 12', ["/srv/my app/x.py:12"]],
  ["\t/home/ada/x/main.go:12 +0x1d", ["/home/ada/x/main.go:12"]],
  ["    at handler (/srv/app/src/routes.js:14:23)", ["/srv/app/src/routes.js:14:23"]],
  ["    at file:///srv/app/a.mjs:1:2", ["/srv/app/a.mjs:1:2"]],
  ["src/a.ts(3,5): error TS2304", ["src/a.ts:3:5"]],
  ["main.c:7: warning: x, see ../y.h:9", ["main.c:7", "../y.h:9"]],
  ["tests/test_a.py:9: AssertionError", ["tests/test_a.py:9"]],
  ["./-rf/x.py:1", ["./-rf/x.py:1"]],
])("finds the places in %j", (text, places) => {
  expect(filePlaces(text).map(placeText)).toEqual(places);
});

it("leaves addresses, times, versions and numbers alone", () => {
  for (const text of [
    "http://example.com:443/a.js:3 and https://a.org/x.ts:9:1",
    "listening on example.com:443, 127.0.0.1:8080 and [::1]:80",
    "12:30:05 a.b:3 image:1.2:3",
    '  File "<stdin>", line 1',
    "src/main.rs:0",
    "and/or:3.5",
  ])
    expect([text, filePlaces(text)]).toEqual([text, []]);
});

it("says where in the text they stand, and takes no time for a line of one sign", () => {
  const text = "a -> src/b.rs:3:18, c";
  const [place] = filePlaces(text);
  expect(text.slice(place?.from, place?.to)).toBe("src/b.rs:3:18");
  for (const sign of ["/", ".", "a/", "a.", "-", ":1", 'File "'])
    expect(filePlaces(`${sign.repeat(10_000)}:1`).length).toBeLessThan(2_000);
});
