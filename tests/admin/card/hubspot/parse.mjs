// HubSpot's own reader of projects: prints what it found, by uid, and what it left out.
import { translate } from "@hubspot/project-parsing-lib/translate";

const [folder, platformVersion] = process.argv.slice(2);
const context = { projectSourceDir: `${folder}/src`, platformVersion, accountId: 1 };
const found = await translate(context, { skipValidation: true });
const nodes = Object.values(found.intermediateRepresentation.intermediateNodesIndexedByUid);
const kinds = Object.fromEntries(nodes.map((node) => [node.uid, node.componentType]));
process.stdout.write(JSON.stringify({ kinds, skipped: found.skippedHsMetaFiles }));
