/** Where HubSpot begins: the card on the page of a company. */
import { hubspot } from "@hubspot/ui-extensions";
import { Card } from "./Card.tsx";

hubspot.extend<"crm.record.tab">(() => <Card />);
