/** The accounts that every card is shown with, by state: role -> what the CRM holds. */

const gold = {
  tier: "gold",
  tier_since: "2026-03-01",
  tier_reason: "412,000 EUR gross margin in the last 12 months; 14 expedited orders. High value, high cost to serve.",
  segment: "energy",
  segment_source: "rule",
  segment_date: "2026-02-01",
  sub_segment: "power_producers",
  sub_segment_source: null,
  sub_segment_date: null,
  value_profile: null,
  value_profile_source: null,
  value_profile_date: null,
  segment_why: "Industry is Energy",
  sub_segment_why: null,
  value_profile_why: "Runs 8,760 hours a year; service share 38.5 %",
  value_profile_suggestion: "uptime_first",
  request: null,
  request_value: null,
  request_reason: null,
  request_comment: null,
  request_by: null,
  request_state: null,
  request_told: null,
  request_who: null,
  request_answer: null,
  request_date: null,
};

const details = {
  detail_value_score: 78.4,
  detail_cost_to_serve: 31,
  detail_position: "Value: high, Cost to serve: high",
  detail_reasons:
    "+ 412,000 EUR gross margin in the last 12 months (62 %)\n+ 3 service contracts to 2028 (24 %)\n- 14 expedited orders (14 %)",
  detail_nearest: "Platinum with 18,200 EUR less cost to serve; Bronze with 260,000 EUR less gross margin",
  detail_cause: "behaviour",
  detail_override: null,
  detail_waiting: null,
  detail_problem: null,
  detail_warnings: "May leave: 3 of the last 4 orders came later than usual",
  detail_beside: "Group Gold: high value, high cost to serve",
  detail_missing: "product cost",
  detail_last_contact: "2026-10-18",
  detail_scored_on: "2026-11-01",
};

export const LABELS = {
  tier: { gold: "Gold", bronze: "Bronze" },
  segment: { energy: "Energy" },
  sub_segment: { power_producers: "Power producers" },
  value_profile: { uptime_first: "Uptime first" },
  request: { confirm: "Tier is right", dispute: "Tier is wrong" },
};

const without = (values, ...roles) => Object.fromEntries(Object.entries(values).filter(([role]) => !roles.includes(role)));
const empty = Object.fromEntries(Object.keys({ ...gold }).map((role) => [role, null]));

export const CAST = {
  scored: { ...gold, ...details },
  complete: { ...gold, ...details, value_profile: "uptime_first", value_profile_source: "confirmed by Anna Berg", value_profile_date: "2026-11-20", value_profile_suggestion: null, detail_last_contact: "2026-11-27", detail_missing: null },
  "without details": gold,
  overridden: {
    ...gold,
    ...details,
    detail_cause: "override",
    detail_override: "Gold by override until 2027-03-31: Strategic customer, approved by Maria Lind",
  },
  asked: { ...gold, ...details, request: "dispute", request_comment: "They stopped ordering spare parts in June." },
  waiting: {
    ...gold,
    ...details,
    request_state: "waiting",
    request_told: "Needs another tier: Platinum. New contract signed: 1,200,000 EUR until 2028-12-31 (Anna Berg)",
    request_who: "Maria Lind",
    request_date: "2026-11-27",
  },
  refused: {
    ...gold,
    ...details,
    request_state: "refused",
    request_told: "Tier is wrong: They stopped ordering spare parts in June. (Anna Berg)",
    request_who: "Maria Lind",
    request_answer: "They ordered 18,200 EUR in October.",
    request_date: "2026-11-27",
  },
  accepted: {
    ...gold,
    ...details,
    request_state: "accepted",
    request_told: "Value profile is right: Uptime first (Anna Berg)",
    request_who: "Tierline",
    request_date: "2026-11-27",
    value_profile: "uptime_first",
    value_profile_source: "confirmed by Anna Berg",
    value_profile_date: "2026-11-27",
    value_profile_suggestion: null,
  },
  "held for approval": { ...gold, ...details, detail_waiting: "Silver" },
  stale: { ...gold, ...details, detail_scored_on: "2026-07-31" },
  "refused by the CRM": { ...gold, ...details, detail_problem: "VAT number is needed for customers." },
  "not scored": empty,
  "out of scope": { ...empty, tier_reason: "Not a customer" },
  "no permission": without(empty, "tier", "tier_since", "tier_reason", ...Object.keys(gold).filter((role) => role.startsWith("request"))),
};
