/** What is taken out of what leaves the machine, and what is not. */
import t from 'tap';
import { csvLine } from '../../../src/io/snapshot/csv.js';
import { commandLine, createRedactor, isSensitiveName } from '../../../src/io/snapshot/redact.js';

const secret = 'hunter2&"so';
const redactor = createRedactor([secret, 'abc', 'cafebabe00112233']);

t.test('what is known by its value', async (t) => {
  for (const form of [
    secret,
    'hunter2&amp;&quot;so',
    JSON.stringify(secret),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ])
    t.notMatch(redactor.text(`x ${form} y`), /hunter2|aHVudGVy/, form);
  t.equal(redactor.text('abc'), 'abc', 'too short to be looked for');
});

t.test('what stands where secrets do', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['<var name="DB_PASSWORD" value="x1"/>', '<var name="DB_PASSWORD" value="***"/>'],
    ["<var value='x1' name='api_key'/>", '<var value="***" name=\'api_key\'/>'],
    ['<var name="PORT" value="80"/>', '<var name="PORT" value="80"/>'],
    ['<var name="PASSWORD" value="%PW%"/>', '<var name="PASSWORD" value="***"/>'],
    ['password=x1 user=me', 'password=*** user=me'],
    ['"authKey": "x1", "port": 1', '"authKey": "***", "port": 1'],
    ['community: public', 'community: ***'],
    ['PGPASSWORD=$PW psql', 'PGPASSWORD=$PW psql'],
    ['--password x1 -v', '--password *** -v'],
    ['http://me:x1@host/a', 'http://me:***@host/a'],
    ['Authorization: Bearer abcdefghijk', 'Authorization: Bearer ***'],
    ['token hf_admin_1a_S3cret-x', 'token ***'],
    ['the password is wrong', 'the password is wrong'],
    ['-----BEGIN EC PRIVATE KEY-----\nMIG\n-----END EC PRIVATE KEY-----\nz', '(a private key was here)\nz'],
  ];
  for (const [given, wanted] of cases) t.equal(redactor.text(given), wanted);
});

t.test('JSON', async (t) => {
  const value = {
    password: 'x',
    list: [
      { name: 'passwd', value: 'y' },
      { name: 'port', value: '80' },
    ],
    secretFile: '/etc/s',
    n: 1,
    none: null,
  };
  t.same(redactor.json(value), {
    password: '***',
    list: [
      { name: 'passwd', value: '***' },
      { name: 'port', value: '80' },
    ],
    secretFile: '/etc/s',
    n: 1,
    none: null,
  });
});

t.test('names', async (t) => {
  for (const name of ['password', 'DB_PASSWD', 'apiKey', 'SNMP_COMMUNITY', 'auth-key', 'token'])
    t.ok(isSensitiveName(name), name);
  for (const name of ['PWD', 'passwordFile', 'port', 'bypass', 'passive', 'keyboard']) t.notOk(isSensitiveName(name), name);
});

t.test('arguments of processes', async (t) => {
  t.equal(commandLine(['/usr/bin/mysql', '-pS3cret', '-u', 'me'], redactor), '/usr/bin/mysql -p*** -u me');
  t.equal(commandLine(['app', '--api-token', 'zzz', '--port', '1'], redactor), 'app --api-token *** --port 1');
  t.equal(commandLine(['app', '--password=zzz'], redactor), 'app --password=***');
  t.equal(commandLine(['kernel'], redactor), 'kernel');
});

t.test('CSV', async (t) => {
  t.equal(csvLine(['a', 'b,c', 'say "x"', 1, null, true]), 'a,"b,c","say ""x""",1,,true\r\n');
  t.equal(csvLine(['=1+1']), "'=1+1\r\n", 'no formula');
});
