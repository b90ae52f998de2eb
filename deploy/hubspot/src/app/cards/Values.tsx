/**
 * What people choose and ask for. HubSpot lets a card write in one way: fields that are edited in place, with the rights
 * of the person who edits; each is saved when it is left.
 */
import { useState } from "react";
import {
  Alert,
  Button,
  ButtonRow,
  DescriptionList,
  DescriptionListItem,
  Flex,
  Heading,
  StatusTag,
  Text,
} from "@hubspot/ui-extensions";
import { CrmPropertyList } from "@hubspot/ui-extensions/crm";
import type { Chosen, Profile, Request, Scored, Unscored } from "./content.js";
import { PROPERTIES } from "./fields.ts";
import type { Words } from "./speech.ts";

const CHOSEN = ["segment", "sub_segment", "value_profile"];
/** The request itself comes last: what is chosen there counts as sent. */
const ASKED = ["request_reason", "request_value", "request_comment", "request"];

interface Told {
  card: Scored | Unscored;
  words: Words;
  profiles: Profile[];
}

export function Values({ card, words, profiles }: Told) {
  const [choosing, setChoosing] = useState(false);
  const [helping, setHelping] = useState(false);
  if (card.values.length === 0) {
    return null;
  }
  return (
    <Flex direction="column" gap="small">
      <Heading>{words.who}</Heading>
      <DescriptionList direction="column">
        {card.values.map((value) => (
          <DescriptionListItem key={value.id} label={value.title}>
            <One value={value} />
          </DescriptionListItem>
        ))}
      </DescriptionList>
      {card.quality && <Alert title={card.quality} variant="warning" />}
      {choosing && <Fields roles={CHOSEN} told={words.choose_text} />}
      <ButtonRow>
        <Button size="sm" onClick={() => setChoosing(!choosing)}>
          {choosing ? words.done : words.choose}
        </Button>
        <Button size="sm" variant="transparent" onClick={() => setHelping(!helping)}>
          {words.how_to_choose}
        </Button>
      </ButtonRow>
      {helping && <Help words={words} profiles={profiles} />}
    </Flex>
  );
}

function One({ value }: { value: Chosen }) {
  const beside = [value.source, value.suggestion, value.why].filter(Boolean);
  return (
    <>
      {value.gap ? <StatusTag variant="warning">{value.text}</StatusTag> : <Text>{value.text}</Text>}
      {beside.length > 0 && <Text variant="microcopy">{beside.join(" \u00b7 ")}</Text>}
    </>
  );
}

function Help({ words, profiles }: { words: Words; profiles: Profile[] }) {
  return (
    <>
      <Text>{words.how_to_choose_text}</Text>
      <DescriptionList direction="column">
        {profiles.map((profile) => (
          <DescriptionListItem key={profile.key} label={profile.label}>
            <Text>{profile.description}</Text>
            {profile.lines.map((line) => (
              <Text key={line.id} variant="microcopy">
                {line.text}
              </Text>
            ))}
          </DescriptionListItem>
        ))}
      </DescriptionList>
    </>
  );
}

/** `open`: this person may see the request, so HubSpot lets them edit it unless an administrator took that away. */
export function Asking({ card, words, open }: { card: Scored; words: Words; open: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <Flex direction="column" gap="small">
      {card.request && <Answer request={card.request} />}
      {open && asking && <Fields roles={ASKED} told={words.ask_text} />}
      {open && (
        <Button size="sm" onClick={() => setAsking(!asking)}>
          {asking ? words.done : words.ask}
        </Button>
      )}
    </Flex>
  );
}

function Answer({ request }: { request: Request }) {
  const variant = request.state === "accepted" ? "success" : request.state === "refused" ? "warning" : "info";
  const lines = [request.text, request.why].filter(Boolean);
  return (
    <Alert title={request.title} variant={variant}>
      {lines.map((line) => (
        <Text key={line}>{line}</Text>
      ))}
    </Alert>
  );
}

function Fields({ roles, told }: { roles: string[]; told: string }) {
  const properties = roles.map((role) => PROPERTIES[role]).filter((name) => name !== undefined);
  return (
    <Flex direction="column" gap="extra-small">
      <Text variant="microcopy">{told}</Text>
      <CrmPropertyList properties={properties} direction="column" />
    </Flex>
  );
}
