/** Customer value of a company, in HubSpot's own parts. What it says is decided in content.js, for every CRM alike. */
import { Alert, Divider, EmptyState, ErrorState, Flex, LoadingSpinner, Text } from "@hubspot/ui-extensions";
import { useExtensionContext } from "@hubspot/ui-extensions";
import { cardOf, profilesOf } from "./content.js";
import { MODEL } from "./model.ts";
import { useCompany } from "./reading.ts";
import { Places, Score, Why } from "./Score.tsx";
import { filled, speechOf, todayIn, wordsOf } from "./speech.ts";
import { Asking, Values } from "./Values.tsx";

export function Card() {
  const { portal, user } = useExtensionContext<"crm.record.tab">();
  const company = useCompany();
  const words = wordsOf(user.language || user.locale);
  if (company.loading) {
    return <LoadingSpinner label={words.loading} showLabel layout="centered" />;
  }
  if (company.failure) {
    return (
      <ErrorState title={words.error_title} type="error">
        <Text>{filled(words.error_text, { message: company.failure })}</Text>
      </ErrorState>
    );
  }
  const speech = speechOf(words, user.locale);
  const card = cardOf(company.values, MODEL, speech, todayIn(portal.timezone));
  return (
    <Flex direction="column" gap="small">
      {card.problem && <Alert title={card.problem} variant="danger" />}
      {card.notice && (
        <EmptyState title={card.notice.title} layout="vertical" imageName={pictureOf(card.state)} imageWidth={90} flush>
          <Text>{card.notice.text}</Text>
        </EmptyState>
      )}
      {card.state === "scored" && (
        <>
          {card.stale && <Alert title={card.stale} variant="warning" />}
          {card.held && <Alert title={card.held} variant="info" />}
          <Score card={card} />
          <Places card={card} words={words} />
          <Why card={card} words={words} />
        </>
      )}
      {card.values.length > 0 && <Divider />}
      <Values card={card} words={words} profiles={profilesOf(MODEL, speech)} />
      {card.state === "scored" && <Asking card={card} words={words} open={"request" in company.values} />}
      {card.state === "scored" && card.scoredOn && <Text variant="microcopy">{card.scoredOn}</Text>}
    </Flex>
  );
}

function pictureOf(state: string) {
  return state === "hidden" ? "lock" : "emptyStateCharts";
}
