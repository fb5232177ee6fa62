import { describe, expect, it } from "vitest";
import { written } from "./copy-as";
import type { TaskSpec } from "../api";
import { fromSpec } from "./from-spec";
import { toSpec } from "./to-spec";

const spec = (wasm: object): TaskSpec => ({ slot: "s", kind: { wasm: { module: "/m.wasm", ...wasm } } });
const back = (wasm: object) => toSpec(fromSpec(spec(wasm)));

describe("a module in the form", () => {
  it("comes back as it went in", () => {
    const whole = {
      args: ["-l", "a b"],
      env: [{ key: "A", value: "b" }],
      dirs: [
        { host: "/srv", guest: "/data", readOnly: true },
        { host: "/out", guest: "." },
      ],
    };
    expect(back(whole).spec.kind).toEqual({ wasm: { module: "/m.wasm", ...whole } });
    expect(back({}).spec.kind).toEqual({ wasm: { module: "/m.wasm" } });
  });

  it("leaves out a folder of which nothing was entered, and says what is wrong with the arguments", () => {
    const form = fromSpec(spec({}));
    form.wasm.dirs = [
      { source: "", target: "", readOnly: true },
      { source: "/a", target: "", readOnly: false },
    ];
    form.wasm.args = "'open";
    const { spec: written, errors } = toSpec(form);
    expect(written.kind).toMatchObject({ wasm: { dirs: [{ host: "/a", guest: "" }] } });
    expect(errors["kind.wasm.args"]).toBeDefined();
  });

  it("is copied as a line that runs it again", async () => {
    const dirs = [{ host: "/srv", guest: "/data", readOnly: true }];
    const line = await written({ ...spec({ args: ["-l"], dirs }), admission: "queue" }, "run", "/data");
    expect(line).toBe("solti run --wasm /m.wasm --dir /srv:/data:ro --lane s -- -l\n");
  });
});
