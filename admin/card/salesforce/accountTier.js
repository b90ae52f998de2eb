import { LightningElement, api, wire } from "lwc";
import { getFieldDisplayValue, getFieldValue, getRecord, updateRecord } from "lightning/uiRecordApi";
import { getRelatedListRecords } from "lightning/uiRelatedListApi";
import LOCALE from "@salesforce/i18n/locale";
import TIME_ZONE from "@salesforce/i18n/timeZone";
import { cardOf } from "./content";
import { ACCOUNT, DETAIL, DETAIL_LIST } from "./fields";
import { MODEL } from "./model";
import { WORDS } from "./words";

const SHAPES = ["\u25c6", "\u25cf", "\u25a0", "\u25b2"];
const CHOSEN = ["segment", "sub_segment", "value_profile"];
const ONLY_ISO = "en-CA"; // writes a date as 2026-11-28

/** Customer value on the account's page: read and written with the rights of the person who looks at it. */
export default class AccountTier extends LightningElement {
  @api recordId;

  words = WORDS;
  profiles = MODEL.profiles;
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
    const numbers = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
    return {
      say: (key, parts = {}) => filled(WORDS[key], parts),
      day: (iso) => days.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)),
      number: (value) => numbers.format(value)
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

  get canAsk() {
    return this.scored && "request" in this.values;
  }

  get requestOptions() {
    return MODEL.requests.filter((kind) => kind.value !== "confirm");
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
    return this.request("confirm", "");
  }

  send() {
    const comment = this.template.querySelector("[data-ask='comment']");
    if (!comment.reportValidity()) {
      return undefined;
    }
    return this.request(this.asked, comment.value);
  }

  async request(kind, comment) {
    const fields = { Id: this.recordId, [fieldOf(ACCOUNT.request)]: kind };
    fields[fieldOf(ACCOUNT.request_comment)] = comment || null;
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
