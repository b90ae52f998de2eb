/**
 * Your translations: language as HubSpot names it ("de", "pt-br") -> key of words.ts -> text. What is not here is said in
 * English. Tierline writes this file once and leaves it alone.
 */
import type { Words } from "./speech.ts";

export const TRANSLATIONS: Record<string, Partial<Words>> = {};
