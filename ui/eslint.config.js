// What the compiler does not see: promises that nobody waits for, and which part of the page may know of which. The order of the
// parts is that of ARCHITECTURE.md; formats are prettier's, types svelte-check's.
import importX from "eslint-plugin-import-x";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import tseslint from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const LIB = "./src/lib";
/** Each may know of those before it, and of `except`. */
const PARTS = ["shared", "api", "design", "logs", "submit", "machines", "settings", "jobs", "tasks"];
/** Parts that stand side by side. */
const APART = [
  ["submit", "logs"],
  ["machines", "logs"],
  ["settings", "logs"],
  ["jobs", "logs"],
  ["tasks", "logs"],
];
const EXCEPT = {
  // Shapes alone.
  shared: ["./api/types.ts", "./api/bindings.ts"],
};

const zones = [
  { target: LIB, from: "./src/views", message: "A view is made of parts, and not the other way round." },
  ...PARTS.map((part, at) => ({
    target: `${LIB}/${part}`,
    from: LIB,
    except: [...PARTS.slice(0, at + 1).map((before) => `./${before}`), ...(EXCEPT[part] ?? [])],
    message: `lib/${part} stands below what it imports.`,
  })),
  ...APART.map(([one, other]) => ({
    target: `${LIB}/${one}`,
    from: `${LIB}/${other}`,
    message: `lib/${one} and lib/${other} stand side by side.`,
  })),
];

export default tseslint.config(
  { ignores: ["dist/", "src/lib/api/bindings.ts"] },
  ...svelte.configs.recommended,
  {
    files: ["src/**/*.ts"],
    languageOptions: { parser: tseslint.parser },
  },
  {
    files: ["src/**/*.ts", "src/**/*.svelte"],
    plugins: { "@typescript-eslint": tseslint.plugin, "import-x": importX },
    languageOptions: {
      parserOptions: {
        projectService: true,
        extraFileExtensions: [".svelte"],
        parser: tseslint.parser,
        svelteConfig,
      },
      globals: globals.browser,
    },
    settings: {
      "import-x/ignore": ["node_modules"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"], "svelte-eslint-parser": [".svelte"] },
      "import-x/resolver": { node: { extensions: [".ts", ".js"] } },
    },
    rules: {
      // A promise that fails unheard is a button that does nothing.
      "@typescript-eslint/no-floating-promises": [
        "error",
        // Promises only of a property that is async.
        { allowForKnownSafeCalls: [{ from: "package", name: "assert", package: "fast-check" }] },
      ],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      // State here is raw, and replaced as a whole: a set that is filled before it is shown need not be watched.
      "svelte/prefer-svelte-reactivity": "off",
      // A blank at an end is written as text, where a person sees it.
      "svelte/no-useless-mustaches": "off",
      // The compiler knows its warnings, and says which of these are not needed.
      "svelte/no-unused-svelte-ignore": "off",
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
    },
  },
  {
    files: ["src/**/*.test.ts"],
    rules: {
      // A test may draw what its subject is seen in.
      "import-x/no-restricted-paths": "off",
      "no-restricted-properties": [
        "error",
        ...["waitFor", "waitUntil"].map((property) => ({
          object: "vi",
          property,
          message:
            "It gives up after a second: wait with waitFor of @testing-library/svelte (src/test-setup.ts).",
        })),
        {
          object: "expect",
          property: "poll",
          message:
            "It gives up after a second: wait with waitFor of @testing-library/svelte (src/test-setup.ts).",
        },
      ],
    },
  },
);
