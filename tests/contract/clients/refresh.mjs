// A jsforce client whose token the org does not accept: it asks for another one and goes on.
import jsforce from 'jsforce';

const facts = JSON.parse(process.argv[2]);
const seen = { refreshed: 0 };

const conn = new jsforce.Connection({
  instanceUrl: facts.instance_url,
  accessToken: 'an old token',
  version: '63.0',
  refreshFn: async (_, done) => {
    seen.refreshed += 1;
    const form = new URLSearchParams({
      grant_type: 'client_credentials', client_id: facts.client_id, client_secret: facts.client_secret,
    });
    const reply = await fetch(`${facts.url}/services/oauth2/token`, { method: 'POST', body: form });
    done(null, (await reply.json()).access_token);
  },
});
seen.users = (await conn.query('SELECT Id FROM User LIMIT 1')).totalSize;
seen.identity = (await conn.identity()).username;

const refused = new jsforce.Connection({ instanceUrl: facts.instance_url, accessToken: 'an old token', version: '63.0' });
seen.refused = await refused.query('SELECT Id FROM User LIMIT 1').then(() => '', (error) => error.errorCode);

console.log(JSON.stringify(seen));
