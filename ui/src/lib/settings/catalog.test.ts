import { expect, test } from "vitest";
import { everySetting, findSettings, SECTIONS, settingWords } from "./catalog";

const titles = (typed: string): string[] => findSettings(typed).map(({ title }) => title);

test("a setting is found by words of its name, its description and where it stands, its name first", () => {
  expect(titles("tray")).toEqual([
    "Closing and the tray",
    "Icon in the tray",
    expect.stringContaining("closed"),
  ]);
  expect(titles("GNOME extension")).toEqual(["Icon in the tray"]);
  expect(titles("address grpc")).toEqual(["Address"]);
  expect(findSettings("address grpc")[0]).toMatchObject({ path: "api.grpc.address", where: "API › gRPC" });
  expect(titles("dark")).toEqual(["Theme"]);
  expect(titles("webhook")).toEqual(["Hooks"]);
  expect(titles("  ")).toEqual([]);
  expect(titles("no such thing")).toEqual([]);
});

test("no two groups and no two settings are the same one", () => {
  const groups = SECTIONS.flatMap((section) => section.groups.map(({ id }) => id));
  const paths = everySetting.flatMap(({ path }) => path ?? []);
  expect(new Set(groups).size).toBe(groups.length);
  expect(new Set(paths).size).toBe(paths.length);
  expect(settingWords("closing").hint).toContain("tray icon");
});
