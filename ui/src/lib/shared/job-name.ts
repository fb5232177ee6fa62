/** Letters that do not come apart into a letter of a to z and a mark. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

/** A name that a job may have, from what a person calls it; `job` where that has nothing of one. */
export function nameFrom(title: string): string {
  const name = title
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþı]/g, (letter) => PLAIN[letter] ?? "")
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[-.]+/g, "")
    .slice(0, 64)
    .replaceAll(/[-.]+$/g, "");
  return name === "" && title.trim() !== "" ? "job" : name;
}
