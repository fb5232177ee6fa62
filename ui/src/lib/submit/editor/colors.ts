// How the parts of a program are drawn: by the names of tokens.css, so that they follow the theme.
import { HighlightStyle } from "@codemirror/language";
import { tags } from "@lezer/highlight";

export const colors = HighlightStyle.define([
  { tag: [tags.comment, tags.meta], color: "var(--log-time)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--ansi-magenta)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--ansi-green)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--ansi-yellow)" },
  { tag: [tags.propertyName, tags.attributeName, tags.labelName], color: "var(--ansi-blue)" },
  {
    tag: [
      tags.function(tags.variableName),
      tags.function(tags.propertyName),
      tags.standard(tags.variableName),
    ],
    color: "var(--ansi-cyan)",
  },
  { tag: [tags.definition(tags.variableName), tags.special(tags.variableName)], color: "var(--ansi-blue)" },
  { tag: [tags.className, tags.typeName, tags.definition(tags.typeName)], color: "var(--ansi-cyan)" },
  { tag: tags.invalid, color: "var(--state-failed)" },
]);
