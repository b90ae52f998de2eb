/** The card, drawn over what HubSpot hands over of a company, and read. */
import { createRenderer } from "@hubspot/ui-extensions/testing";
import { Card } from "./Card.tsx";

export type Properties = Record<string, string | null>;
export type Answer = { properties: Properties; error: Error | null; isLoading: boolean };
export type User = { locale?: string; language?: string };

/** `shown`: the values as HubSpot formats them. `answer`: what the hook says otherwise. */
export function drawn(properties: Properties, shown: Properties, answer: Partial<Answer> = {}, user: User = {}) {
  const renderer = createRenderer("crm.record.tab");
  Object.assign(renderer.mocks.context.user, user);
  renderer.mocks.context.portal.timezone = "Europe/Berlin";
  renderer.mocks.useCrmProperties.willCall((names, options) => ({
    properties: of(options?.propertiesToFormat === "all" ? shown : properties, names),
    error: null,
    isLoading: false,
    isRefetching: false,
    refetch: async () => {},
    ...answer,
  }));
  renderer.render(<Card />);
  return renderer;
}

function of(values: Properties, names: string[]): Properties {
  return Object.fromEntries(names.filter((name) => name in values).map((name) => [name, values[name] ?? null]));
}

export function told(page: ReturnType<typeof drawn>): string {
  return text(page.getRootNode());
}

interface Node {
  childNodes?: unknown[];
  text?: unknown;
  props?: object;
}

/** Everything that can be read or heard, titles and labels with it. */
export function text(node: Node): string {
  const props = (node.props || {}) as Record<string, unknown>;
  const named = ["title", "label", "number", "screenReaderText"].map((name) => props[name]).filter(Boolean);
  const inner = node.childNodes ? node.childNodes.map((child) => text(child as Node)) : [String(node.text)];
  return [...named, ...inner].join(" ").replace(/\s+/g, " ");
}
