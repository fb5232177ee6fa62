// The page to try the API: a form for each operation of openapi.json. Text of the document only ever becomes text.
"use strict";

const SAMPLE = { spec: { slot: "demo", kind: { subprocess: { mode: { command: { command: "echo", args: ["hi"] } } } } } };

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function show(response, output) {
  output.textContent = `${response.status} ${response.statusText}\n`;
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    output.append(part.value);
  }
}

function request(path, method, operation, form) {
  const headers = {};
  const token = document.getElementById("token").value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const query = new URLSearchParams();
  for (const { name, in: place } of operation.parameters) {
    const value = form.elements[name].value;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value && place === "query") value.split(",").forEach((one) => query.append(name, one));
    else if (value) headers[name] = value;
  }
  const body = form.elements.body?.value;
  return fetch(query.size ? `${path}?${query}` : path, { method, headers, body, credentials: "omit" });
}

function entry(path, method, operation) {
  const output = element("pre", {});
  const form = element("form", {});
  for (const { name, description } of operation.parameters) {
    form.append(element("label", {}, `${name}: ${description}`, element("input", { name })));
  }
  if (operation.requestBody) {
    const value = path.endsWith("tasks") || path.endsWith("validate_spec") ? JSON.stringify(SAMPLE, null, 2) : "{}";
    form.append(element("label", {}, "Body", element("textarea", { name: "body", value })));
  }
  form.append(element("button", { textContent: "Send" }), output);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    request(path, method.toUpperCase(), operation, form)
      .then((response) => show(response, output))
      .catch((error) => (output.textContent = String(error)));
  });
  const name = element("b", { textContent: method.toUpperCase() });
  const about = element("span", { textContent: operation.summary });
  return element("details", {}, element("summary", {}, name, element("code", { textContent: path }), about), form);
}

// What everybody needs, then what a window needs, then what is about the server.
const part = (path) => (path.startsWith("/api/v1/tasks") ? 0 : path.includes("/desktop/") ? 1 : 2);

fetch("openapi.json")
  .then((response) => response.json())
  .then(({ paths }) => {
    const sorted = Object.entries(paths).sort(([a], [b]) => part(a) - part(b));
    const entries = sorted.flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => entry(path, method, operation)),
    );
    document.getElementById("operations").replaceChildren(...entries);
  });
