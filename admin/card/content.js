/**
 * What the card says about an account: pure, and the same in both CRMs.
 *
 * `values` maps a role of ours ("tier", "segment_source", "detail_reasons" ...) to {value, label}. A role that is not
 * there may not be read by this person or is not installed; one with value null is empty. `model` is what the company's
 * model says for all accounts (tiers, playbook, profiles). `speech` turns keys, dates and numbers into the person's
 * language: say(key, parts), day(iso), number(value, digits behind the point, 1 when left out). `today` is an ISO date.
 */

const DAY = 24 * 60 * 60 * 1000;
const REASON = /^([+-]) (.*) \((-?[\d.]+) %\)$/;
const CONFIRMED = "confirmed by ";
const CHOSEN = ["segment", "sub_segment", "value_profile"];
/** Dates and numbers inside texts that Tierline wrote: 2026-11-28, 412,000, 18.4. A year or a small count stays. */
const FIGURES = /\d{4}-\d{2}-\d{2}|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+/g;

export function cardOf(values, model, speech, today) {
  const state = stateOf(values);
  const card = {
    state,
    notice: noticeOf(state, values, speech),
    values: valuesOf(values, model, speech, state === "scored"),
    quality: localOf(values, "data_quality", speech),
    request: requestOf(values, speech),
    problem: problemOf(values, speech),
  };
  return state === "scored" ? { ...card, ...scoreOf(values, model, speech, today) } : card;
}

/**
 * What a new seller can read about each value profile: who they are, what they ranked highest, what we offer them, what
 * works and what does not.
 */
export function profilesOf(model, speech) {
  return model.profiles.map(({ key, label, description, drivers, proposition, do: works, dont }) => {
    const said = [
      ["values_most", drivers.join(", ")],
      ["we_offer", proposition],
      ["do_this", works.join("; ")],
      ["not_this", dont.join("; ")],
    ];
    const lines = said.filter(([, text]) => text).map(([id, text]) => ({ id, text: speech.say(id, { text }) }));
    return { key, label, description, lines };
  });
}

/**
 * What is written into the request fields, by role: what is asked, what the person saw or wants, why, and who asks.
 * `seen` is the key of the tier or value it is about.
 */
export function requestOfPerson(kind, by, { seen = null, reason = null, comment = null } = {}) {
  const asked = { request: kind, request_value: seen, request_reason: reason, request_comment: comment };
  return { ...asked, request_by: by };
}

/** "hidden" without the right to see the tier; "unscored" before the first run; "outside" when it has none. */
function stateOf(values) {
  if (!("tier" in values)) {
    return "hidden";
  }
  if (textOf(values, "tier")) {
    return "scored";
  }
  return textOf(values, "tier_reason") ? "outside" : "unscored";
}

function noticeOf(state, values, speech) {
  if (state === "scored") {
    return null;
  }
  return {
    title: speech.say(`${state}_title`),
    text: state === "outside" ? localOf(values, "tier_reason", speech) : speech.say(`${state}_text`),
  };
}

function scoreOf(values, model, speech, today) {
  const scoredOn = textOf(values, "detail_scored_on");
  const waiting = textOf(values, "detail_waiting");
  return {
    tier: tierOf(values, model, speech),
    reason: localOf(values, "tier_reason", speech),
    held: waiting ? speech.say("held", { tier: waiting }) : null,
    stale: staleOf(scoredOn, model, speech, today),
    canAsk: canAsk(values),
    figures: figuresOf(values, speech),
    matrix: matrixOf(values, model),
    nearest: linesOf(values, "detail_nearest", speech, "; "),
    override: localOf(values, "detail_override", speech),
    reasons: reasonsOf(values, speech),
    warnings: linesOf(values, "detail_warnings", speech),
    beside: linesOf(values, "detail_beside", speech),
    missing: textOf(values, "detail_missing"),
    playbook: playbookOf(values, model, speech, today),
    scoredOn: scoredOn ? speech.say("scored_on", { date: speech.day(scoredOn) }) : null,
  };
}

/** Older than the model's period: nobody has looked at it since. */
function staleOf(scoredOn, model, speech, today) {
  const old = scoredOn && model.freshDays && daysBetween(scoredOn, today) > model.freshDays;
  return old ? speech.say("stale", { date: speech.day(scoredOn) }) : null;
}

/** What the CRM refused when Tierline wanted to write, in its own words. */
function problemOf(values, speech) {
  const message = textOf(values, "detail_problem");
  return message ? speech.say("in_error", { message: localised(message, speech) }) : null;
}

function tierOf(values, model, speech) {
  const key = textOf(values, "tier");
  const place = model.tiers.findIndex((tier) => tier.key === key);
  const since = textOf(values, "tier_since");
  const cause = textOf(values, "detail_cause");
  const group = values.group_tier && values.group_tier.value ? labelOf(values, "group_tier") : null;
  return {
    key,
    label: place < 0 ? labelOf(values, "tier") : model.tiers[place].label,
    place: place < 0 ? "other" : String(place),
    rank: place < 0 ? null : speech.say("tier_rank", { place: place + 1, of: model.tiers.length }),
    since: since ? speech.say("tier_since", { date: speech.day(since) }) : null,
    cause: cause ? speech.say("moved_by", { cause: speech.say(`cause_${cause.replace(" ", "_")}`) }) : null,
    group: group ? speech.say("group_tier", { tier: group }) : null,
  };
}

function figuresOf(values, speech) {
  return ["value_score", "cost_to_serve"]
    .filter((key) => numberOf(values, `detail_${key}`) !== null)
    .map((key) => ({ key, title: speech.say(key), text: speech.number(numberOf(values, `detail_${key}`)) }));
}

/** The tier matrix, best row first, with the cell in which the account stands; null for a scheme of another shape. */
function matrixOf(values, model) {
  const position = (textOf(values, "detail_position") || "").split(", ");
  if (!model.cells.length || position.length !== 2) {
    return null;
  }
  const [down, across] = model.axes.map((axis, number) => axis.classes.indexOf(position[number].split(": ")[1]));
  const [rows, columns] = model.axes;
  const labels = Object.fromEntries(model.tiers.map((tier, place) => [tier.key, { label: tier.label, place }]));
  return {
    title: `${rows.label} / ${columns.label}`,
    rowAxis: rows.label,
    columnAxis: columns.label,
    columns: columns.classes.map((name, column) => ({ id: String(column), text: name })),
    rows: model.cells
      .map((cells, row) => ({
        id: String(row),
        head: rows.classes[row],
        cells: cells.map((tier, column) => ({
          id: `${row}-${column}`,
          label: labels[tier].label,
          place: String(labels[tier].place),
          here: row === down && column === across,
        })),
      }))
      .reverse(),
  };
}

/** The reasons with sign and weight; a line somebody wrote in another form is shown as it is. */
function reasonsOf(values, speech) {
  return linesOf(values, "detail_reasons").map((whole, number) => {
    const [, sign, told, weight] = REASON.exec(whole) || [null, "", whole, ""];
    const text = localised(told, speech);
    return {
      id: String(number),
      sign: sign === "-" ? "\u2212" : sign,
      for: sign === "+",
      against: sign === "-",
      meaning: sign ? speech.say(sign === "+" ? "speaks_for" : "speaks_against") : "",
      text,
      weight: weight ? speech.say("weight", { percent: speech.number(Number(weight)) }) : "",
    };
  });
}

function playbookOf(values, model, speech, today) {
  const play = model.playbook[textOf(values, "tier")];
  if (!play) {
    return null;
  }
  const parts = [];
  if (play.contact_days) {
    parts.push(contactOf(values, play.contact_days, speech, today));
  }
  if (play.reply_hours) {
    parts.push(line("reply", speech.say("reply_within", { hours: speech.number(play.reply_hours) })));
  }
  if (play.seniority) {
    parts.push(line("seniority", speech.say("seniority", { who: play.seniority })));
  }
  if (play.terms_days !== undefined) {
    const terms = play.terms_days ? "terms_days" : "terms_in_advance";
    parts.push(line("terms", speech.say(terms, { days: speech.number(play.terms_days) })));
  }
  for (const key of ["delivery", "support"]) {
    if (play[key]) {
      parts.push(line(key, speech.say(key, { words: play[key] })));
    }
  }
  return play.text ? [...parts, line("text", play.text)] : parts;
}

/** The cadence beside the last contact that counts for it, as far as the last run has seen. */
function contactOf(values, every, speech, today) {
  const cadence = speech.say(every === 1 ? "contact_daily" : "contact_every", { days: speech.number(every) });
  if (!("detail_last_contact" in values)) {
    return line("contact", cadence);
  }
  const last = textOf(values, "detail_last_contact");
  if (!last) {
    return { ...line("contact", `${cadence} \u00b7 ${speech.say("never_contacted")}`), late: true };
  }
  const ago = Math.max(daysBetween(last, today), 0);
  const when = ago === 0 ? "contacted_today" : ago === 1 ? "contacted_yesterday" : "contacted_ago";
  return { ...line("contact", `${cadence} \u00b7 ${speech.say(when, { days: speech.number(ago) })}`), late: ago > every };
}

function line(id, text) {
  return { id, text, late: false };
}

/**
 * Segment, sub-segment and value profile: what stands there, who put it there, what else is suggested. A customer needs
 * all of them; of anyone else an empty one is no gap.
 */
function valuesOf(values, model, speech, needed) {
  return CHOSEN.filter((role) => role in values).map((role) => {
    const filled = textOf(values, role) !== null;
    const suggestion = textOf(values, `${role}_suggestion`);
    const why = textOf(values, `${role}_why`);
    return {
      id: role,
      title: model.titles[role],
      text: filled ? labelOf(values, role) : speech.say(needed ? "missing" : "not_set"),
      gap: needed && !filled,
      source: filled ? sourceOf(values, role, speech) : "",
      suggestion: suggestion ? speech.say("suggested", { value: model.labels[role][suggestion] || suggestion }) : "",
      why: why && (suggestion || filled) ? speech.say("because", { reason: localised(why, speech) }) : "",
      offers: needed && canAsk(values) ? offersOf(values, role, model, speech) : [],
    };
  });
}

/**
 * One click each: the suggestion is right ("neutral" button), or what stands there is ("base"), as long as no person has
 * said so.
 */
function offersOf(values, role, model, speech) {
  const held = textOf(values, role);
  const suggestion = textOf(values, `${role}_suggestion`);
  const named = (value) => model.labels[role][value] || value;
  const offer = (value, label, look) => {
    const full = speech.say("confirm_value", { label, title: model.titles[role], value: named(value) });
    return { id: `${role}-${value}`, kind: `confirm_${role}`, value, label, full, look };
  };
  const offers = [];
  if (suggestion) {
    const label = held ? speech.say("take", { value: named(suggestion) }) : speech.say("confirm");
    offers.push(offer(suggestion, label, "neutral"));
  }
  const confirmed = (textOf(values, `${role}_source`) || "").startsWith(CONFIRMED);
  if (held && !confirmed && `${role}_source` in values) {
    offers.push(offer(held, speech.say("confirm"), "base"));
  }
  return offers;
}

function sourceOf(values, role, speech) {
  if (!(`${role}_source` in values)) {
    return "";
  }
  const source = textOf(values, `${role}_source`);
  const day = textOf(values, `${role}_date`);
  const who = whoSet(source, speech);
  return day ? speech.say("on_day", { what: who, date: speech.day(day) }) : who;
}

function whoSet(source, speech) {
  if (source === "rule" || source === "moved") {
    return speech.say(source === "rule" ? "by_rule" : "by_move");
  }
  if (source && source.startsWith(CONFIRMED)) {
    return speech.say("confirmed_by", { who: source.slice(CONFIRMED.length) });
  }
  return source || speech.say("by_person");
}

/** What was asked here and what became of it: "sent" until the next run has read it. */
function requestOf(values, speech) {
  if (textOf(values, "request")) {
    const what = speech.say("request_sent", { what: labelOf(values, "request") });
    return { state: "sent", title: what, text: textOf(values, "request_comment") || "", why: "" };
  }
  const state = textOf(values, "request_state");
  if (!["waiting", "accepted", "refused"].includes(state)) {
    return null;
  }
  const day = textOf(values, "request_date");
  const parts = { who: textOf(values, "request_who") || "Tierline", date: day ? speech.day(day) : "" };
  return {
    state,
    title: speech.say(`request_${state}`, parts),
    text: localOf(values, "request_told", speech) || "",
    why: localOf(values, "request_answer", speech) || "",
  };
}

/** Whether something may be asked now: the fields are there, and nothing is on its way. One that waits may be changed. */
function canAsk(values) {
  return "request" in values && !textOf(values, "request");
}

function textOf(values, role) {
  const held = values[role];
  return held && held.value !== null && held.value !== undefined && held.value !== "" ? String(held.value) : null;
}

/** Lines of a text; with `speech` their figures are the person's. */
function linesOf(values, role, speech = null, between = "\n") {
  const lines = (textOf(values, role) || "").split(between).filter((text) => text.trim());
  return speech ? lines.map((text) => localised(text, speech)) : lines;
}

function localOf(values, role, speech) {
  const text = textOf(values, role);
  return text && localised(text, speech);
}

/** A text of Tierline's with its dates and numbers written as this person writes them. */
function localised(text, speech) {
  return text.replace(FIGURES, (found) => {
    if (found.includes("-")) {
      return speech.day(found);
    }
    const [, decimals = ""] = found.split(".");
    return speech.number(Number(found.replaceAll(",", "")), decimals.length);
  });
}

function labelOf(values, role) {
  const held = values[role];
  return held.label || String(held.value);
}

function numberOf(values, role) {
  const text = textOf(values, role);
  return text === null || Number.isNaN(Number(text)) ? null : Number(text);
}

/** Whole days from one ISO date to another; the time of day in either does not count. */
function daysBetween(from, to) {
  return Math.round((Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / DAY);
}
