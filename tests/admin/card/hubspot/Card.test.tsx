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
  hubspot,
} from "@hubspot/ui-extensions";
import { CrmPropertyList } from "@hubspot/ui-extensions/crm";
import { CAST, LABELS } from "./cast.mjs";
import { drawn, text, told, type Answer, type User } from "./drawing.tsx";
import { PROPERTIES } from "./fields.ts";
import { html } from "./preview.ts";
import { MODEL } from "./model.ts";
import { WORDS } from "./words.ts";

type Held = Record<string, string | number | null>;
type Drawn = ReturnType<typeof card>;

const states: Record<string, Held> = CAST;
const labels: Record<string, Record<string, string>> = LABELS;

/** The card of a company that holds this by role; what is not there HubSpot does not hand over to this person. */
function card(values: Held, answer: Partial<Answer> = {}, user: User = {}) {
  const shown: Record<string, string | null> = {};
  const properties: Record<string, string | null> = {};
  for (const [role, name] of Object.entries(PROPERTIES)) {
    const value = values[role];
    if (value !== undefined) {
      properties[name] = value === null ? null : String(value);
      shown[name] = value === null ? null : labels[role]?.[String(value)] || String(value);
    }
  }
  return drawn(properties, shown, answer, user);
}

function press(page: Drawn, label: string) {
  page.find(Button, (button) => button.text === label).trigger("onClick");
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-28T12:00:00Z"), toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a scored company shows tier, cause, figures, place, nearest change, reasons and playbook", () => {
  const page = card(states.scored!);
  const said = told(page);
  expect(page.find(Tag).text).toBe("Gold");
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
  expect(page.findAll(StatisticsItem).map((each) => each.props.number)).toEqual(["78.4", "31"]);
});

test("the company stands in one cell of the matrix, its own tier's, and is told to stand there", () => {
  const page = card(states.scored!);
  const here = page.findAll(TableCell).filter((cell) => cell.maybeFind(Tag));
  expect(here.map((cell) => text(cell).trim())).toEqual([`${WORDS.here} Gold`]);
  expect(page.findAll(TableRow).length).toBe(MODEL.cells.length + 1);
});

test("a contact in time is not marked", () => {
  const page = card(states.complete!);
  expect(told(page)).toContain("last yesterday");
  expect(page.findAll(Tag, { variant: "warning" })).toEqual([]);
});

test("values say who set them and when, and a missing one is marked", () => {
  const page = card(states.scored!);
  const items = page.findAll(DescriptionListItem);
  expect(items.map((item) => item.props.label)).toEqual(["Segment", "Sub-segment", "Value profile"]);
  expect(text(items[0]!)).toContain("Energy by a rule, Feb 1, 2026");
  expect(text(items[1]!)).toContain("Power producers chosen by a person");
  expect(page.findAll(StatusTag).map((tag) => tag.text)).toEqual([WORDS.missing]);
  expect(card(states.complete!).findAll(StatusTag)).toEqual([]);
});

test("choosing opens the three values as fields that are edited in place, and closes again", () => {
  const page = card(states.scored!);
  expect(page.maybeFind(CrmPropertyList)).toBeNull();
  press(page, WORDS.choose);
  expect(page.find(CrmPropertyList).props.properties).toEqual([
    "tierline_segment",
    "tierline_sub_segment",
    "tierline_value_profile",
  ]);
  press(page, WORDS.done);
  expect(page.maybeFind(CrmPropertyList)).toBeNull();
});

test("asking opens the fields of the request, the request itself last", () => {
  const page = card(states.scored!);
  press(page, WORDS.ask);
  const asked = page.find(CrmPropertyList).props.properties;
  expect(asked.at(-1)).toBe(PROPERTIES.request);
  expect(asked).toContain(PROPERTIES.request_comment);
  expect(asked.every((name) => name !== undefined)).toBe(true);
  expect(told(page)).toContain(WORDS.ask_text);
});

test("help says how to choose, with every profile of the model", () => {
  const page = card(states.scored!);
  press(page, WORDS.how_to_choose);
  const said = told(page);
  expect(said).toContain(WORDS.how_to_choose_text);
  for (const profile of MODEL.profiles) {
    expect(said).toContain(profile.description);
    for (const part of [profile.drivers.join(", "), profile.proposition, ...profile.do, ...profile.dont]) {
      expect(said).toContain(part);
    }
  }
});

test("without details the tier and its reason still stand", () => {
  const page = card(states["without details"]!);
  expect(told(page)).toContain("412,000 EUR gross margin");
  expect(page.maybeFind(Table)).toBeNull();
});

test("an override says who decided and until when", () => {
  expect(told(card(states.overridden!))).toContain("Strategic customer, approved by Maria Lind");
});

test("what was asked is shown, and may be changed until it is read", () => {
  const page = card(states.asked!);
  expect(page.findAll(Alert).map((alert) => alert.props.title).join()).toContain("Tier is wrong");
  expect(told(page)).toContain("They stopped ordering spare parts in June.");
  press(page, WORDS.ask);
  expect(page.maybeFind(CrmPropertyList)).not.toBeNull();
});

test("a move that waits, old figures, and what the CRM refused are said first", () => {
  const said = ["held for approval", "stale", "refused by the CRM"].map((state) => {
    const [first] = card(states[state]!).findAll(Alert);
    return [first?.props.variant, first?.props.title];
  });
  expect(said).toEqual([
    ["info", "A move to Silver waits for the review round."],
    ["warning", expect.stringContaining("last updated on Jul 31, 2026")],
    ["danger", expect.stringContaining("VAT number is needed for customers.")],
  ]);
  expect(card(states.complete!).findAll(Alert)).toEqual([]);
});

test("what became of a request is answered: by whom, when, and why", () => {
  const answers = ["waiting", "accepted", "refused"].map((state) => {
    const page = card(states[state]!).findAll(Alert).at(-1)!;
    return [page.props.variant, text(page)];
  });
  expect(answers).toEqual([
    ["info", expect.stringMatching(/Waits for Maria Lind since Nov 27, 2026.*1,200,000 EUR until Dec 31, 2028/)],
    ["success", expect.stringMatching(/Accepted by Tierline on Nov 27, 2026.*Uptime first/)],
    ["warning", expect.stringMatching(/Refused by Maria Lind on Nov 27, 2026.*They ordered 18,200 EUR in October/)],
  ]);
});

test("a suggestion stands at its value with what speaks for it", () => {
  const page = card(states.scored!);
  const profile = page.findAll(DescriptionListItem).find((item) => item.props.label === "Value profile")!;
  expect(text(profile)).toMatch(/missing suggested: .* because: Runs 8,760 hours a year; service share 38.5 %/);
});

test("who may not see the request is offered none", () => {
  const { request: _, ...held } = states.scored!;
  expect(card(held).findAll(Button).map((button) => button.text)).not.toContain(WORDS.ask);
});

test("not scored yet, out of scope and no permission are told apart", () => {
  const titles = ["not scored", "out of scope", "no permission"].map((state) => card(states[state]!).find(EmptyState));
  expect(titles.map((each) => each.props.title)).toEqual([WORDS.unscored_title, WORDS.outside_title, WORDS.hidden_title]);
  const texts = [WORDS.unscored_text, "Not a customer", WORDS.hidden_text];
  titles.forEach((each, place) => expect(text(each)).toContain(texts[place]));
});

test("an error is told with HubSpot's words, and nothing is shown as if it were true", () => {
  const page = card(states.scored!, { error: new Error("The record is locked."), properties: {} });
  expect(page.find(ErrorState).props.title).toBe(WORDS.error_title);
  expect(told(page)).toContain("The record is locked.");
  expect(page.maybeFind(Tag)).toBeNull();
});

test("while it reads it says so", () => {
  expect(card(states.scored!, { isLoading: true }).find(LoadingSpinner).props.label).toBe(WORDS.loading);
});

test("dates and numbers are written as this person writes them, also when HubSpot's locale is no language tag", () => {
  const said = told(card(states.scored!, {}, { locale: "de-de" }));
  expect(said).toContain("01.03.2026");
  expect(said).toContain("78,4");
  expect(told(card(states.scored!, {}, { locale: "not a locale" }))).toContain("Mar 1, 2026");
});

test("a day that comes as milliseconds is the same day", () => {
  const since = String(Date.parse("2026-03-01T00:00:00Z"));
  expect(told(card({ ...states.scored!, tier_since: since }))).toContain("since Mar 1, 2026");
});

test("it asks for exactly the properties of this model, and for some of them as HubSpot shows them", () => {
  const asked = card(states.scored!).mocks.useCrmProperties.calls;
  expect(asked[0]).toEqual([Object.values(PROPERTIES)]);
  expect(asked[1]).toEqual([expect.arrayContaining([PROPERTIES.tier]), { propertiesToFormat: "all" }]);
});

test("the entry hands the card to HubSpot", async () => {
  const extend = vi.spyOn(hubspot, "extend").mockImplementation(() => {});
  await import("./AccountTier.tsx");
  const [[made]] = extend.mock.calls as unknown as [[() => { type: { name: string } }]];
  expect(made().type.name).toBe("Card");
});

test("a preview of every state is written for people to look at", () => {
  const folder = process.env.PREVIEW;
  for (const [state, values] of Object.entries(states)) {
    const page = html(card(values).getRootNode(), state);
    expect(page).toContain("</main>");
    if (folder) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}/${state}.html`, page);
    }
  }
});
