/** Prints what the card says of accounts, as lines of text: node render.mjs CONTENT.js < {model, words, locale, today, accounts}. */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { cardOf } = await import(pathToFileURL(process.argv[2]));
const { model, words, locale, today, accounts } = JSON.parse(readFileSync(0, "utf8"));

const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
const speech = {
  say: (key, parts = {}) => words[key].replace(/\{(\w+)\}/g, (whole, part) => (part in parts ? String(parts[part]) : whole)),
  day: (iso) => days.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)),
  number: (value, digits = 1) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value),
};

/** Keys, ids and classes are not read by anybody. */
const SILENT = new Set(["id", "key", "place", "kind", "look", "value", "state", "cells", "axes", "rows"]);

function* texts(part, path = "") {
  if (typeof part === "string" && part) {
    yield { path, text: part };
  } else if (part && typeof part === "object") {
    for (const [name, inner] of Object.entries(part)) {
      if (!SILENT.has(name)) {
        yield* texts(inner, Array.isArray(part) ? path : `${path}.${name}`);
      }
    }
  }
}

const told = accounts.map((values) => [...texts(cardOf(values, model, speech, today))]);
console.log(JSON.stringify(told));
