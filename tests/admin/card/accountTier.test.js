/** Every state of the card, with Salesforce's own stand-ins for Lightning Data Service. */
import { createElement } from "lwc";
import { getRecord, updateRecord } from "lightning/uiRecordApi";
import { getRelatedListRecords } from "lightning/uiRelatedListApi";
import AccountTier from "c/accountTier";
import { ACCOUNT, DETAIL } from "../fields";
import { CAST, LABELS } from "./cast";

jest.useFakeTimers({ now: new Date("2026-11-28T12:00:00Z"), doNotFake: ["nextTick", "setImmediate"] });

function record(names, values) {
  const held = Object.entries(names).filter(([role]) => role in values);
  const fields = held.map(([role, name]) => {
    const value = values[role];
    return [name.split(".")[1], { value, displayValue: (LABELS[role] || {})[value] || null }];
  });
  return { id: "001000000000001AAA", apiName: "Account", fields: Object.fromEntries(fields) };
}

async function shown(values) {
  const card = createElement("c-account-tier", { is: AccountTier });
  card.recordId = "001000000000001AAA";
  document.body.appendChild(card);
  getRecord.emit(record(ACCOUNT, values));
  const records = "detail_reasons" in values ? [record(DETAIL, values)] : [];
  getRelatedListRecords.emit({ records });
  await Promise.resolve();
  return card;
}

function text(card) {
  return [...card.shadowRoot.querySelectorAll("p, dt, dd, li, h3, td, th")].map((each) => each.textContent).join(" | ");
}

function button(card, label) {
  return [...card.shadowRoot.querySelectorAll("lightning-button")].find((each) => each.label === label);
}

async function press(card, label) {
  button(card, label).dispatchEvent(new CustomEvent("click"));
  await Promise.resolve();
}

afterEach(() => {
  document.body.replaceChildren();
  jest.clearAllMocks();
});

test("a scored account shows tier, cause, figures, place, nearest change, reasons and playbook", async () => {
  const told = text(await shown(CAST.scored));
  expect(told).toContain("Gold");
  expect(told).toContain("tier 2 of 4");
  expect(told).toContain("since Mar 1, 2026");
  expect(told).toContain("moved by the customer's behaviour");
  expect(told).toContain("78.4");
  expect(told).toContain("Platinum with 18,200 EUR less cost to serve");
  expect(told).toContain("14 expedited orders");
  expect(told).toContain("Contact every 14 days · last 41 days ago");
  expect(told).toContain("May leave: 3 of the last 4 orders");
  expect(told).toContain("Group Gold");
  expect(told).toContain("Not known: product cost");
});

test("the account stands in one cell of the matrix, its own tier's", async () => {
  const card = await shown(CAST.scored);
  const here = card.shadowRoot.querySelectorAll("td.here");
  expect(here).toHaveLength(1);
  expect(here[0].textContent).toContain("Gold");
});

test("a late contact is marked and one in time is not", async () => {
  expect((await shown(CAST.scored)).shadowRoot.querySelector(".late")).not.toBeNull();
  const complete = await shown(CAST.complete);
  expect(complete.shadowRoot.querySelector(".late")).toBeNull();
  expect(text(complete)).toContain("last yesterday");
});

test("values say who set them and when, and a missing one is missing", async () => {
  const told = text(await shown(CAST.scored));
  expect(told).toContain("by a rule, Feb 1, 2026");
  expect(told).toContain("chosen by a person");
  expect(told).toContain("missing");
});

test("without detail records the rest stands", async () => {
  const card = await shown(CAST["without details"]);
  expect(text(card)).toContain("412,000 EUR gross margin");
  expect(card.shadowRoot.querySelector("table")).toBeNull();
});

test("an override says who decided, why and until when", async () => {
  expect(text(await shown(CAST.overridden))).toContain("until Mar 31, 2027: Strategic customer, approved by Maria Lind");
});

test.each([
  ["not scored", "Not scored yet"],
  ["out of scope", "Not a customer"],
  ["no permission", "You cannot see this customer's tier"]
])("%s is told and not blank", async (state, told) => {
  const card = await shown(CAST[state]);
  expect(text(card)).toContain(told);
  expect(card.shadowRoot.querySelector(".gap")).toBeNull();
  expect(button(card, "I disagree with this tier")).toBeUndefined();
});

test("a read that failed says what to do", async () => {
  const card = await shown(CAST.scored);
  getRecord.error({ message: "The record is locked" });
  await Promise.resolve();
  expect(text(card)).toContain("tell your administrator: The record is locked");
});

test("while the record is read a spinner says so", () => {
  const card = createElement("c-account-tier", { is: AccountTier });
  document.body.appendChild(card);
  expect(card.shadowRoot.querySelector("lightning-spinner").alternativeText).toBe("Reading the customer's value");
});

test("confirming writes our request field and nothing else", async () => {
  updateRecord.mockResolvedValue({});
  await press(await shown(CAST.scored), "The tier is right");
  expect(updateRecord).toHaveBeenCalledWith({
    fields: {
      Id: "001000000000001AAA",
      Tierline_Request__c: "confirm",
      Tierline_Request_Value__c: "gold",
      Tierline_Request_Reason__c: null,
      Tierline_Request_Comment__c: null,
      Tierline_Request_By__c: "005000000000000000"
    }
  });
});

test("disagreeing needs a reason and sends it", async () => {
  updateRecord.mockResolvedValue({});
  const card = await shown(CAST.scored);
  await press(card, "I disagree with this tier");
  const comment = card.shadowRoot.querySelector("lightning-textarea");
  const reason = card.shadowRoot.querySelector("[data-ask='reason']");
  for (const input of card.shadowRoot.querySelectorAll("[data-ask]")) {
    input.reportValidity = () => Boolean(input.value);
  }
  comment.value = "They stopped ordering";
  await press(card, "Send");
  expect(updateRecord).not.toHaveBeenCalled();
  reason.value = "data";
  comment.value = "";
  await press(card, "Send");
  expect(updateRecord).not.toHaveBeenCalled();
  comment.value = "They stopped ordering";
  await press(card, "Send");
  expect(updateRecord.mock.calls[0][0].fields.Tierline_Request__c).toBe("dispute");
  expect(updateRecord.mock.calls[0][0].fields.Tierline_Request_Comment__c).toBe("They stopped ordering");
  expect(updateRecord.mock.calls[0][0].fields.Tierline_Request_Reason__c).toBe("data");
});

test("asking for another tier names it, and never the one the account has", async () => {
  updateRecord.mockResolvedValue({});
  const card = await shown(CAST.scored);
  await press(card, "I disagree with this tier");
  const kind = card.shadowRoot.querySelector("[data-ask='kind']");
  expect(kind.options.map((each) => each.value)).toEqual(["dispute", "override"]);
  kind.dispatchEvent(new CustomEvent("change", { detail: { value: "override" } }));
  await Promise.resolve();
  const tier = card.shadowRoot.querySelector("[data-ask='tier']");
  expect(tier.options.map((each) => each.value)).toEqual(["platinum", "silver", "bronze"]);
  const given = { kind: "override", tier: "platinum", reason: "contract", comment: "Signed in May" };
  for (const input of card.shadowRoot.querySelectorAll("[data-ask]")) {
    input.reportValidity = () => true;
    input.value = given[input.dataset.ask];
  }
  await press(card, "Send");
  expect(updateRecord.mock.calls[0][0].fields).toMatchObject({
    Tierline_Request__c: "override",
    Tierline_Request_Value__c: "platinum",
    Tierline_Request_Reason__c: "contract"
  });
});

test("a suggestion says why and is confirmed with one click", async () => {
  updateRecord.mockResolvedValue({});
  const card = await shown(CAST.scored);
  expect(text(card)).toContain("suggested: Uptime first");
  expect(text(card)).toContain("because: Runs 8,760 hours a year; service share 38.5 %");
  const offer = card.shadowRoot.querySelector("[data-kind='confirm_value_profile']");
  offer.dispatchEvent(new CustomEvent("click"));
  expect(updateRecord.mock.calls[0][0].fields).toMatchObject({
    Tierline_Request__c: "confirm_value_profile",
    Tierline_Request_Value__c: "uptime_first"
  });
});

test("a value that a person has confirmed says who, and is not offered again", async () => {
  const card = await shown(CAST.complete);
  expect(text(card)).toContain("confirmed by Anna Berg, Nov 20, 2026");
  expect(card.shadowRoot.querySelector("[data-kind='confirm_value_profile']")).toBeNull();
  expect(card.shadowRoot.querySelector("[data-kind='confirm_segment']")).not.toBeNull();
});

test.each([
  ["waiting", "Waits for Maria Lind since Nov 27, 2026", "1,200,000 EUR until Dec 31, 2028"],
  ["refused", "Refused by Maria Lind on Nov 27, 2026", "They ordered 18,200 EUR in October."],
  ["accepted", "Accepted by Tierline on Nov 27, 2026", "Value profile is right"]
])("an answer stands on the card: %s", async (state, title, told) => {
  const card = await shown(CAST[state]);
  expect(text(card)).toContain(title);
  expect(text(card)).toContain(told);
  expect(Boolean(button(card, "Take it back"))).toBe(state === "waiting");
  expect(Boolean(button(card, "I disagree with this tier"))).toBe(state !== "waiting");
});

test.each([
  ["held for approval", "A move to Silver waits for the review round."],
  ["stale", "last updated on Jul 31, 2026"],
  ["refused by the CRM", "The CRM said: VAT number is needed for customers."]
])("%s is said", async (state, told) => {
  expect(text(await shown(CAST[state]))).toContain(told);
  expect(text(await shown(CAST.scored))).not.toContain(told);
});

test("a request that waits is shown instead of the buttons", async () => {
  const card = await shown(CAST.asked);
  expect(text(card)).toContain("Asked: Tier is wrong. It is answered after the next run.");
  expect(button(card, "The tier is right")).toBeUndefined();
});

test("a save that the CRM refuses says why and keeps the form", async () => {
  updateRecord.mockRejectedValue({ body: { message: "You lack the right to edit this account" } });
  const card = await shown(CAST.scored);
  await press(card, "The tier is right");
  await Promise.resolve();
  await Promise.resolve();
  expect(card.shadowRoot.querySelector("[role='alert']").textContent).toContain("lack the right to edit");
});

test("choosing offers the three values in the CRM's own form, and help explains the profiles", async () => {
  const card = await shown(CAST.scored);
  await press(card, "How do I choose?");
  expect(text(card)).toContain("Standstill is what hurts");
  expect(text(card)).toContain("Counts most: Service availability, ");
  expect(text(card)).toContain("Do: Ask what an hour of standstill costs; Bring service into the first talk");
  expect(text(card)).toContain("Don't: Open with the price of the part");
  await press(card, "Choose another");
  const fields = [...card.shadowRoot.querySelectorAll("lightning-input-field")].map((each) => each.fieldName);
  expect(fields).toEqual(["Tierline_Segment__c", "Tierline_Sub_Segment__c", "Tierline_Value_Profile__c"]);
});
