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
  ["src/größe.rs:3:1, gro\u0308\u00dfe.rs:4", ["src/größe.rs:3:1", "gro\u0308\u00dfe.rs:4"]],
  ["docs/ü/a.md:1", ["docs/ü/a.md:1"]],
  ["src/日本.py:3", ["src/日本.py:3"]],
  ["错误：src/日本.py:3，", ["src/日本.py:3"]],
  ["app/[id]/page.tsx:3:4", ["app/[id]/page.tsx:3:4"]],
  ["app/[[...all]]/page.tsx:3:4", ["app/[[...all]]/page.tsx:3:4"]],
  ["    at f (/app/(group)/page.tsx:3:4)", ["/app/(group)/page.tsx:3:4"]],
  ["src/a$b.ts:1:2 src/#x.ts:1:2", ["src/a$b.ts:1:2", "src/#x.ts:1:2"]],
  ["file:///x/a%20b.js:3:4 /x/a%20b.js:3", ["/x/a b.js:3:4", "/x/a%20b.js:3"]],
  ["file:///x/100%.js:3:4", ["/x/100%.js:3:4"]],
  ["    at f (/srv/my app/x.js:3:4)", ["/srv/my app/x.js:3:4"]],
  ["  --> src/my app/a.rs:3:18", ["src/my app/a.rs:3:18"]],
  ["caller=main.go:12 at=a.rs:3,b.rs:4", ["main.go:12", "a.rs:3", "b.rs:4"]],
  ["a.c(3): error, a.c(3) : fatal error", ["a.c:3", "a.c:3"]],
  ["a.cs(3,5,3,9): error CS1002", ["a.cs:3:5"]],
  ["[ERROR] /x/A.java:[3,5] cannot find symbol", ["/x/A.java:3:5"]],
  ["PHP Fatal error: x in /x/a.php on line 3", ["/x/a.php:3"]],
  ["#0 /x/a.php(12): f()", ["/x/a.php:12"]],
  ["died at a.pl line 3.", ["a.pl:3"]],
  ['  on main.tf line 3, in resource "x" "y":', ["main.tf:3"]],
  ["   at A.B() in /x/a.cs:line 12", ["/x/a.cs:12"]],
  ["a.sh: line 3: foo: command not found", ["a.sh:3"]],
  ["./run: line 3: foo: command not found", ["./run:3"]],
  ["e: /x/Main.kt: (3, 5): Unresolved reference", ["/x/Main.kt:3:5"]],
  ["make: *** [Makefile:2: all] Error 2", ["Makefile:2"]],
  ["Dockerfile:3", ["Dockerfile:3"]],
  [
    "a.pyi:3 a.cu:4 a.f90:5 a.adb:6 a.feature:7 a.bats:8 a.ipynb:9",
    ["a.pyi:3", "a.cu:4", "a.f90:5", "a.adb:6", "a.feature:7", "a.bats:8", "a.ipynb:9"],
  ],
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
    "C:\\x\\a.rs:3:1",
    "[id]/page.tsx:3 ${HOME}/x.py:3 …/a.rs:3",
    "this and/or line 5, and on line 6",
    "Math.r(3) + foo.c(4)",
  ])
    expect([text, filePlaces(text)]).toEqual([text, []]);
});

it("says where in the text they stand, and takes no time for a line of one sign", () => {
  const text = "a -> src/b.rs:3:18, c";
  const [place] = filePlaces(text);
  expect(text.slice(place?.from, place?.to)).toBe("src/b.rs:3:18");
  for (const sign of ["/", ".", "a/", "a.", "-", ":1", 'File "', "/(", "/[", "/[a]", "at (/", "ü", ".c(1"])
    expect(filePlaces(`${sign.repeat(10_000)}:1`).length).toBeLessThan(2_000);
});
