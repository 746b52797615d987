/** docs/roles.md: who may ask what, made from the table of routes. A test asks every route as everybody and holds it to this. */
import { apiBase } from './api-types.js';
import { permits, type RouteRole } from './auth-roles.js';
import { type Route, routes } from './routes.js';

const columns = ['none', 'monitor', 'control', 'admin'] as const satisfies readonly RouteRole[];

/** What is answered beside the API. */
const besides: readonly (readonly [path: string, role: RouteRole, remark: string])[] = [
  ['GET /var/modules/{module}/ready.txt', 'none', 'the health probe, for load balancers'],
  ['GET /health/{module}/…', 'none', 'the same with a reason'],
  ['GET /console/…', 'none', 'the files of the console, which are the same for everybody; what they show they ask the API for'],
  ['GET /openid/login, GET /openid', 'none', 'a login at an OpenID provider, by HTTPS only'],
  ['GET /api/', 'monitor', 'the human page of the API'],
  ['GET /metrics', 'monitor', 'from this machine itself without a login'],
];

function cells(role: RouteRole): string {
  return columns.map((column) => (permits(column, role) ? 'yes' : '–')).join(' | ');
}
function remarkOf(route: Route): string {
  if (route.guard === 'sealed') return 'proves itself: sealed with the key of the cluster';
  if (route.guard === 'peer') return 'only in a sealed request, of a node itself';
  return route.guard === 'here' ? 'never handed on to another node' : '';
}

/** The page as Markdown. */
export function rolesReference(): string {
  const rows = routes.map((route: Route) => {
    const marks = route.guard === 'peer' ? '– | – | – | –' : cells(route.role);
    return `| \`${route.method} ${apiBase}${route.path}\` | ${marks} | ${remarkOf(route)} |`;
  });
  return [
    '# Roles',
    '',
    'Made from `src/http/routes.ts` by `scripts/generate-api-docs.mjs`; a test fails when it is stale, and another asks every route as everybody.',
    '[users.md](users.md) says how one becomes what, ADR 0023 why it is so.',
    '',
    '- **nobody**: has not logged in, from this machine or another. As long as there are no users this machine is Control, and other machines get',
    '  only the health probe.',
    '- **Monitor** sees how things are, and nothing secret. What scripts print is among it: they should print no passwords.',
    '- **Control** also starts, stops and switches what is installed.',
    '- **Admin** also installs and configures, sees files and keys, and says who may come in. Scripts of modules run as root, so whoever may upload',
    '  a `.safe`, a userconfig.xml or a script is root on every node: such uploads are for Admin alone. The local socket of the daemon, which its',
    '  owner alone can open (mode 0600), is Admin.',
    '',
    'A request that names another node (`/nodes/<node>/…`) is checked at the node that is asked and again at the node that it is for.',
    '',
    '| route | nobody | Monitor | Control | Admin | |',
    '|---|---|---|---|---|---|',
    ...besides.map(([path, role, remark]) => `| \`${path}\` | ${cells(role)} | ${remark} |`),
    ...rows,
    '',
  ].join('\n');
}
