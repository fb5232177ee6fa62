// The theme choice: system, light or dark. The setting of the backend is the truth; localStorage holds the last known one, so
// that the first paint is right, and tells it to the other windows.
// The colours themselves live in tokens.css; this only sets `data-theme` on the root element.

export type ThemeChoice = "system" | "light" | "dark";

const KEY = "solti.theme";
const isChoice = (value: unknown): value is ThemeChoice =>
  value === "system" || value === "light" || value === "dark";

function stored(): ThemeChoice {
  const value = localStorage.getItem(KEY);
  return isChoice(value) ? value : "system";
}

const state = $state<{ choice: ThemeChoice }>({ choice: "system" });
const asked = () => new URLSearchParams(location.search).get("theme");

export const theme = {
  get choice(): ThemeChoice {
    return state.choice;
  },
  set choice(choice: ThemeChoice) {
    state.choice = choice;
    localStorage.setItem(KEY, choice);
    paint(choice);
  },
};

function paint(choice: ThemeChoice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
}

/** Called once by main.ts before the first paint. `?theme=dark` overrides the choice for that page only. */
export function applyTheme() {
  const wanted = asked();
  state.choice = isChoice(wanted) ? wanted : stored();
  paint(state.choice);
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) adoptTheme();
  });
}

/** The choice as the other windows have it. */
export function adoptTheme() {
  state.choice = stored();
  paint(state.choice);
}

/** The setting, once it is known. */
export function followTheme(choice: ThemeChoice) {
  if (!isChoice(asked()) && choice !== state.choice) theme.choice = choice;
}
