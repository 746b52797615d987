import type { CheckPlace } from '../../actors/ports.js';
import type { PosixRegex, PosixRegexResult } from '../../config/posix-regex.js';
import type { HttpCheck } from '../../config/types.js';
import { exchange, type HttpMeans, type Question } from './exchange.js';
import { down, fileOf, nothing, type Probe, up } from './probe.js';

/** Compiles the regular expressions of bodies. */
export type CompileRegex = (pattern: string, options: { readonly ignoreCase: boolean }) => PosixRegexResult;

export interface HttpProbeOptions extends HttpMeans {
  readonly userAgent: string;
  readonly compileRegex: CompileRegex;
}

/** So much of a body is looked at. */
const bodyBytes = 64 * 1024;

type Plan =
  | { readonly question: Question; readonly regex: PosixRegex | null; readonly place: string }
  | { readonly refused: string };

/** What a checker asks; made once for each, because a check is made often. */
function planOf(checker: HttpCheck, place: CheckPlace, { userAgent, compileRegex }: HttpProbeOptions): Plan {
  let url: URL;
  try {
    url = new URL(checker.url);
  } catch {
    return { refused: `${checker.url} is no URL` };
  }
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') return { refused: `${checker.url} is neither http nor https` };
  const compiled = checker.body === null ? null : compileRegex(checker.body, { ignoreCase: false });
  if (compiled !== null && !compiled.ok) return { refused: `the expression for the body ${compiled.message}` };

  const headers: Record<string, string | string[]> = { Host: url.host, 'User-Agent': userAgent, Accept: '*/*' };
  if (url.username !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['Authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  const own = new Map<string, string[]>();
  for (const { name, value } of checker.headers) own.set(name.toLowerCase(), [...(own.get(name.toLowerCase()) ?? []), value]);
  for (const preset of Object.keys(headers)) if (own.has(preset.toLowerCase())) delete headers[preset];
  for (const [name, values] of own) headers[name] = values.length === 1 ? (values[0] ?? '') : values;
  // One connection a check: the server need not keep it.
  headers['Connection'] = 'close';

  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A Host header names the site, and so it does for TLS.
  const site = checker.headers.find(({ name }) => name.toLowerCase() === 'host')?.value.replace(/:\d+$/, '') ?? host;
  return {
    question: {
      secure,
      host,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      method: checker.method,
      path: `${url.pathname}${url.search}`,
      headers,
      serverName: site.replace(/^\[|\]$/g, ''),
      verify: checker.verify,
      authorities: fileOf(place, checker.ca),
      bodyBytes: checker.body === null ? 0 : bodyBytes,
    },
    regex: compiled?.regex ?? null,
    place: `${url.origin}${url.pathname}`,
  };
}

/**
 * `<http>` (ours): up when the status is one of those accepted and the body, where an expression is given, matches. Redirects are not
 * followed: 301 is a status.
 */
export function createHttpProbe(options: HttpProbeOptions): Probe<HttpCheck> {
  const plans = new WeakMap<HttpCheck, Plan>();
  return (checker, place, onResult) => {
    let plan = plans.get(checker);
    if (plan === undefined) {
      plan = planOf(checker, place, options);
      plans.set(checker, plan);
    }
    if ('refused' in plan) {
      onResult(down(plan.refused));
      return nothing;
    }
    const { question, regex, place: page } = plan;
    return exchange(options, question, (answer) => {
      if (answer.kind === 'failed') {
        onResult(down(answer.detail));
        return;
      }
      const { status, body } = answer;
      if (!checker.status.some(({ from, to }) => status >= from && status <= to)) onResult(down(`${page} answers ${status}`));
      else if (regex !== null && !regex.test(body.toString('utf8')))
        onResult(down(`${page} answers ${status}, but its body does not match ${regex.pattern}`));
      else onResult(up(`${page} answers ${status}`));
    });
  };
}
