import { expect, it } from "vitest";
import { offerDirectory, offerProgram, programBefore } from "./programs";

it.each([
  ["ma", false, "ma"],
  ["  python3.1", false, "python3.1"],
  ["make al", false, null],
  ["./ma", false, null],
  ["", false, null],
  ["cat x | gr", true, "gr"],
  ["cd /srv && ma", true, "ma"],
  ["for f in *; do ec", true, "ec"],
  ["x=$(da", true, "da"],
  ["echo ma", true, null],
  ["sudo ap", true, "ap"],
])("%j, by a shell: %s, begins the program %j", (text, shell, program) =>
  expect(programBefore(text, shell)).toBe(program),
);

it("offers programs for the first word alone, and none in the middle of one", async () => {
  const backend = { completeProgram: async ({ prefix }: { prefix: string }) => [`${prefix}ke`] };
  expect(await offerProgram(backend, "ma all", 2)).toEqual({ from: 0, to: 2, options: [{ value: "make" }] });
  expect(await offerProgram(backend, "make", 2)).toBeNull();
  expect(await offerProgram(backend, "make al", 7)).toBeNull();
});

it("offers directories of earlier tasks before those on disk, and keeps a ~", async () => {
  const disk = ["/home/me/src", "/home/me/srv"];
  const backend = {
    completeDirectory: async ({ prefix }: { prefix: string }) =>
      disk.filter((path) => path.startsWith(prefix)),
  };
  const options = async (text: string) =>
    (await offerDirectory(backend, text, ["/home/me/srv", "/opt"], "/home/me/")).options.map(
      ({ value }) => value,
    );
  expect(await options("")).toEqual(["/home/me/srv", "/opt"]);
  expect(await options("/home/me/s")).toEqual(["/home/me/srv", "/home/me/src/"]);
  expect(await options("~/s")).toEqual(["~/srv", "~/src/"]);
  expect(await options("s")).toEqual([]);
});
