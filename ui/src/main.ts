// The one entry of every window. The kind of window comes from the URL:
// `index.html` is the main window, `index.html?view=log&task=ID&attempt=N` a log window.
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
  const { default: LogView } = await import("./views/LogView.svelte");
  mount(LogView as Component<{ task: string; attempt?: number }>, {
    target,
    props: { task: params.get("task") ?? "", attempt: attempt > 0 ? attempt : undefined },
  });
} else {
  const { default: MainView } = await import("./views/MainView.svelte");
  mount(MainView, { target });
}
