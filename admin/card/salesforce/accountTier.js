import { LightningElement, api, wire } from "lwc";
import { getFieldDisplayValue, getFieldValue, getRecord, updateRecord } from "lightning/uiRecordApi";
import { getRelatedListRecords } from "lightning/uiRelatedListApi";
import LOCALE from "@salesforce/i18n/locale";
import TIME_ZONE from "@salesforce/i18n/timeZone";
import USER_ID from "@salesforce/user/Id";
import { cardOf, profilesOf, requestOfPerson } from "./content";
import { ACCOUNT, DETAIL, DETAIL_LIST } from "./fields";
import { MODEL } from "./model";
import { WORDS } from "./words";

const SHAPES = ["\u25c6", "\u25cf", "\u25a0", "\u25b2"];
const ASKED = ["dispute", "override"];
const CHOSEN = ["segment", "sub_segment", "value_profile"];
const ICONS = {
  sent: "utility:clock",
  waiting: "utility:clock",
  accepted: "utility:success",
  refused: "utility:error"
};
const ONLY_ISO = "en-CA"; // writes a date as 2026-11-28

/** Customer value on the account's page: read and written with the rights of the person who looks at it. */
export default class AccountTier extends LightningElement {
  @api recordId;

  words = WORDS;
  account;
  detail;
  failure;
  choosing = false;
  helping = false;
  asking = false;
  asked = "dispute";
  problem = null;

  @wire(getRecord, { recordId: "$recordId", optionalFields: Object.values(ACCOUNT) })
  takeAccount({ data, error }) {
    this.account = data;
    this.failure = error;
  }

  @wire(getRelatedListRecords, {
    parentRecordId: "$recordId",
    relatedListId: DETAIL_LIST,
    optionalFields: Object.values(DETAIL),
    pageSize: 1
  })
  takeDetail({ data }) {
    this.detail = data ? data.records[0] : undefined; // without details the rest of the card still stands
  }

  get loading() {
    return !this.account && !this.failure;
  }

  get card() {
    return cardOf(this.values, MODEL, this.speech, this.today);
  }

  get profiles() {
    return profilesOf(MODEL, this.speech);
  }

  get values() {
    const found = {};
    for (const [names, record] of [
      [ACCOUNT, this.account],
      [DETAIL, this.detail]
    ]) {
      for (const [role, name] of Object.entries(names)) {
        if (record && name.split(".")[1] in record.fields) {
          found[role] = { value: getFieldValue(record, name), label: getFieldDisplayValue(record, name) };
        }
      }
    }
    return found;
  }

  get speech() {
    const days = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });
    return {
      say: (key, parts = {}) => filled(WORDS[key], parts),
      day: (iso) => days.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)),
      number: (value, digits = 1) => new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits }).format(value)
    };
  }

  /** The day it is for this person. */
  get today() {
    return new Intl.DateTimeFormat(ONLY_ISO, { timeZone: TIME_ZONE }).format(new Date());
  }

  get notice() {
    if (this.failure) {
      return { title: WORDS.error_title, text: filled(WORDS.error_text, { message: reasonOf(this.failure) }) };
    }
    return this.account ? this.card.notice : null;
  }

  get scored() {
    return Boolean(this.account) && this.card.state === "scored";
  }

  get badgeClass() {
    return `slds-badge tier tier_${this.card.tier.place}`;
  }

  get shape() {
    return SHAPES[Number(this.card.tier.place)] || "\u25cb";
  }

  get hasFigures() {
    return this.card.figures.length > 0;
  }

  /** The matrix with a class per cell for the stylesheet. */
  get rows() {
    return this.card.matrix.rows.map((row) => ({
      ...row,
      cells: row.cells.map((cell) => ({ ...cell, look: `cell tier_${cell.place}${cell.here ? " here" : ""}` }))
    }));
  }

  get hasNearest() {
    return this.card.nearest.length > 0;
  }

  get hasReasons() {
    return this.card.reasons.length > 0;
  }

  get hasWarnings() {
    return this.card.warnings.length > 0;
  }

  get hasBeside() {
    return this.card.beside.length > 0;
  }

  get missing() {
    return this.card.missing ? filled(WORDS.had_to_do_without, { inputs: this.card.missing }) : null;
  }

  get hasPlaybook() {
    return Boolean(this.card.playbook && this.card.playbook.length);
  }

  get hasValues() {
    return Boolean(this.account) && this.card.values.length > 0;
  }

  get choices() {
    return CHOSEN.map((role) => fieldOf(ACCOUNT[role]));
  }

  get helpOpen() {
    return String(this.helping);
  }

  /** The part in which people ask and are answered. */
  get hasTalk() {
    return this.scored && "request" in this.values;
  }

  get mayAsk() {
    return this.card.canAsk;
  }

  get waits() {
    return this.mayAsk && Boolean(this.card.request) && this.card.request.state === "waiting";
  }

  get answerIcon() {
    return ICONS[this.card.request.state];
  }

  get refused() {
    return this.account ? this.card.problem : null;
  }

  get requestOptions() {
    return MODEL.requests.filter((kind) => ASKED.includes(kind.value));
  }

  get asksTier() {
    return this.asked === "override";
  }

  get tierOptions() {
    const others = MODEL.tiers.filter((tier) => tier.key !== this.card.tier.key);
    return others.map((tier) => ({ value: tier.key, label: tier.label }));
  }

  get reasonOptions() {
    return MODEL.reasons;
  }

  get scoredOn() {
    return this.scored ? this.card.scoredOn : null;
  }

  choose() {
    this.choosing = true;
  }

  leaveChoosing() {
    this.choosing = false;
  }

  chosen() {
    this.choosing = false;
    this.problem = null;
  }

  toggleHelp() {
    this.helping = !this.helping;
  }

  ask() {
    this.asking = true;
  }

  leaveAsking() {
    this.asking = false;
    this.problem = null;
  }

  pick(event) {
    this.asked = event.detail.value;
  }

  confirm() {
    return this.request("confirm", { seen: this.card.tier.key });
  }

  confirmValue(event) {
    const { kind, value } = event.currentTarget.dataset;
    return this.request(kind, { seen: value });
  }

  takeBack() {
    return this.request("withdraw");
  }

  send() {
    const inputs = [...this.template.querySelectorAll("[data-ask]")];
    if (inputs.filter((input) => !input.reportValidity()).length) {
      return undefined;
    }
    const said = Object.fromEntries(inputs.map((input) => [input.dataset.ask, input.value]));
    const seen = this.asksTier ? said.tier : this.card.tier.key;
    return this.request(this.asked, { seen, reason: said.reason, comment: said.comment });
  }

  /** Writes the request fields, those that this person may edit, and no other. */
  async request(kind, parts) {
    const fields = { Id: this.recordId };
    for (const [role, value] of Object.entries(requestOfPerson(kind, USER_ID, parts))) {
      fields[fieldOf(ACCOUNT[role])] = value;
    }
    try {
      await updateRecord({ fields });
      this.asking = false;
      this.problem = null;
    } catch (error) {
      this.problem = filled(WORDS.not_saved, { message: reasonOf(error) });
    }
  }
}

function fieldOf(name) {
  return name.split(".")[1];
}

function filled(text, parts) {
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in parts ? String(parts[key]) : whole));
}

function reasonOf(error) {
  const body = error.body || {};
  return (Array.isArray(body) ? body[0] : body).message || error.message || String(error.status || "");
}
