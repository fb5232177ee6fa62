// The editors that are offered for files that logs name. Each says a place in its own way.

export interface KnownEditor {
  readonly name: string;
  /** As the settings keep it. */
  readonly command: string;
}

export const EDITORS: readonly KnownEditor[] = [
  { name: "VS Code", command: "code -g {file}:{line}:{column}" },
  { name: "VSCodium", command: "codium -g {file}:{line}:{column}" },
  { name: "Zed", command: "zed {file}:{line}:{column}" },
  { name: "JetBrains (idea)", command: "idea --line {line} --column {column} {file}" },
  { name: "Sublime Text", command: "subl {file}:{line}:{column}" },
  { name: "Kate", command: "kate -l {line} -c {column} {file}" },
  { name: "gedit", command: "gedit +{line}:{column} {file}" },
  { name: "Geany", command: "geany --line={line} --column={column} {file}" },
  { name: "Emacs", command: "emacsclient -n -a emacs +{line}:{column} {file}" },
  { name: "Vim (gvim)", command: "gvim '+call cursor({line},{column})' {file}" },
  { name: "Vim in a terminal", command: "x-terminal-emulator -e vim '+call cursor({line},{column})' {file}" },
  {
    name: "Neovim in a terminal",
    command: "x-terminal-emulator -e nvim '+call cursor({line},{column})' {file}",
  },
  { name: "Helix in a terminal", command: "x-terminal-emulator -e hx {file}:{line}:{column}" },
  { name: "nano in a terminal", command: "x-terminal-emulator -e nano +{line},{column} {file}" },
];
