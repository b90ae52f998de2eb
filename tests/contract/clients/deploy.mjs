// Deploys a zip with jsforce, lists what is there, and takes it away again with another zip.
import { readFileSync } from 'node:fs';
import jsforce from 'jsforce';

const facts = JSON.parse(process.argv[2]);
const VERSION = '63.0';
const conn = new jsforce.Connection({ instanceUrl: facts.instance_url, accessToken: facts.access_token, version: VERSION });
conn.metadata.pollInterval = 100;
const OPTIONS = { rollbackOnError: true, singlePackage: true };
const TYPES = ['LightningComponentBundle', 'FlexiPage', 'ListView'];

async function deploy(zip, options = {}) {
  const done = await conn.metadata.deploy(readFileSync(zip), { ...OPTIONS, ...options }).complete(true);
  const failures = [done.details.componentFailures ?? []].flat().map((each) => each.problem);
  return { success: done.success, deployed: Number(done.numberComponentsDeployed), failures };
}

async function listed() {
  const found = await conn.metadata.list(TYPES.map((type) => ({ type })), VERSION);
  return [found ?? []].flat().map((each) => `${each.type} ${each.fullName}`).sort();
}

const seen = { broken: await deploy(facts.broken), tried: await deploy(facts.whole, { checkOnly: true }) };
seen.before = await listed();
seen.whole = await deploy(facts.whole);
seen.after = await listed();
seen.label = (await conn.metadata.read('CustomLabel', 'Tierline_confirm')).value;
seen.gone = await deploy(facts.gone);
seen.left = await listed();
console.log(JSON.stringify(seen));
