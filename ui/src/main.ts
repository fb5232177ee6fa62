// The one entry of every window. The kind of window comes from the URL:
// `index.html` is the main window, `?view=log&task=ID&attempt=N&row=N` a log window, `?view=merged&source=ID:N&source=…` a merged one.
import { mount, type Component } from "svelte";
import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "./lib/design/tokens.css";
import "./lib/design/base.css";
import { applyTheme } from "./lib/design/theme.svelte";

applyTheme();

const params = new URLSearchParams(location.search);
const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app element");

if (params.get("view") === "log") {
  const attempt = Number(params.get("attempt"));
  const row = params.get("row");
  const { default: LogView } = await import("./views/LogView.svelte");
  mount(LogView as Component<{ task: string; attempt?: number; row?: number }>, {
    target,
    props: {
      task: params.get("task") ?? "",
      attempt: attempt > 0 ? attempt : undefined,
      row: row === null || !(Number(row) >= 0) ? undefined : Number(row),
    },
  });
} else {
  const { default: MainView } = await import("./views/MainView.svelte");
  mount(MainView, { target });
}
