import { expect, test } from "vitest";
import { machinesText, parseMachines } from "./lane-machines";

test("the machines of a lane are read as they are written", () => {
  const machines = [
    { name: "here", places: 2 },
    { name: "build box", places: 12 },
  ];
  const withComma = [...machines, { name: "rack 4, left", places: 2 }];
  expect(parseMachines("here 2, build box 12")).toEqual(machines);
  expect(parseMachines("here=2,build box: 12,")).toEqual(machines);
  expect(parseMachines(machinesText(machines))).toEqual(machines);
  expect(parseMachines(machinesText(withComma))).toEqual(withComma);
  expect(parseMachines("nas")).toEqual([{ name: "nas", places: 1 }]);
  expect(parseMachines(" ")).toEqual([]);
  expect(parseMachines("nas 0")).toBeUndefined();
});
