import { describe, expect, it } from "vitest";
import * as blocks from "./blocks";
import type { BlockKind, Line } from "./blocks";

const line = (text: string): Line => ({ text });
const beginsBlock = (text: string, next: string | undefined): BlockKind | null =>
  blocks.beginsBlock(line(text), next === undefined ? undefined : line(next));
const blockAt = (texts: readonly string[], ended: boolean): blocks.Block | null =>
  blocks.blockAt(texts.map(line), ended);
const blockAbove = (texts: readonly string[], behind: readonly string[], ended: boolean): number | null =>
  blocks.blockAbove(texts.map(line), behind.map(line), ended);

const lines = (text: string): string[] =>
  text
    .replace(/^\n/, "")
    .replace(/\n\s*$/, "")
    .split("\n");

const JAVA = lines(`
Exception in thread "main" java.lang.IllegalStateException: no database
	at com.example.App.connect(App.java:41)
	at com.example.App.main(App.java:12)
	at java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.connect0(Native Method)
	... 3 more
`);
const NODE = lines(`
TypeError: Cannot read properties of undefined (reading 'x')
    at handler (/srv/app/src/routes.js:14:23)
    at async Server.<anonymous> (/srv/app/src/server.js:9:5)
    at node:internal/main/run_main_module:28:49
`);
const PYTHON = lines(`
Traceback (most recent call last):
  File "x.py", line 3, in <module>
    main()
    ~~~~^^
  File "x.py", line 2, in main
    return 1 / 0
ZeroDivisionError: division by zero
`);
const GO = lines(`
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.pick(...)
	/home/ada/x/main.go:8
main.main()
	/home/ada/x/main.go:12 +0x1d
exit status 2
`);
const RUST = lines(`
thread 'main' (4711) panicked at src/main.rs:3:18:
called \`Option::unwrap()\` on a \`None\` value
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:698:5
   1: app::main
             at ./src/main.rs:3:18
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.
`);
const LOGBACK = lines(`
java.lang.IllegalStateException: no database
	at com.example.App.connect(App.java:41) ~[app.jar:1.0]
	at com.example.Größe.main(Größe.java:12) [app.jar:1.0]
	at java.base/java.lang.Thread.run(Thread.java:1583) ~[?:?]
`);
const SYSTEM_ERROR = lines(`
Error: ENOENT: no such file or directory, open 'x'
    at node:internal/main/run_main_module:36:49 {
  errno: -2,
  code: 'ENOENT',
  [cause]: Error: y
      at größe (/x/a.js:1:2)
      ... 3 lines matching cause stack trace ...
      at Foo.#priv (/x/a.js:2:2) {
    code: 1
  }
}
`);
const AWAIT = lines(`
Error: x
    at #priv (/x/a.mjs:1:2)
    at async file:///x/a.mjs:7:1
`);
const GO_MODULE = lines(`
panic: x

goroutine 1 [running]:
gopkg.in/yaml%2ev3.foo(0x1)
	/home/ada/x/yaml.go:8
main.größe()
	/home/ada/x/main.go:12 +0x1d
`);
const PYTHON_GROUP = lines(`
  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  |     raise ExceptionGroup("eg", [ValueError(1), TypeError(2)])
  | ExceptionGroup: eg (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "a.py", line 3, in f
    |     raise ValueError(1)
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------
`);
const DOTNET = lines(`
Unhandled exception. System.InvalidOperationException: x
   at App.Pick[TKey,TValue](List\`1 all) in /x/a.cs:line 12
   at App.<>c.<Main>b__0_0() in /x/a.cs:line 7
--- End of stack trace from previous location ---
   at App.Main()
`);
const DOTNET_INNER = lines(`
Unhandled exception. System.InvalidOperationException: x
 ---> System.Exception: y
   at App.Foo() in /x/a.cs:line 3
   --- End of inner exception stack trace ---
   at App.Main() in /x/a.cs:line 7
`);
const ANYHOW = lines(`
Stack backtrace:
   0: anyhow::error::<impl core::convert::From<E> for anyhow::Error>::from
             at /home/ada/anyhow/src/backtrace.rs:27:14
   1: app::main
             at ./src/main.rs:2:5
`);
const EYRE = lines(`
  ━━━━━━━━━━━━━━━━ BACKTRACE ━━━━━━━━━━━━━━━━
                ⋮ 7 frames hidden ⋮
   8: app::main::hb1e52e
      at /home/ada/app/src/main.rs:3
`);
const STAMPED = lines(`
2026-11-30T10:00:00.1234567Z ##[group]Run make
2026-11-30T10:00:00.1234567Z make
2026-11-30T10:00:01.1234567Z ##[endgroup]
`);
const GROUP = lines(`
::group::Install
added 120 packages
found 0 vulnerabilities
::endgroup::
`);

describe("what folds to its first line", () => {
  it.each([
    ["Java", "trace", JAVA, undefined],
    ["Node", "trace", NODE, undefined],
    ["Python", "trace", PYTHON, "ZeroDivisionError: division by zero"],
    ["Go", "trace", GO, undefined],
    ["Rust", "trace", RUST, "called `Option::unwrap()` on a `None` value"],
    ["Logback", "trace", LOGBACK, undefined],
    ["a system error of Node", "trace", SYSTEM_ERROR, undefined],
    ["Node with await at the top", "trace", AWAIT, undefined],
    ["Go with a module's name", "trace", GO_MODULE, undefined],
    ["a group of Python's", "trace", PYTHON_GROUP, "ExceptionGroup: eg (2 sub-exceptions)"],
    [".NET", "trace", DOTNET, undefined],
    [".NET with an inner exception", "trace", DOTNET_INNER, undefined],
    ["an error of anyhow", "trace", ANYHOW, undefined],
    ["an error of eyre", "trace", EYRE, undefined],
    ["a group", "group", GROUP, undefined],
    ["a group behind a time", "group", STAMPED, undefined],
  ])("%s: all of it and nothing behind it", (_, kind, block, said) => {
    expect(blockAt([...block, "next line", "and one more"], false)).toEqual({
      kind,
      lines: block.length,
      ...(said === undefined ? {} : { said }),
    });
    expect(beginsBlock(block[0] ?? "", block[1])).toBe(kind);
    // From any of its lines one comes to its first.
    block.forEach((_, at) => {
      const above = ["before", ...block.slice(0, at + 1)];
      expect(blockAbove(above, [...block.slice(at + 1), "next line", "more"], false)).toBe(1);
    });
    expect(blockAbove(["before", ...block, "next line"], ["more"], false)).toBeNull();
  });

  describe.each([
    ["a container's name", () => "app-1  | "],
    ["a pod's name", () => "[pod/web-1/app] "],
    ["a time", (at: number) => `2026-11-30T10:00:0${at % 10}.1234567Z `],
    ["a name and a time", (at: number) => `app-1  | 2026-11-30T10:00:0${at % 10}Z `],
    ["a host and a program", (at: number) => `Nov 30 10:00:0${at % 10} host app[1]: `],
    ["a level", () => "[ERROR] "],
    ["a time and a level", (at: number) => `2026-11-30 10:00:0${at % 10},123 [ERROR] `],
  ])("behind %s", (_, margin) => {
    const behind = (texts: readonly string[]): string[] =>
      // Blanks at the end of a line are often cut off.
      texts.map((text, at) => `${margin(at)}${text}`.trimEnd());

    it.each([
      ["Java", JAVA, undefined],
      ["Node", NODE, undefined],
      ["Python", PYTHON, "ZeroDivisionError: division by zero"],
      ["Go", GO, undefined],
      ["Rust", RUST, "called `Option::unwrap()` on a `None` value"],
      ["a group of Python's", PYTHON_GROUP, "ExceptionGroup: eg (2 sub-exceptions)"],
      [".NET", DOTNET, undefined],
    ])("%s: all of it and nothing behind it", (_, block, said) => {
      const all = behind([...block, "next line", "and one more"]);
      const expected = { kind: "trace", lines: block.length, ...(said === undefined ? {} : { said }) };
      expect(blockAt(all, false)).toEqual(expected);
      expect(beginsBlock(all[0] ?? "", all[1])).toBe("trace");
      block.forEach((_, at) =>
        expect(blockAbove(["before", ...all.slice(0, at + 1)], all.slice(at + 1), false)).toBe(1),
      );
    });
  });

  it("ends where another container says something, and goes on without a time or a level", () => {
    const compose = [...PYTHON.slice(0, 3).map((text) => `app-1  | ${text}`), "web-1  | GET /", "app-1  | x"];
    expect(blockAt(compose, false)?.lines).toBe(3);
    for (const margin of ["[ERROR] ", "2026-11-30 10:00:00,123 ", "2026-11-30 10:00:00 [ERROR] "])
      expect(blockAt([`${margin}${PYTHON[0]}`, ...PYTHON.slice(1), `${margin}x`], false)?.lines).toBe(7);
    const group = ["2026-11-30T10:00:00Z ##[group]Run", "no time", "2026-11-30T10:00:00Z app-1  | up"];
    expect(blockAt([...group, "2026-11-30T10:00:01Z ##[endgroup]"], false)?.lines).toBe(4);
  });

  it("is not known to end where the lines that were read end, but where the log does", () => {
    const begun = PYTHON.slice(0, 4);
    expect(blockAt(begun, false)).toBeNull();
    expect(blockAt(begun, true)?.lines).toBe(4);
    expect(blockAt(GROUP.slice(0, 2), false)).toBeNull();
  });

  it("says what an exception of a group was", () => {
    expect(blockAt(PYTHON_GROUP.slice(5), true)?.said).toBe("ValueError: 1");
  });

  it("takes sections of test runs up to the next", () => {
    const pytest = [
      "=== FAILURES ===",
      "___ test_a ___",
      "E   assert 1 == 2",
      "___ test_b ___",
      "E  x",
      "=== 2 failed ===",
    ];
    expect(blockAt(pytest, true)?.lines).toBe(5);
    expect(blockAt(pytest.slice(1), true)).toEqual({ kind: "section", lines: 2 });
    const cargo = ["---- a::b stdout ----", "left: 1", "", "---- a::c stdout ----", "x", "failures:"];
    expect(blockAt(cargo, true)?.lines).toBe(3);
    expect(
      blockAt(["=== RUN   TestA", "    a_test.go:3: no", "--- FAIL: TestA (0.00s)", "PASS"], true)?.lines,
    ).toBe(3);
    expect(blockAt(["  ● sums › adds", "", "    expect(1)", "Test Suites: 1 failed"], true)?.lines).toBe(3);
    const next = ["::group::A", "x", "::group::B", "y", "::endgroup::"];
    expect(blockAt(next, true)?.lines).toBe(2);
  });

  it("takes a section of GitLab's to the mark that ends it, with sections in it", () => {
    const begins = (name: string, text: string): Line => ({ text, sections: [{ name }] });
    const ends = (name: string): Line => ({ text: "", sections: [{ name, ends: true }] });
    const log = [
      line("Running with gitlab-runner"),
      begins("build", "Build it"),
      line("$ make"),
      begins("link", "Link it"),
      line("ld"),
      ends("link"),
      // One ends and the next begins in the same line, as runners print them.
      { text: "Upload it", sections: [{ name: "build", ends: true }, { name: "upload" }] },
      line("done"),
      ends("upload"),
      line("Job succeeded"),
    ] satisfies Line[];
    const found = log.map((_, at) => [
      blocks.blockAt(log.slice(at), false)?.lines,
      blocks.blockAbove(log.slice(0, at + 1), log.slice(at + 1), false),
    ]);
    expect(found).toEqual([
      [undefined, null],
      [5, 1],
      [undefined, 1],
      [3, 3],
      [undefined, 3],
      [undefined, 3],
      [3, 6],
      [undefined, 6],
      [undefined, 6],
      [undefined, null],
    ]);
    expect(blocks.beginsBlock(log[1] ?? line(""), log[2])).toBe("group");
    expect(blocks.blockAt(log.slice(1, 4), false)).toBeNull();
    expect(
      blocks.beginsBlock({ text: "", sections: [{ name: "a" }, { name: "a", ends: true }] }, undefined),
    ).toBeNull();
  });

  it("leaves plain lines alone", () => {
    for (const line of [
      "at home (12)",
      "  at",
      "error: no",
      "goroutines are cheap",
      "---- x",
      "--- PASS: TestA",
    ])
      expect([line, beginsBlock(line, "another line")]).toEqual([line, null]);
    expect(blockAt(["    at a.b(C.java:1)", "    at a.c(C.java:2)"], true)).toBeNull();
  });
});
