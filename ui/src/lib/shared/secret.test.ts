import { describe, expect, it } from "vitest";
import cases from "../../../../tests/corpus/secrets.json";
import { MASK, looksSecret, maskedText, withoutMarks, withoutSecrets } from "./secret";

// The cases that `crates/model/src/secret.rs` is held to as well.
describe("secrets", () => {
  it.each(cases.secretNames)("the value of %s is one", (name) => expect(looksSecret(name)).toBe(true));
  it.each(cases.harmlessNames)("the value of %s is none", (name) => expect(looksSecret(name)).toBe(false));
  it.each(cases.texts)("%j is shown as %j", (text = "", shown = "") => {
    expect(maskedText(text)).toBe(shown.replaceAll("***", MASK));
  });

  it("are left out of a spec, also those that the app has hidden", () => {
    const env = [
      { key: "API_KEY", value: "hush" },
      { key: "DATABASE_URL", value: "postgres://u:hush@db/x" },
      { key: "OTHER_URL", value: `postgres://u:${MASK}(t1/e2.0)@db/x` },
      { key: "LANG", value: "C" },
      { key: "USE_TOKEN", value: "true" },
      { key: "DB_PASSWORD", value: "{{ password }}" },
    ];
    const spec = { slot: "s", kind: { subprocess: { mode: { command: { command: "x" } }, env } } };
    const { spec: safe, hidden } = withoutSecrets(spec);
    expect(hidden).toBe(3);
    expect(JSON.stringify(safe)).not.toContain("hush");
    expect(JSON.stringify(safe)).not.toContain(MASK);
    expect(JSON.stringify(safe)).toContain("{{ password }}");
  });

  it("are read as masks alone, without the mark of whose they are", () => {
    expect(withoutMarks(`a ${MASK}(01m8pdd1tj00057j90/316bf781b83fb788)/${MASK} (b)`)).toBe(
      `a ${MASK}/${MASK} (b)`,
    );
  });
});
