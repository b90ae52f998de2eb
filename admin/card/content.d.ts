/** The shapes of content.js, for faces that are written in TypeScript. */

export interface Value {
  value: string | null;
  label: string | null;
}

/** By role; one that is missing may not be read by this person, or is not installed. */
export type Values = Record<string, Value>;

export interface Speech {
  say: (key: string, parts?: Record<string, unknown>) => string;
  day: (iso: string) => string;
  number: (value: number, digits?: number) => string;
}

/** What the card has to know of the company's model, as far as the card in HubSpot reads it itself. */
export interface Model {
  labels: Record<string, Record<string, string>>;
  profiles: {
    key: string;
    label: string;
    description: string;
    drivers: string[];
    proposition: string;
    do: string[];
    dont: string[];
  }[];
  [fact: string]: unknown;
}

export interface Line {
  id: string;
  text: string;
  late: boolean;
}

export interface Reason {
  id: string;
  sign: string;
  meaning: string;
  text: string;
  weight: string;
}

export interface Cell {
  id: string;
  label: string;
  place: string;
  here: boolean;
}

export interface Matrix {
  title: string;
  rowAxis: string;
  columnAxis: string;
  columns: { id: string; text: string }[];
  rows: { id: string; head: string; cells: Cell[] }[];
}

export interface Chosen {
  id: string;
  title: string;
  text: string;
  gap: boolean;
  source: string;
  suggestion: string;
  why: string;
  offers: Offer[];
}

/** A value that one click confirms: what the request is to be, and how the button is called, in short and in full. */
export interface Offer {
  id: string;
  kind: string;
  value: string;
  label: string;
  full: string;
  look: "neutral" | "base";
}

export interface Request {
  state: "sent" | "waiting" | "accepted" | "refused";
  title: string;
  text: string;
  why: string;
}

export interface Tier {
  key: string;
  label: string;
  place: string;
  rank: string | null;
  since: string | null;
  cause: string | null;
  group: string | null;
}

interface Always {
  values: Chosen[];
  quality: string | null;
  request: Request | null;
  problem: string | null;
}

export interface Unscored extends Always {
  state: "hidden" | "unscored" | "outside";
  notice: { title: string; text: string };
}

export interface Scored extends Always {
  state: "scored";
  notice: null;
  tier: Tier;
  reason: string | null;
  held: string | null;
  stale: string | null;
  canAsk: boolean;
  figures: { key: string; title: string; text: string }[];
  matrix: Matrix | null;
  nearest: string[];
  override: string | null;
  reasons: Reason[];
  warnings: string[];
  beside: string[];
  missing: string | null;
  playbook: Line[] | null;
  scoredOn: string | null;
}

export function cardOf(values: Values, model: Model, speech: Speech, today: string): Scored | Unscored;

export interface Profile {
  key: string;
  label: string;
  description: string;
  lines: { id: string; text: string }[];
}

export function profilesOf(model: Model, speech: Speech): Profile[];

export function requestOfPerson(
  kind: string,
  by: string | null,
  parts?: { seen?: string | null; reason?: string | null; comment?: string | null },
): Record<string, string | null>;
