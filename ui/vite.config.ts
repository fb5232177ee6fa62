/// <reference types="vitest/config" />
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";
import type { Plugin } from "vite";

/** The backend that is made up is for tests and for `npm run dev`: nobody is to be shown tasks that are not there. */
const shippedWithoutFake: Plugin = {
  name: "shipped-without-fake",
  apply: (_, { command, mode }) => command === "build" && mode === "production",
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
    const fake = modules.find((id) => /\/lib\/api\/(fake|outside-app)/.test(id));
    if (fake !== undefined) this.error(`${fake} is in the page that is shipped`);
  },
};

/** What the backend that is made up says of itself, in the pictures of the documents too. */
const [, version] =
  /^version = "(.+)"$/m.exec(readFileSync(new URL("../Cargo.toml", import.meta.url), "utf8")) ?? [];

// Tauri serves `dist` from its own scheme, so nothing may be loaded from outside it (CSP: default-src 'self').
export default defineConfig({
  plugins: [svelte(), svelteTesting(), shippedWithoutFake],
  clearScreen: false,
  define: { "import.meta.env.SOLTI_VERSION": JSON.stringify(version) },
  server: { port: 1420, strictPort: true },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["safari16", "chrome110"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/test-setup.ts"],
    // Beyond the limit of what a test waits for (src/test-setup.ts), so that it is the test that says what it waited for.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
