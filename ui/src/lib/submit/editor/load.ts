// The editor is larger than the rest of the page: it is loaded when a text is first shown, and is a plain text area until then.
export const loadEditor = () => import("./code-mirror");
