/** What the figures say: the tier, where the customer stands, why, and what the seller owes it. */
import {
  Flex,
  Heading,
  Icon,
  List,
  Statistics,
  StatisticsItem,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Tag,
  Text,
} from "@hubspot/ui-extensions";
import type { Cell, Line, Matrix, Reason, Scored } from "./content.js";
import { filled, type Words } from "./speech.ts";

interface Parts {
  card: Scored;
  words: Words;
}

/** By place, best first; the words beside it say the same without the colour. */
const COLOURS = ["success", "info", "default", "warning"] as const;

export function Score({ card }: { card: Scored }) {
  const { tier } = card;
  const beside = [tier.rank, tier.since, tier.cause, tier.group].filter(Boolean);
  return (
    <Flex direction="column" gap="extra-small">
      <Flex direction="row" gap="small" align="center" wrap>
        <Tag variant={colourOf(tier.place)}>{tier.label}</Tag>
        <Text variant="microcopy">{beside.join(" \u00b7 ")}</Text>
      </Flex>
      {card.reason && <Text>{card.reason}</Text>}
      {card.override && <Text format={{ fontWeight: "demibold" }}>{card.override}</Text>}
      {card.figures.length > 0 && (
        <Statistics>
          {card.figures.map((figure) => (
            <StatisticsItem key={figure.key} label={figure.title} number={figure.text} />
          ))}
        </Statistics>
      )}
    </Flex>
  );
}

export function Places({ card, words }: Parts) {
  if (!card.matrix && card.nearest.length === 0) {
    return null;
  }
  return (
    <Flex direction="column" gap="extra-small">
      {card.matrix && <Grid matrix={card.matrix} here={words.here} />}
      <Lines title={words.nearest} lines={card.nearest} />
    </Flex>
  );
}

function Grid({ matrix, here }: { matrix: Matrix; here: string }) {
  return (
    <Table bordered density="compact" flush>
      <TableHead>
        <TableRow>
          <TableHeader>{matrix.title}</TableHeader>
          {matrix.columns.map((column) => (
            <TableHeader key={column.id}>{column.text}</TableHeader>
          ))}
        </TableRow>
      </TableHead>
      <TableBody>
        {matrix.rows.map((row) => (
          <TableRow key={row.id}>
            <TableCell>
              <Text format={{ fontWeight: "demibold" }}>{row.head}</Text>
            </TableCell>
            {row.cells.map((cell) => (
              <TableCell key={cell.id}>
                <Place cell={cell} here={here} />
              </TableCell>
            ))}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function Place({ cell, here }: { cell: Cell; here: string }) {
  if (!cell.here) {
    return <Text>{cell.label}</Text>;
  }
  return (
    <Text>
      <Icon name="location" size="sm" screenReaderText={here} />{" "}
      <Tag inline variant={colourOf(cell.place)}>{cell.label}</Tag>
    </Text>
  );
}

export function Why({ card, words }: Parts) {
  const missing = card.missing ? filled(words.had_to_do_without, { inputs: card.missing }) : null;
  return (
    <>
      {card.reasons.length > 0 && (
        <Flex direction="column" gap="extra-small">
          <Heading>{words.why}</Heading>
          <List variant="unordered">
            {card.reasons.map((reason) => (
              <Argument key={reason.id} reason={reason} />
            ))}
          </List>
          {missing && <Text variant="microcopy">{missing}</Text>}
        </Flex>
      )}
      <Lines title={words.warnings} lines={card.warnings} />
      <Lines title={words.beside} lines={card.beside} />
      <Duties lines={card.playbook || []} words={words} />
    </>
  );
}

function Argument({ reason }: { reason: Reason }) {
  return (
    <Text>
      {reason.meaning && (
        <Icon name={reason.sign === "+" ? "add" : "remove"} size="sm" screenReaderText={reason.meaning} />
      )}{" "}
      {reason.text} {reason.weight && <Text variant="microcopy" inline>{reason.weight}</Text>}
    </Text>
  );
}

function Duties({ lines, words }: { lines: Line[]; words: Words }) {
  if (lines.length === 0) {
    return null;
  }
  return (
    <Flex direction="column" gap="extra-small">
      <Heading>{words.duties}</Heading>
      <List variant="unordered">
        {lines.map((line) => (
          <Text key={line.id}>
            {line.text} {line.late && <Tag inline variant="warning">{words.overdue}</Tag>}
          </Text>
        ))}
      </List>
    </Flex>
  );
}

function Lines({ title, lines }: { title: string; lines: string[] }) {
  if (lines.length === 0) {
    return null;
  }
  return (
    <Flex direction="column" gap="extra-small">
      <Heading>{title}</Heading>
      <List variant="unordered">
        {lines.map((line) => (
          <Text key={line}>{line}</Text>
        ))}
      </List>
    </Flex>
  );
}

function colourOf(place: string) {
  return COLOURS[Number(place)] || "default";
}
