// Drives an org with jsforce and prints one JSON object with what it saw.
import jsforce from 'jsforce';

const facts = JSON.parse(process.argv[2]);
const seen = {};
const VERSION = '63.0';

const login = new jsforce.Connection({ loginUrl: facts.url, version: VERSION });
const user = await login.login(facts.username, facts.password);
seen.organization = user.organizationId;

const conn = new jsforce.Connection({ instanceUrl: facts.instance_url, accessToken: facts.access_token, version: VERSION });
seen.identity = (await conn.identity()).username;

const code = async (promise) => promise.then(() => 'no error', (error) => error.errorCode ?? error.name);

const created = await conn.sobject('Account').create({ Name: 'Söderström & Co', NumberOfEmployees: 3 });
seen.created = created.success;
await conn.sobject('Account').update({ Id: created.id, NumberOfEmployees: 4 });
seen.retrieved = (await conn.sobject('Account').retrieve(created.id)).NumberOfEmployees;
seen.destroyed = (await conn.sobject('Account').destroy(created.id)).success;
seen.gone = await code(conn.sobject('Account').retrieve(created.id));

const many = Array.from({ length: 450 }, (_, n) => ({ Name: `Batch ${String(n).padStart(4, '0')}` }));
many[7] = { Name: 'x'.repeat(256) };
const rows = await conn.sobject('Account').create(many, { allowRecursive: true, allOrNone: false });
seen.batch = rows.filter((row) => row.success).length;
seen.refused = rows[7].errors[0].statusCode;
const changed = await conn.sobject('Account').update(
  rows.filter((row) => row.success).map((row) => ({ Id: row.id, NumberOfEmployees: 9 })),
  { allowRecursive: true },
);
seen.updated = changed.filter((row) => row.success).length;

const found = await conn.query("SELECT Id, Name, Owner.Name FROM Account WHERE Name LIKE 'Batch%' ORDER BY Name", {
  autoFetch: true,
  maxFetch: 5000,
});
seen.total = found.totalSize;
seen.first = found.records[0].Name;
seen.owner = typeof found.records[0].Owner.Name;
seen.filtered = await conn.sobject('Account').find({ NumberOfEmployees: 9 }, 'Id').limit(3).execute().then((r) => r.length);
seen.counted = await conn.sobject('Account').count({ NumberOfEmployees: 9 });

const account = conn.sobject('Account');
const key = (await account.describe()).fields.find((each) => each.externalId).name;
const upserts = [await account.upsert({ Name: 'One', [key]: 'J-1' }, key), await account.upsert({ Name: 'Two', [key]: 'J-1' }, key)];
seen.upserts = upserts.map((each) => each.success && each.created);
const both = await account.upsert([{ Name: 'Three', [key]: 'J-1' }, { Name: 'Four', [key]: 'J-2' }], key);
seen.upsertedMany = both.map((each) => each.created);
seen.emptied = (await account.destroy(both.map((each) => each.id))).every((each) => each.success);

seen.objects = (await conn.describeGlobal()).sobjects.map((each) => each.name).includes('OpportunityLineItem');
seen.fields = (await conn.sobject('Account').describe()).fields.find((field) => field.name === 'Name').length;
seen.invalid = await code(conn.query('SELECT Nothing FROM Account'));
seen.limits = (await conn.limits()).DailyApiRequests.Max > 0;

const values = ['north', 'south'].map((name) => ({ fullName: name, default: false, label: name.toUpperCase() }));
const made = await conn.metadata.create('GlobalValueSet', {
  fullName: 'Regions', masterLabel: 'Regions', sorted: false, customValue: values,
});
seen.valueSet = made.success;
const field = await conn.metadata.create('CustomField', {
  fullName: 'Account.Region__c', label: 'Region', type: 'Picklist', valueSet: { restricted: true, valueSetName: 'Regions' },
});
seen.field = field.success;
const longer = [...values, { fullName: 'east', default: false, label: 'EAST' }];
const widened = await conn.metadata.update('GlobalValueSet', {
  fullName: 'Regions', masterLabel: 'Regions', sorted: false, customValue: longer,
});
seen.widened = widened.success && (await conn.metadata.read('GlobalValueSet', 'Regions')).customValue.length;
seen.renamed = (await conn.metadata.update('CustomField', {
  fullName: 'Account.Region__c', label: 'Region', type: 'Picklist', inlineHelpText: 'where & why',
  valueSet: { restricted: true, valueSetName: 'Regions' },
})).success;
seen.help = (await conn.metadata.read('CustomField', 'Account.Region__c')).inlineHelpText;
seen.read = (await conn.metadata.read('CustomField', 'Account.Region__c')).label;
const missing = await conn.metadata.read('CustomField', 'Account.Nowhere__c');
seen.missing = missing.fullName ?? null;
const bad = await conn.metadata.create('CustomField', { fullName: 'Account.Bad__c', label: 'Bad', type: 'Text' });
seen.bad = bad.success;
seen.listed = (await conn.metadata.list([{ type: 'GlobalValueSet' }], VERSION)).some((each) => each.fullName === 'Regions');

conn.bulk2.pollInterval = 50;
const bulkRows = [{ Name: 'Bulk Ä, "1"', [key]: 'B-1' }, { Name: 'Bulk 2', [key]: 'B-2' }, { Name: '', [key]: 'B-3' }];
const loaded = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert', input: bulkRows });
seen.bulkLoaded = loaded.successfulResults.map((row) => row[key]).sort();
seen.bulkRefused = loaded.failedResults.map((row) => row.sf__Error.split(':')[0]);
seen.bulkUnprocessed = loaded.unprocessedRecords.length;
const emptied = await conn.bulk2.loadAndWaitForResults({
  object: 'Account', operation: 'upsert', externalIdFieldName: key, input: [{ [key]: 'B-2', NumberOfEmployees: 5 }],
});
seen.bulkUpserted = emptied.successfulResults.map((row) => row.sf__Created);
const bulkQuery = await conn.bulk2.query(`SELECT Name, NumberOfEmployees FROM Account WHERE ${key} LIKE 'B-%' ORDER BY ${key}`);
seen.bulkQueried = await bulkQuery.toArray();
const bulkJob = conn.bulk2.createJob({ object: 'Account', operation: 'insert' });
await bulkJob.open();
await bulkJob.abort();
seen.bulkAborted = (await bulkJob.check()).state;
await bulkJob.delete();
seen.bulkDeleted = await code(bulkJob.check());

const older = await conn.bulk.load('Account', 'insert', [{ Name: 'Older "1"', [key]: 'O-1' }, { Name: '', [key]: 'O-2' }]);
seen.bulkOneLoaded = older.map((row) => row.success);
seen.bulkOneRefused = older[1].errors[0].split(':')[0];
const olderQuery = await conn.bulk.query(`SELECT Name FROM Account WHERE ${key} LIKE 'O-%'`);
seen.bulkOneQueried = (await olderQuery.toArray()).map((row) => row.Name);
seen.searched = (await conn.search('FIND {older} RETURNING Account(Name)')).searchRecords.map((row) => row.Name);

const action = '/actions/standard/customNotificationAction';
const notify = async (inputs) => conn.requestPost(action, { inputs: [inputs] }).then((r) => r[0].isSuccess, (e) => JSON.parse(e.message)[0].errors[0].statusCode);
const bell = await conn.metadata.create('CustomNotificationType', {
  fullName: 'Rings', customNotifTypeName: 'Rings', masterLabel: 'Rings', desktop: true, mobile: false,
});
const type = (await conn.query("SELECT Id, Desktop, Mobile FROM CustomNotificationType WHERE DeveloperName = 'Rings'")).records[0];
const told = { customNotifTypeId: type.Id, recipientIds: [user.id], title: 'T', body: 'B', targetId: user.id };
seen.notified = [bell.success, type.Desktop, type.Mobile, await notify(told), (await conn.request(action)).inputs.length];
seen.unnotified = [await notify({ ...told, title: 'x'.repeat(251) }), await notify({ ...told, customNotifTypeId: user.id })];

const client = { loginUrl: facts.url, clientId: facts.client_id, clientSecret: facts.client_secret };
const byClient = new jsforce.Connection({ instanceUrl: facts.url, oauth2: client, version: VERSION });
await byClient.authorize({ grant_type: 'client_credentials' });
seen.oauth = (await byClient.identity()).username;
await byClient.logout();
const page = new jsforce.OAuth2({ ...client, redirectUri: 'http://127.0.0.1:9/back', useVerifier: true });
const asked = new URL(page.getAuthorizationUrl({ scope: 'api refresh_token', state: 'kept' }));
const answered = await fetch(asked, {
  method: 'POST', redirect: 'manual',
  body: new URLSearchParams({ username: facts.username, password: facts.password, approve: 'yes' }),
});
const back = new URL(answered.headers.get('location')).searchParams;
const byPage = new jsforce.Connection({ oauth2: page, version: VERSION });
await byPage.authorize(back.get('code'));
const renewed = await page.refreshToken(byPage.refreshToken);
seen.page = [back.get('state'), (await byPage.identity()).username, renewed.refresh_token !== byPage.refreshToken];
const ended = new jsforce.Connection({ instanceUrl: facts.url, accessToken: 'gone', version: VERSION });
seen.ended = await code(ended.query('SELECT Id FROM Account'));

console.log(JSON.stringify(seen));
