/** The human pages of the API, made from the table of routes: HTML without scripts for `/api/`, Markdown for docs/api.md. */
import { errorCatalogue } from '../actors/errors.js';
import { apiBase, csrfHeader, requestHeader } from './api-types.js';
import { errorsOf, forwardingPaths, probePaths, whoMay } from './openapi.js';
import { type Route, routes } from './routes.js';
import { type JsonSchema, schemas } from './schemas.js';

const conventions = [
  'Each route says which role it needs; a role may do what those before it may: Monitor, Control, Admin. The local socket of the daemon, which its owner alone can open, is Admin.',
  `Over TCP the role is that of a login: \`POST ${apiBase}/session\` gives a cookie and a \`csrf\`, which goes along with every change in the header \`${csrfHeader}\`; or a token, as \`Authorization: Bearer\`. As long as there are no users, loopback is Control without a login, and other machines get the health probe and nothing else.`,
  `Without a login the Host header must name the node, and what changes something needs \`Content-Type: application/json\` or the header \`${requestHeader}\`. A page of another site is always refused.`,
  'Lists are `{items, next}`. Times are ISO 8601 with milliseconds, beside `atMs` (monotonic) where order matters. Failures are RFC 9457 problem documents with a `code` of the catalogue and, for configurations, `problems`.',
  'Any node answers for all: `/nodes/<node>/…` and lists over the cluster ask the other nodes. One that does not answer within 2 s is an item with `error`, never a failed list.',
];
const tags = [
  'Cluster',
  'Nodes',
  'Modules',
  'Resources',
  'Actions',
  'Logs',
  'Configuration',
  'Events',
  'Notifications',
  'Logins',
  'HTTPS',
  'Inspection',
  'Support',
  'Internal',
] as const;

function bodyOf(route: Route): string | null {
  if (route.body === undefined) return null;
  return route.body.kind === 'json'
    ? route.body.schema
    : `${route.body.types.join(' or ')}${route.body.required ? '' : ', or none'}`;
}
function answerOf({ success }: Route): string {
  const parts = [success.schema, success.type, success.stream === undefined ? undefined : 'text/event-stream'].filter(
    (part) => part !== undefined,
  );
  return `${success.status}${parts.length === 0 ? '' : ` ${parts.join(' or ')}`}`;
}
/** A schema as one line. */
function shape(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.anyOf !== undefined) return schema.anyOf.map(shape).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(', ');
  const types = schema.type === undefined ? 'anything' : typeof schema.type === 'string' ? schema.type : schema.type.join(' or ');
  if (schema.items !== undefined) return `${types} of ${shape(schema.items)}`;
  if (schema.properties !== undefined)
    return `{ ${Object.entries(schema.properties)
      .map(([name, one]) => `${name}: ${shape(one)}`)
      .join('; ')} }`;
  return types;
}
function propertiesOf(
  schema: JsonSchema,
): readonly { readonly name: string; readonly shape: string; readonly optional: boolean }[] {
  return Object.entries(schema.properties ?? {}).map(([name, one]) => ({
    name,
    shape: shape(one),
    optional: schema.required?.includes(name) !== true,
  }));
}

/** docs/api.md. */
export function apiReference(): string {
  const lines = [
    '# API',
    '',
    'Made from `src/http/routes.ts` by `scripts/generate-api-docs.mjs`; a test fails when it is stale.',
    '',
  ];
  lines.push(...conventions.map((sentence) => `- ${sentence}`), '', '## Health probe', '', '| path | what |', '|---|---|');
  lines.push(...probePaths.map(({ path, summary }) => `| \`GET\`, \`HEAD ${path}\` | ${summary} |`), '');
  for (const tag of tags) {
    lines.push(`## ${tag}`, '');
    if (tag === 'Nodes')
      lines.push(
        '| path | what |',
        '|---|---|',
        ...forwardingPaths.map(({ path, summary }) => `| \`${apiBase}${path}\` | ${summary} |`),
        '',
      );
    for (const route of routes) {
      const row: Route = route;
      if (row.tag !== tag) continue;
      const body = bodyOf(row);
      lines.push(`### \`${row.method} ${apiBase}${row.path}\``, '', `${row.summary} (\`${row.operationId}\`)`, '');
      lines.push(whoMay(row), '');
      lines.push(
        ...(row.query ?? []).map(
          (one) =>
            `- \`${one.name}\`${one.required === true ? ' (required)' : ''}: ${one.description} ${shape(one.schema)}${one.schema.default === undefined ? '' : `, default ${JSON.stringify(one.schema.default)}`}`,
        ),
      );
      if (body !== null) lines.push(`- Body: ${body}`);
      lines.push(`- Answers ${answerOf(row)}: ${row.success.description}`);
      if (row.success.stream !== undefined) lines.push(`- As a stream: ${row.success.stream}`);
      lines.push(
        `- Failures: ${errorsOf(row)
          .map((code) => `${code} (${errorCatalogue[code].status})`)
          .join(', ')}`,
        '',
      );
    }
  }
  lines.push('## Shapes', '');
  for (const [name, schema] of Object.entries(schemas)) {
    const properties = propertiesOf(schema);
    lines.push(
      `### ${name}`,
      '',
      ...(properties.length === 0
        ? [schema.description ?? shape(schema)]
        : properties.map((one) => `- \`${one.name}\`${one.optional ? ' (optional)' : ''}: ${one.shape}`)),
      '',
    );
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function html(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  return escaped.replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}
const style =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}code{font:13px ui-monospace,monospace}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.3rem .6rem;text-align:left;vertical-align:top}:root{color-scheme:light dark}';

/** The page at `/api/`. @param version of the daemon. */
export function apiPage(version: string): string {
  const sections = tags.map((tag) => {
    const rows = routes
      .filter((route) => route.tag === tag)
      .map((route: Route) => {
        const guard = ` <em>${whoMay(route)}</em>`;
        return `<tr id="${route.operationId}"><td><code>${route.method} ${html(apiBase + route.path)}</code></td><td>${html(route.summary)}${guard}</td><td>${html(bodyOf(route) ?? '')}</td><td>${html(answerOf(route))}</td></tr>`;
      });
    return `<h2>${tag}</h2><table><tr><th>Path</th><th>What</th><th>Body</th><th>Answer</th></tr>${rows.join('')}</table>`;
  });
  const probes = probePaths.map(
    ({ path, summary }) => `<tr><td><code>GET ${html(path)}</code></td><td>${html(summary)}</td></tr>`,
  );
  const errors = Object.entries(errorCatalogue).map(
    ([code, { status, meaning }]) =>
      `<tr id="error-${code}"><td><code>${code}</code></td><td>${status}</td><td>${html(meaning)}</td></tr>`,
  );
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Holdfast API</title><style>${style}</style><h1>Holdfast ${html(version)}: the API of this node</h1>`,
    `<p>For machines: <a href="${apiBase}/openapi.json">openapi.json</a>.</p><ul>${conventions.map((one) => `<li>${html(one)}</li>`).join('')}</ul>`,
    `<h2>Health probe</h2><table>${probes.join('')}</table>`,
    ...sections,
    `<h2>Errors</h2><table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>${errors.join('')}</table></html>`,
  ].join('\n');
}
