/** Every state of the card, with HubSpot's own stand-ins for the page around it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  Alert,
  Button,
  DescriptionListItem,
  EmptyState,
  ErrorState,
  LoadingSpinner,
  StatisticsItem,
  StatusTag,
  Table,
  TableCell,
  TableRow,
  Tag,
} from "@hubspot/ui-extensions";
import { CrmPropertyList } from "@hubspot/ui-extensions/crm";
import { createRenderer } from "@hubspot/ui-extensions/testing";
import { Card } from "./Card.tsx";
import { CAST, LABELS } from "./cast.mjs";
import { LISTS, PROPERTIES } from "./fields.ts";
import { html } from "./preview.ts";
import { MODEL } from "./model.ts";
import { WORDS } from "./words.ts";

type Held = Record<string, string | number | null>;
type Answer = { properties: Record<string, string | null>; error: Error | null; isLoading: boolean };

const states: Record<string, Held> = CAST;
const labels: Record<string, Record<string, string>> = LABELS;

/** What HubSpot hands over of a company: text, and nothing of what this person may not see. */
function handed(values: Held, wanted: string[], shown: boolean): Record<string, string | null> {
  const roles = Object.entries(PROPERTIES).filter(([role, name]) => role in values && wanted.includes(name));
  return Object.fromEntries(
    roles.map(([role, name]) => {
      const value = values[role];
      const text = value === null || value === undefined ? null : String(value);
      return [name, shown && text ? labels[role]?.[text] || text : text];
    }),
  );
}

function drawn(values: Held, answer: Partial<Answer> = {}, user: { locale?: string; language?: string } = {}) {
  const renderer = createRenderer("crm.record.tab");
  Object.assign(renderer.mocks.context.user, user);
  renderer.mocks.context.portal.timezone = "Europe/Berlin";
  renderer.mocks.useCrmProperties.willCall((names, options) => ({
    properties: handed(values, names, options?.propertiesToFormat === "all"),
    error: null,
    isLoading: false,
    isRefetching: false,
    refetch: async () => {},
    ...answer,
  }));
  renderer.render(<Card />);
  return renderer;
}

type Drawn = ReturnType<typeof drawn>;

function told(card: Drawn): string {
  return text(card.getRootNode());
}

/** Everything that can be read or heard, titles and labels with it. */
function text(node: { childNodes?: unknown[]; text?: unknown; props?: Record<string, unknown>; nodeType?: string }): string {
  const props = node.props || {};
  const named = ["title", "label", "number", "screenReaderText"].map((name) => props[name]).filter(Boolean);
  const inner = node.childNodes ? node.childNodes.map((child) => text(child as typeof node)) : [String(node.text)];
  return [...named, ...inner].join(" ").replace(/\s+/g, " ");
}

function press(card: Drawn, label: string) {
  card.find(Button, (button) => button.text === label).trigger("onClick");
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-28T12:00:00Z"), toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a scored company shows tier, cause, figures, place, nearest change, reasons and playbook", () => {
  const card = drawn(states.scored!);
  const said = told(card);
  expect(card.find(Tag).text).toBe("Gold");
  for (const part of [
    "tier 2 of 4",
    "since Mar 1, 2026",
    "moved by the customer's behaviour",
    "Platinum with 18,200 EUR less cost to serve",
    "14 expedited orders 14 %",
    "Contact every 14 days \u00b7 last 41 days ago overdue",
    "May leave: 3 of the last 4 orders",
    "Group Gold",
    "Not known: product cost",
    "Scored on Nov 1, 2026",
  ]) {
    expect(said).toContain(part);
  }
  expect(card.findAll(StatisticsItem).map((each) => each.props.number)).toEqual(["78.4", "31"]);
});

test("the company stands in one cell of the matrix, its own tier's, and is told to stand there", () => {
  const card = drawn(states.scored!);
  const here = card.findAll(TableCell).filter((cell) => cell.maybeFind(Tag));
  expect(here.map((cell) => text(cell).trim())).toEqual([`${WORDS.here} Gold`]);
  expect(card.findAll(TableRow).length).toBe(MODEL.cells.length + 1);
});

test("a contact in time is not marked", () => {
  const card = drawn(states.complete!);
  expect(told(card)).toContain("last yesterday");
  expect(card.findAll(Tag, { variant: "warning" })).toEqual([]);
});

test("values say who set them and when, and a missing one is marked", () => {
  const card = drawn(states.scored!);
  const items = card.findAll(DescriptionListItem);
  expect(items.map((item) => item.props.label)).toEqual(["Segment", "Sub-segment", "Value profile"]);
  expect(text(items[0]!)).toContain("Energy by a rule, Feb 1, 2026");
  expect(text(items[1]!)).toContain("Power producers chosen by a person");
  expect(card.findAll(StatusTag).map((tag) => tag.text)).toEqual([WORDS.missing]);
  expect(drawn(states.complete!).findAll(StatusTag)).toEqual([]);
});

test("choosing opens the three values as fields that are edited in place, and closes again", () => {
  const card = drawn(states.scored!);
  expect(card.maybeFind(CrmPropertyList)).toBeNull();
  press(card, WORDS.choose);
  expect(card.find(CrmPropertyList).props.properties).toEqual([
    "tierline_segment",
    "tierline_sub_segment",
    "tierline_value_profile",
  ]);
  press(card, WORDS.done);
  expect(card.maybeFind(CrmPropertyList)).toBeNull();
});

test("asking opens the fields of the request, the request itself last", () => {
  const card = drawn(states.scored!);
  press(card, WORDS.ask);
  const asked = card.find(CrmPropertyList).props.properties;
  expect(asked.at(-1)).toBe(PROPERTIES.request);
  expect(asked).toContain(PROPERTIES.request_comment);
  expect(asked.every((name) => name !== undefined)).toBe(true);
  expect(told(card)).toContain(WORDS.ask_text);
});

test("help says how to choose, with every profile of the model", () => {
  const card = drawn(states.scored!);
  press(card, WORDS.how_to_choose);
  const said = told(card);
  expect(said).toContain(WORDS.how_to_choose_text);
  for (const profile of MODEL.profiles) {
    expect(said).toContain(profile.description);
  }
});

test("without details the tier and its reason still stand", () => {
  const card = drawn(states["without details"]!);
  expect(told(card)).toContain("412,000 EUR gross margin");
  expect(card.maybeFind(Table)).toBeNull();
});

test("an override says who decided and until when", () => {
  expect(told(drawn(states.overridden!))).toContain("Strategic customer, approved by Maria Lind");
});

test("what was asked is shown, and may be changed until it is read", () => {
  const card = drawn(states.asked!);
  expect(card.findAll(Alert).map((alert) => alert.props.title).join()).toContain("Tier is wrong");
  expect(told(card)).toContain("They stopped ordering spare parts in June.");
  press(card, WORDS.ask);
  expect(card.maybeFind(CrmPropertyList)).not.toBeNull();
});

test("who may not see the request is offered none", () => {
  const { request: _, request_comment: __, ...held } = states.scored!;
  expect(drawn(held).findAll(Button).map((button) => button.text)).not.toContain(WORDS.ask);
});

test("not scored yet, out of scope and no permission are told apart", () => {
  const titles = ["not scored", "out of scope", "no permission"].map((state) => drawn(states[state]!).find(EmptyState));
  expect(titles.map((each) => each.props.title)).toEqual([WORDS.unscored_title, WORDS.outside_title, WORDS.hidden_title]);
  const texts = [WORDS.unscored_text, "Not a customer", WORDS.hidden_text];
  titles.forEach((each, place) => expect(text(each)).toContain(texts[place]));
});

test("an error is told with HubSpot's words, and nothing is shown as if it were true", () => {
  const card = drawn(states.scored!, { error: new Error("The record is locked."), properties: {} });
  expect(card.find(ErrorState).props.title).toBe(WORDS.error_title);
  expect(told(card)).toContain("The record is locked.");
  expect(card.maybeFind(Tag)).toBeNull();
});

test("while it reads it says so", () => {
  expect(drawn(states.scored!, { isLoading: true }).find(LoadingSpinner).props.label).toBe(WORDS.loading);
});

test("dates and numbers are written as this person writes them, also when HubSpot's locale is no language tag", () => {
  const said = told(drawn(states.scored!, {}, { locale: "de-de" }));
  expect(said).toContain("01.03.2026");
  expect(said).toContain("78,4");
  expect(told(drawn(states.scored!, {}, { locale: "not a locale" }))).toContain("Mar 1, 2026");
});

test("a day that comes as milliseconds is the same day", () => {
  const since = String(Date.parse("2026-03-01T00:00:00Z"));
  expect(told(drawn({ ...states.scored!, tier_since: since }))).toContain("since Mar 1, 2026");
});

test("it asks for exactly the properties of this model, and for the labels of its lists", () => {
  const card = drawn(states.scored!);
  const asked = card.mocks.useCrmProperties.calls;
  expect(asked[0]![0]).toEqual(Object.values(PROPERTIES));
  expect(asked[1]![0]).toEqual(LISTS);
});

test("a preview of every state is written for people to look at", () => {
  const folder = process.env.PREVIEW;
  for (const [state, values] of Object.entries(states)) {
    const page = html(drawn(values).getRootNode(), state);
    expect(page).toContain("</main>");
    if (folder) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}/${state}.html`, page);
    }
  }
});
