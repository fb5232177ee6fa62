import { describe, expect, it } from "vitest";
import type { Language } from "./language";
import { suggestions } from "./suggestions";

/** What is suggested where the `|` is. */
function at(language: Language, marked: string): string[] {
  const where = marked.indexOf("|");
  const found = suggestions(language, marked.slice(0, where) + marked.slice(where + 1), where);
  return found?.options.map(({ label }) => label) ?? [];
}
/** The text once the suggestion is taken. */
function taken(language: Language, marked: string, label: string): string {
  const where = marked.indexOf("|");
  const text = marked.slice(0, where) + marked.slice(where + 1);
  const found = suggestions(language, text, where);
  const insert = found?.options.find((option) => option.label === label)?.insert;
  return text.slice(0, found?.from) + String(insert) + text.slice(where);
}

describe("what is suggested in JSON", () => {
  it("is the names of the fields that are not there yet", () => {
    const names = at("json", '{ "slot": "a", | }');
    expect(names).toEqual(expect.arrayContaining(["kind", "restart", "timeout"]));
    expect(names).not.toContain("slot");
    expect(at("json", '{ "kind": { "subprocess": { "mode": { "|" } } } }')).toEqual(["command", "script"]);
    expect(at("json", '{ "after": [ { "task": "a", "w|" } ] }')).toEqual(["when"]);
  });
  it("is the words of a field, and none where anything may stand", () => {
    expect(at("json", '{ "admission": "|" }')).toEqual(["dropIfRunning", "replace", "queue"]);
    expect(at("json", '{ "restart": { "type": | } }')).toEqual(["never", "onFailure", "always"]);
    expect(at("json", '{ "slot": "|" }')).toEqual([]);
    expect(at("json", '{ "labels": { "|" } }')).toEqual([]);
  });
  it("stands in quotation marks once", () => {
    expect(taken("json", "{ a| }", "admission")).toBe('{ "admission":  }');
    expect(taken("json", '{ "a|" }', "admission")).toBe('{ "admission" }');
    expect(taken("json", '{ "admission": "q|" }', "queue")).toBe('{ "admission": "queue" }');
    expect(taken("json", '{ "admission": q| }', "queue")).toBe('{ "admission": "queue" }');
  });
  it("offers the text of a script beside its base64", () => {
    expect(at("json", '{"kind":{"subprocess":{"mode":{"script":{"|"}}}}}')).toEqual(
      expect.arrayContaining(["runtime", "text", "body"]),
    );
  });
});

describe("what is suggested in YAML", () => {
  const kind = "slot: a\nkind:\n  subprocess:\n";
  it.each([
    ["|", "slot"],
    ["slot: a\nki|", "kind"],
    [`${kind}    m|`, "mode"],
    [`${kind}    mode:\n      |`, "script"],
    [`${kind}    mode:\n      script:\n        runtime: b|`, "bash"],
    [`${kind}    env:\n      - key: A\n        v|`, "value"],
    [`${kind}    env:\n    - k|`, "key"],
    [`${kind}    env:\n      - key: A\n        value: b\n      - |`, "key"],
    ["after:\n  - task: x\n    when: |", "ended"],
    ["after:\n- task: x\n  when: |\nslot: a", "ended"],
    ["restart: # again\n  # when\n  type: o|", "onFailure"],
  ])("%j has %s", (text, label) => expect(at("yaml", text)).toContain(label));
  it.each([
    ["a comment", "# sl|"],
    [
      "the text of a script",
      `${kind}    mode:\n      script:\n        text: |-\n          sl|`.replace("|-", "\u0000"),
    ],
    ["a name that is there", "slot: a\nsl|\n"],
  ])("is nothing new in %s", (_, text) => {
    // The first bar is that of the block text.
    const [before = "", after = ""] = text.split("|");
    const found = suggestions(
      "yaml",
      (before + after).replace("\u0000", "|-"),
      before.replace("\u0000", "|-").length,
    );
    expect(found?.options.map(({ label }) => label) ?? []).not.toContain("slot");
  });
  it("goes on where the value of a name begins", () => {
    expect(taken("yaml", "slot: a\nki|", "kind")).toBe("slot: a\nkind:\n  ");
    expect(taken("yaml", "slot: a\naf|", "after")).toBe("slot: a\nafter:\n  - ");
    expect(taken("yaml", `${kind}    mo|`, "mode")).toBe(`${kind}    mode:\n      `);
    expect(taken("yaml", "adm|", "admission")).toBe("admission: ");
  });
});
