// Evaluates validation-rule formulas: reads [{formula, fields}] as JSON, prints the results as JSON.
// Whether a record is new or a field changed is not known to the evaluator: they come as checkboxes.
import { readFileSync } from "node:fs";
import formulon from "formulon";

const { parse } = formulon;
const literal = (value) =>
  typeof value === "boolean"
    ? { type: "literal", dataType: "checkbox", value }
    : { type: "literal", dataType: "picklist", value, options: { values: [] } };

const cases = JSON.parse(readFileSync(0, "utf8"));
const results = cases.map(({ formula, fields }) => {
  const asked = formula
    .replaceAll("ISNEW()", "Is_New")
    .replaceAll(/ISCHANGED\((\w+)\)/g, "Changed_$1")
    .replaceAll("$Permission.", "Permission_");
  const values = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, literal(value)]));
  const result = parse(asked, values);
  return result.type === "error" ? result.message : result.value;
});
console.log(JSON.stringify(results));
