// The one entry of every window. The kind of window comes from the URL:
// `index.html` is the main window, `?view=log&task=ID&attempt=N&row=N` a log window (with `&follows` it goes on to later attempts),
// `?view=merged&source=ID:N&source=…&row=N` a merged one; with `&machine=NAME` their logs are of another machine. `?view=spare` waits for one of these addresses and makes it its own.
import { mount, type Component, type ComponentProps } from "svelte";
import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "./lib/design/tokens.css";
import "./lib/design/base.css";
import { adoptTheme, applyTheme } from "./lib/design/theme.svelte";

applyTheme();

// The engine's own menu speaks of pages that can be loaded again. Fields keep it: it cuts, copies and pastes.
window.addEventListener("contextmenu", (event) => {
  const field = event.target instanceof Element && event.target.closest("input, textarea");
  if (!field) event.preventDefault();
});

// Left out of the page that is shipped, with all that it imports.
if (import.meta.env.DEV) (await import("./lib/api/outside-app")).answerFromMemory();

const found = document.getElementById("app");
if (!found) throw new Error("index.html has no #app element");
const target = found;

/** Shows what the URL says. */
async function show(): Promise<void> {
  const params = new URLSearchParams(location.search);
  const machine = params.get("machine") ?? undefined;
  const at = params.get("row");
  const row = at === null || !(Number(at) >= 0) ? undefined : Number(at);
  if (params.get("view") === "log") {
    const attempt = Number(params.get("attempt"));
    const { default: LogView } = await import("./views/LogView.svelte");
    mount(LogView as Component<ComponentProps<typeof LogView>>, {
      target,
      props: {
        machine,
        follows: params.has("follows") || undefined,
        task: params.get("task") ?? "",
        attempt: attempt > 0 ? attempt : undefined,
        row,
      },
    });
  } else if (params.get("view") === "merged") {
    // An id has no colon, so the last one parts it from the attempt.
    const sources = params.getAll("source").map((source) => {
      const at = source.lastIndexOf(":");
      return { id: source.slice(0, at), attempt: Number(source.slice(at + 1)) };
    });
    const { default: MergedView } = await import("./views/MergedView.svelte");
    mount(MergedView as Component<ComponentProps<typeof MergedView>>, {
      target,
      props: { sources, row, machine },
    });
  } else {
    const { default: MainView } = await import("./views/MainView.svelte");
    mount(MainView, { target });
  }
}

if (new URLSearchParams(location.search).get("view") === "spare") {
  const { waitForAddress } = await import("./views/spare");
  await waitForAddress((address) => {
    history.replaceState(null, "", address);
    adoptTheme();
    void show();
  });
} else await show();
