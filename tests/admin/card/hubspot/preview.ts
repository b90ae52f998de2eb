/**
 * The tree of a drawn card as a plain page, to read its order, wording and length. HubSpot's own parts look better; only
 * what stands where is true here.
 */

interface Node {
  name?: string;
  props?: Record<string, unknown>;
  childNodes?: Node[];
  text?: unknown;
}

const TAGS: Record<string, string> = {
  Alert: "aside", DescriptionList: "dl", EmptyState: "aside", ErrorState: "aside", Flex: "div", Heading: "h3", List: "ul",
  Statistics: "div", Table: "table", TableBody: "tbody", TableCell: "td", TableHead: "thead", TableHeader: "th",
  TableRow: "tr", Tag: "mark", StatusTag: "mark", Button: "button", ButtonRow: "div", Divider: "hr", Text: "span",
};

const STYLE = `
  body { font: 14px/1.5 sans-serif; margin: 0; color: #33475b } main { padding: 16px }
  div[data-direction=column] > * { display: block; margin: 6px 0 } div[data-direction=row] { display: flex; gap: 8px }
  table { border-collapse: collapse } td, th { border: 1px solid #cbd6e2; padding: 2px 6px; text-align: left }
  mark { background: #e5f5f8; padding: 0 6px; border-radius: 3px } mark[data-variant=warning] { background: #fef8f0 }
  mark[data-variant=success] { background: #e5f8f6 } aside { border: 1px solid #7fd1de; padding: 8px; margin: 6px 0 }
  aside[data-variant=warning] { border-color: #fae0b5 } aside[data-variant=danger] { border-color: #f8a9ad }
  [data-variant=microcopy] { font-size: 12px; color: #516f90 } dt { font-weight: bold } dd { margin: 0 0 4px }
  h3 { font-size: 14px; margin: 8px 0 2px } ul { margin: 0; padding-left: 18px } p { margin: 0 }
`;

export function html(root: Node, state: string): string {
  const head = `<meta charset="utf-8"><title>${escaped(state)}</title><style>${STYLE}</style>`;
  return `<!doctype html><html lang="en"><head>${head}</head><body><main>${inner(root)}</main></body></html>`;
}

function inner(node: Node): string {
  return (node.childNodes || []).map(one).join("");
}

function one(node: Node): string {
  const { name, props = {} } = node;
  if (!name) {
    return escaped(String(node.text));
  }
  const within = inner(node);
  if (name === "DescriptionListItem") {
    return `<dt>${escaped(String(props.label))}</dt><dd>${within}</dd>`;
  }
  if (name === "StatisticsItem") {
    return `<p>${escaped(String(props.label))}: <b>${escaped(String(props.number))}</b></p>`;
  }
  if (name === "Icon") {
    return `<i title="${escaped(String(props.screenReaderText || ""))}">[${escaped(String(props.name))}]</i>`;
  }
  if (name === "CrmPropertyList") {
    return `<p>[fields edited in place: ${escaped((props.properties as string[]).join(", "))}]</p>`;
  }
  const tag = name === "Text" && !props.inline ? "p" : TAGS[name] || "div";
  const data = ["variant", "direction"].filter((key) => props[key]).map((key) => ` data-${key}="${props[key]}"`);
  const title = props.title ? `<b>${escaped(String(props.title))}</b> ` : "";
  const body = name === "List" ? (node.childNodes || []).map((child) => `<li>${one(child)}</li>`).join("") : within;
  return tag === "hr" ? "<hr>" : `<${tag}${data.join("")}>${title}${body}</${tag}>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
