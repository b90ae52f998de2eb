/** A data service that holds the account of the state in the page's address. */
import { ACCOUNT, DETAIL } from "../force-app/main/default/lwc/accountTier/fields";
import { CAST, LABELS } from "./cast";

function stateNow() {
  return decodeURIComponent(window.location.hash.slice(1));
}

function record(names, values) {
  const held = Object.entries(names).filter(([role]) => role in values);
  const fields = held.map(([role, name]) => {
    const value = values[role];
    return [name.split(".")[1], { value, displayValue: (LABELS[role] || {})[value] || null }];
  });
  return { id: "001000000000001AAA", apiName: "Account", fields: Object.fromEntries(fields) };
}

class Adapter {
  constructor(callback) {
    this.callback = callback;
  }
  connect() {}
  disconnect() {}
  update() {
    this.callback(this.reply());
  }
}

export class getRecord extends Adapter {
  reply() {
    const state = stateNow();
    if (state === "in error") {
      return { data: undefined, error: { body: { message: "The request limit of the org is exceeded." } } };
    }
    return { data: state === "loading" ? undefined : record(ACCOUNT, CAST[state]), error: undefined };
  }
}

export class getRelatedListRecords extends Adapter {
  reply() {
    const values = CAST[stateNow()];
    return { data: values && "detail_reasons" in values ? { records: [record(DETAIL, values)] } : { records: [] } };
  }
}

export function getFieldValue(held, name) {
  return held.fields[name.split(".")[1]].value;
}

export function getFieldDisplayValue(held, name) {
  return held.fields[name.split(".")[1]].displayValue;
}

export async function updateRecord() {
  return {};
}
