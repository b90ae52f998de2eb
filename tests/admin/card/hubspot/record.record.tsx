/** Reads the card of a company whose properties stand in $RECORD, into $TOLD. */
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "vitest";
import { drawn, told } from "./drawing.tsx";

test("the card of a real record can be read", () => {
  const properties = JSON.parse(readFileSync(process.env.RECORD || "", "utf8"));
  writeFileSync(process.env.TOLD || "", told(drawn(properties, {})));
});
