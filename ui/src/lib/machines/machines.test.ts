import { expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import { Machines } from "./machines.svelte";

const NOW = new Date("2026-11-25T14:52:06").getTime();

test("what is shown of a machine that is lost is from its last word, and not from when the loss was noticed", async () => {
  vi.useFakeTimers({ now: NOW });
  const fake = createFakeBackend({ tasks: 0, machines: true });
  const machines = new Machines(fake);
  await machines.start();
  await fake.chooseMachine("lab");
  const heard = NOW - 30_000;
  fake.setReach("lab", { state: "lost", problem: "no answer within 30 s", heard });
  expect([machines.lostAt, machines.knownUntil]).toEqual([heard, heard]);
  // Another try, which was refused: an answer, but none of what is shown.
  fake.setReach("lab", { state: "lost", problem: "the token was refused", heard: NOW });
  expect(machines.lostAt).toBe(heard);
  fake.setReach("lab", { state: "reached" });
  expect(machines.knownUntil).toBeUndefined();
  // A machine that does not say so: as far as this window has heard.
  await vi.advanceTimersByTimeAsync(60_000);
  machines.pulse.heard();
  await vi.advanceTimersByTimeAsync(5000);
  fake.setReach("lab", { state: "lost", problem: "it is away" });
  expect(machines.lostAt).toBe(NOW + 60_000);
  machines.close();
  vi.useRealTimers();
});

test("an overdue answer is told of the machine that the window is on, and not of the one that it turns to", async () => {
  const fake = createFakeBackend({ tasks: 0, machines: true });
  const machines = new Machines(fake);
  await machines.start();
  machines.pulse.silentSince = NOW;
  expect([machines.waiting, machines.knownUntil]).toEqual(["Waiting for the engine…", NOW]);
  await fake.chooseMachine("build-box");
  expect(machines.waiting).toBeUndefined();
  machines.pulse.silentSince = NOW;
  expect(machines.waiting).toBe("Waiting for build-box…");
  fake.setReach("build-box", { state: "lost", problem: "it is away" });
  expect(machines.waiting).toBeUndefined();
  machines.close();
});
