/** Our properties of the company that is open, by role: read with the rights of the person who looks. */
import type { Values } from "./content.js";
import { DAYS, PROPERTIES, useHeld, useShown } from "./fields.ts";
import { MODEL } from "./model.ts";

type Properties = Record<string, string | null>;

export interface Reading {
  loading: boolean;
  failure: string | null;
  values: Values;
}

/** HubSpot hands over what changes on the page by itself. Until it tells how it shows a value, the model does. */
export function useCompany(): Reading {
  const raw = useHeld();
  const labels = useShown();
  const failure = raw.error ? raw.error.message || String(raw.error) : null;
  return { loading: raw.isLoading, failure, values: valuesOf(raw.properties, labels.properties) };
}

// unverified: a property that this person may not see, or that is not there, is left out of the answer.
function valuesOf(raw: Properties, labels: Properties): Values {
  const found: Values = {};
  for (const [role, name] of Object.entries(PROPERTIES)) {
    const value = raw[name];
    if (value !== undefined) {
      found[role] = { value: value === null ? null : plain(name, value), label: labels[name] || labelOf(role, value) };
    }
  }
  return found;
}

function labelOf(role: string, value: string | null): string | null {
  return (value && MODEL.labels[role]?.[value]) || null;
}

// unverified: a date comes as 2026-11-28, or as milliseconds since 1970 at midnight UTC.
function plain(name: string, value: string): string {
  return DAYS.includes(name) && /^\d{9,}$/.test(value) ? new Date(Number(value)).toISOString().slice(0, 10) : value;
}
