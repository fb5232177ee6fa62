// Hooks and what happened meanwhile, of the backend in memory: it calls nothing, and says that all arrived.
import { ApiError } from "./errors";
import { throwAll } from "./fake-check";
import type { Backend } from "./backend";
import type { Digest, FieldError, HookDelivery, HookState, TaskRow } from "./types";

type Told = Pick<Backend, "listHooks" | "saveHook" | "deleteHook" | "testHook" | "readDigest">;

const MOST = 1000;

export function createFakeHooks(rows: () => TaskRow[]): Told {
  let hooks: HookState[] = [];
  let deliveries = 0;
  const find = (name: string) => hooks.find(({ hook }) => hook.name === name);
  return {
    listHooks: async () => ({ hooks: structuredClone(hooks), waiting: 0, mostWaiting: MOST }),
    saveHook: async ({ hook }) => {
      const problems: FieldError[] = [];
      const refuse = (wrong: boolean, field: string, message: string) => {
        if (wrong) problems.push({ field: `hook.${field}`, message });
      };
      const name = "must be 1 to 64 of A–Z, a–z, digits, '.', '_' and '-'";
      refuse(!/^[\w.-]{1,64}$/.test(hook.name), "name", name);
      refuse(hook.on.length === 0, "on", "must be one or more of failure, success, silence");
      if ("webhook" in hook.call)
        refuse(
          !/^https?:\/\/./.test(hook.call.webhook.url),
          "call.webhook.url",
          "must be an address that begins with https:// or http://",
        );
      else
        refuse(
          hook.call.command.command.trim() === "",
          "call.command.command",
          "must not be blank or too long",
        );
      throwAll(problems);
      const before = find(hook.name);
      const said = "webhook" in hook.call ? hook.call.webhook.secret : undefined;
      const call =
        "webhook" in hook.call ? { webhook: { url: hook.call.webhook.url } } : structuredClone(hook.call);
      const state: HookState = {
        hook: { ...hook, call },
        hasSecret: said == null ? (before?.hasSecret ?? false) : said !== "",
        waiting: 0,
        dropped: 0,
        latest: before?.latest ?? [],
      };
      hooks = [...hooks.filter((other) => other !== before), state].sort((a, b) =>
        a.hook.name < b.hook.name ? -1 : 1,
      );
      return structuredClone(state);
    },
    deleteHook: async ({ name }) => void (hooks = hooks.filter(({ hook }) => hook.name !== name)),
    testHook: async ({ name }) => {
      const state = find(name);
      if (!state) throw new ApiError({ error: "InvalidRequest", field: "name", message: "names no hook" });
      const call: HookDelivery = {
        id: ++deliveries,
        hook: name,
        event: "test",
        at: Date.now(),
        tries: 1,
        state: "delivered",
        said: "200: ok",
      };
      state.latest = [call, ...state.latest].slice(0, 10);
      return structuredClone(call);
    },
    readDigest: async ({ since }) => {
      const all = rows().filter((row) => (row.finishedAt ?? 0) >= since);
      const failed = all.filter(({ task }) => ["failed", "timeout", "exhausted"].includes(task.status.phase));
      const digest: Digest = {
        since,
        until: Date.now(),
        ended: { pending: 0, running: 0, succeeded: 0, failed: 0, timeout: 0, canceled: 0, exhausted: 0 },
        failed: failed.slice(0, 10).map(({ task }) => ({
          id: task.metadata.id,
          name: task.spec.name,
          phase: task.status.phase,
          error: task.status.error ?? undefined,
        })),
        missed: [],
        missedCount: 0,
        held: [],
        heldCount: rows().filter((row) => row.waiting?.reason === "held").length,
      };
      for (const { task } of all) digest.ended[task.status.phase] += 1;
      return digest;
    },
  };
}
