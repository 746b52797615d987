/** Reads the packet filter and says which of its rules stop our traffic: a small interpreter of what `nft -j list ruleset` prints. */
import type { CommandRunner } from '../run-command.js';
import type { FirewallFacts } from './facts.js';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const fieldOf = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((at, key) => (isFields(at) ? at[key] : undefined), value);

/** One kind of traffic that must come in. */
export interface Traffic {
  readonly what: FirewallFacts['what'];
  readonly protocol: 'udp' | 'tcp' | 'icmp';
  /** Null for icmp. */
  readonly port: number | null;
}
/** Whether a rule applies: `maybe` where it depends on something else (an address, an interface). */
type Fit = 'yes' | 'no' | 'maybe';
interface Rule {
  readonly text: string;
  readonly fit: (traffic: Traffic) => { readonly fit: Fit; readonly named: boolean };
  readonly verdict: string | null;
  readonly target: string | null;
}
interface Chain {
  readonly key: string;
  readonly isInput: boolean;
  readonly policy: string;
  readonly rules: Rule[];
}

/** Whether a value of nft's JSON (a number, a range, a set) holds that one. */
function holds(right: unknown, wanted: number | string): boolean {
  if (right === wanted) return true;
  if (Array.isArray(right)) return right.some((one) => holds(one, wanted));
  if (!isFields(right)) return false;
  if (Array.isArray(right['set'])) return right['set'].some((one) => holds(one, wanted));
  const range = right['range'];
  if (Array.isArray(range) && typeof wanted === 'number') return Number(range[0]) <= wanted && wanted <= Number(range[1]);
  return false;
}
const negated = (fits: boolean, op: string): Fit => (fits === (op !== '!=') ? 'yes' : 'no');

function fitOf(expression: unknown, traffic: Traffic): { readonly fit: Fit; readonly named: boolean } {
  const match = fieldOf(expression, 'match');
  if (match === undefined) return { fit: 'yes', named: false };
  const op = textOf(fieldOf(match, 'op'));
  const right = fieldOf(match, 'right');
  const protocol = textOf(fieldOf(match, 'left', 'payload', 'protocol'));
  const field = textOf(fieldOf(match, 'left', 'payload', 'field'));
  if (field === 'dport') {
    if (protocol !== traffic.protocol && protocol !== 'th') return { fit: 'no', named: false };
    if (traffic.port === null) return { fit: 'no', named: false };
    const fit = negated(holds(right, traffic.port), op);
    return { fit, named: fit === 'yes' && op !== '!=' };
  }
  if (field === 'sport') return { fit: 'maybe', named: false };
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    if (traffic.protocol !== 'icmp') return { fit: 'no', named: false };
    const fit = field === 'type' ? negated(holds(right, 'echo-request'), op) : 'maybe';
    return { fit, named: fit === 'yes' };
  }
  if (protocol === 'udp' || protocol === 'tcp') return { fit: protocol === traffic.protocol ? 'maybe' : 'no', named: false };
  if (field === 'protocol' || field === 'nexthdr' || fieldOf(match, 'left', 'meta', 'key') === 'l4proto') {
    const fit = negated(holds(right, traffic.protocol), op);
    return { fit, named: fit === 'yes' && traffic.port === null };
  }
  // What comes first from a node is a new connection; replies pass by these rules, and say nothing about it.
  if (fieldOf(match, 'left', 'ct', 'key') === 'state') return { fit: negated(holds(right, 'new'), op), named: false };
  if (fieldOf(match, 'left', 'meta', 'key') === 'iifname')
    return { fit: negated(holds(right, 'lo'), op) === 'yes' && op !== '!=' ? 'no' : 'maybe', named: false };
  return { fit: 'maybe', named: false };
}

function ruleOf(rule: Fields): Rule {
  const expressions = Array.isArray(rule['expr']) ? rule['expr'].filter(isFields) : [];
  const last = expressions.find((one) => ['accept', 'drop', 'reject', 'jump', 'goto', 'return'].some((word) => word in one));
  const verdict = last === undefined ? null : (['accept', 'drop', 'reject', 'return'].find((word) => word in last) ?? 'jump');
  const target = last === undefined ? null : textOf(fieldOf(last, 'jump', 'target')) || textOf(fieldOf(last, 'goto', 'target'));
  const place = `table ${textOf(rule['family'])} ${textOf(rule['table'])}, chain ${textOf(rule['chain'])}, handle ${String(rule['handle'] ?? '?')}`;
  return {
    text: `${verdict ?? 'rule'} in ${place}`,
    verdict,
    target: target === null || target === '' ? null : target,
    fit(traffic) {
      const fits = expressions.map((one) => fitOf(one, traffic));
      const fit = fits.some((one) => one.fit === 'no') ? 'no' : fits.some((one) => one.fit === 'maybe') ? 'maybe' : 'yes';
      return { fit, named: fits.some((one) => one.named) };
    },
  };
}

type Passage = { readonly end: 'accepted' } | { readonly end: 'stopped'; readonly rule: string; readonly named: boolean } | null;

function walk(chains: ReadonlyMap<string, Chain>, chain: Chain, traffic: Traffic, depth: number): Passage {
  for (const rule of chain.rules) {
    const { fit, named } = rule.fit(traffic);
    if (fit === 'no') continue;
    if (rule.verdict === 'accept') return { end: 'accepted' };
    if ((rule.verdict === 'drop' || rule.verdict === 'reject') && (fit === 'yes' || named))
      return { end: 'stopped', rule: rule.text, named };
    if (rule.verdict === 'return' && fit === 'yes') return null;
    const next = rule.target === null ? undefined : chains.get(`${chain.key.split('\0').slice(0, 2).join('\0')}\0${rule.target}`);
    if (next === undefined || depth > 16) continue;
    const inside = walk(chains, next, traffic, depth + 1);
    if (inside !== null) return inside;
  }
  return null;
}

/**
 * What stops the traffic, from nft's JSON. Tables of Holdfast's own are left out: what they drop, they drop on purpose.
 * @returns null where it is no ruleset
 */
export function stoppedBy(json: string, wanted: readonly Traffic[]): readonly FirewallFacts[] | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const entries = fieldOf(value, 'nftables');
  if (!Array.isArray(entries)) return null;
  const chains = new Map<string, Chain>();
  const keyOf = (of: Fields, name: unknown): string => [textOf(of['family']), textOf(of['table']), textOf(name)].join('\0');
  for (const entry of entries) {
    const chain = fieldOf(entry, 'chain');
    if (isFields(chain) && !textOf(chain['table']).startsWith('holdfast')) {
      const key = keyOf(chain, chain['name']);
      const isInput = chain['hook'] === 'input' || chain['hook'] === 'prerouting' || chain['hook'] === 'ingress';
      chains.set(key, { key, isInput, policy: textOf(chain['policy']) || 'accept', rules: [] });
    }
    const rule = fieldOf(entry, 'rule');
    if (isFields(rule)) chains.get(keyOf(rule, rule['chain']))?.rules.push(ruleOf(rule));
  }
  const found: FirewallFacts[] = [];
  for (const chain of chains.values()) {
    if (!chain.isInput) continue;
    for (const traffic of wanted) {
      const passage = walk(chains, chain, traffic, 0);
      const place = chain.key.replaceAll('\0', ' ');
      if (passage?.end === 'stopped') found.push({ what: traffic.what, rule: passage.rule, named: passage.named });
      if (passage === null && chain.policy === 'drop')
        found.push({ what: traffic.what, rule: `the policy of chain ${place} is drop`, named: false });
    }
  }
  return found;
}

/** The same of the old iptables, from `iptables-save`: only what names us, and the policy. */
export function stoppedByIptables(text: string, wanted: readonly Traffic[]): readonly FirewallFacts[] {
  const lines = text.split('\n').map((line) => line.trim());
  const input = lines.filter((line) => line.startsWith('-A INPUT '));
  const policy = lines.some((line) => line.startsWith(':INPUT DROP'));
  return wanted.flatMap(({ what, protocol, port }): readonly FirewallFacts[] => {
    const names = (line: string): boolean =>
      (line.includes(`-p ${protocol}`) || (protocol === 'icmp' && line.includes('-p icmp'))) &&
      (port === null || new RegExp(`--dports? (?:\\S*,)?${port}(?:,|\\s|$)`).test(line));
    const first = input.find((line) => names(line) && / -j (ACCEPT|DROP|REJECT)/.test(line));
    if (first !== undefined) return first.includes('-j ACCEPT') ? [] : [{ what, rule: first, named: true }];
    return policy && !input.includes('-A INPUT -j ACCEPT')
      ? [{ what, rule: 'the policy of the chain INPUT is DROP', named: false }]
      : [];
  });
}

/** Asks nft, else iptables. Null where neither can be asked. */
export async function readFirewall(run: CommandRunner, wanted: readonly Traffic[]): Promise<readonly FirewallFacts[] | null> {
  const options = { timeoutMs: 5_000, env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin', LC_ALL: 'C' } };
  const nft = await run('nft', ['-j', 'list', 'ruleset'], options);
  if (nft.kind === 'done' && nft.code === 0) return stoppedBy(nft.stdout, wanted);
  const old = await run('iptables-save', [], options);
  return old.kind === 'done' && old.code === 0 ? stoppedByIptables(old.stdout, wanted) : null;
}
