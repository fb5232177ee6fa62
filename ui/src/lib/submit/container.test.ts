import { describe, expect, it } from "vitest";
import type { LocalImage } from "../api";
import { offerImage } from "./images";
import { emptyForm } from "./form";
import { fromSpec } from "./from-spec";
import { toSpec } from "./to-spec";

describe("a container in the form", () => {
  it("comes back from the form as it went in", () => {
    const container = {
      image: "docker.io/library/alpine:3",
      command: ["sh", "-c"],
      args: ["echo $A"],
      env: [{ key: "A", value: "b c" }],
      volumes: [
        { source: "/srv/data", target: "/data", readOnly: true },
        { source: "cache", target: "/c" },
      ],
      network: "none",
      user: "1000:1000",
      workdir: "/data",
      pull: "never" as const,
    };
    const { spec, errors } = toSpec(fromSpec({ slot: "s", kind: { container } }));
    expect(errors).toEqual({});
    expect(spec.kind).toEqual({ container });
  });

  it("leaves out what was not said, and rows that were left empty", () => {
    const form = emptyForm("abcde");
    form.tab = "container";
    form.container.image = " alpine ";
    form.container.volumes.push({ source: "", target: "", readOnly: false });
    expect(toSpec(form).spec.kind).toEqual({ container: { image: "alpine" } });
  });

  it("says which of its command lines is not finished", () => {
    const form = emptyForm("abcde");
    form.tab = "container";
    form.container = { ...form.container, image: "a", args: "'" };
    expect(Object.keys(toSpec(form).errors)).toEqual(["kind.container.args"]);
  });
});

it("offers the images that are here by any part of their names, each once", () => {
  const image = (name: string, runner: string): LocalImage => ({ name, runner, size: "8 MB" });
  const images = [
    image("docker.io/library/alpine:3", "docker"),
    image("docker.io/library/alpine:3", "podman"),
    image("localhost/tools:1", "podman"),
  ];
  const names = (text: string) => offerImage(images, text).options.map(({ value }) => value);
  expect(names("ALP")).toEqual(["docker.io/library/alpine:3"]);
  expect(names("")).toHaveLength(2);
  expect(names("nothing")).toEqual([]);
});
