// Drives a portal with HubSpot's client and prints one JSON object with what it saw.
import { Client } from '@hubspot/api-client';

const facts = JSON.parse(process.argv[2]);
const seen = {};
const client = new Client({ accessToken: facts.access_token, basePath: facts.url, numberOfApiCallRetries: 2 });
const companies = client.crm.companies;
const status = async (promise) => promise.then(() => 200, (error) => error.code);

const made = await companies.basicApi.create({ properties: { name: 'Söderström & Co', domain: 'soder.example' } });
seen.created = made.properties.name;
await companies.basicApi.update(made.id, { properties: { city: 'Åbo' } });
seen.read = (await companies.basicApi.getById(made.id, ['city'])).properties.city;
seen.refused = await status(companies.basicApi.update(made.id, { properties: { industry: 'NOWHERE' } }));

const inputs = Array.from({ length: 100 }, (_, n) => ({ properties: { name: `Batch ${String(n).padStart(3, '0')}` }, associations: [] }));
seen.batch = (await companies.batchApi.create({ inputs })).results.length;
seen.all = (await companies.getAll()).length;
const found = await companies.searchApi.doSearch({
  filterGroups: [{ filters: [{ propertyName: 'name', operator: 'CONTAINS_TOKEN', value: 'batch' }] }],
  sorts: ['-name'],
  limit: 200,
});
seen.searched = [found.total, found.results[0].properties.name];
seen.tooFar = await status(companies.searchApi.doSearch({ after: '10000', limit: 10 }));

const twice = await companies.batchApi.update({
  inputs: [{ id: made.id, properties: { city: 'Pori' } }, { id: '1', properties: { city: 'Pori' } }],
});
seen.partly = [twice.results.length, twice.numErrors];

const deal = await client.crm.deals.basicApi.create({
  properties: { dealname: 'D', amount: '10' },
  associations: [{ to: { id: made.id }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 5 }] }],
});
const linked = await client.crm.associations.v4.batchApi.getPage('deals', 'companies', { inputs: [{ id: deal.id }] });
seen.linked = linked.results[0].to[0].associationTypes.map((type) => type.typeId);

seen.owners = (await client.crm.owners.ownersApi.getPage()).results.length;
seen.stages = (await client.crm.pipelines.pipelinesApi.getAll('deals')).results[0].stages.length;
const property = await client.crm.properties.coreApi.create('companies', {
  name: 'js_choice', label: 'Choice', type: 'enumeration', fieldType: 'select', groupName: 'companyinformation',
  options: [{ label: 'A', value: 'a', hidden: false, displayOrder: 0 }],
});
seen.property = property.options.map((option) => option.value);

// The client tries again by itself, after a second, when it meets the true body of a rate limit.
const reply = { message: 'You have reached your secondly limit.', errorType: 'RATE_LIMIT', policyName: 'SECONDLY' };
const rule = { path: '/owners', action: 'status', status: 429, reply };
await fetch(`${facts.url}/__sandbox__/faults`, { method: 'POST', body: JSON.stringify([rule]) });
seen.waited = (await client.crm.owners.ownersApi.getPage()).results.length;

console.log(JSON.stringify(seen));
