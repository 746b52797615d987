import { type AttributeSpec, time } from './attribute-types.js';
import type { Parsed } from './time-value.js';
import type { Drain } from './types.js';

/** How long the probe says no before a planned stop begins: `0s`, a time, or `auto`. Ours. */
export function drain(name: string): AttributeSpec<Drain> {
  const doc =
    'On a planned stop the probe answers 404 for this long while the application goes on; `auto`: until the balancers that ask have noticed.';
  const base = time(name, 0, 's', doc, { since: 'ours', minMs: 0, maxMs: 3_600_000 });
  const parse = (text: string): Parsed<Drain> => {
    if (text.trim() === 'auto') return { ok: true, value: { kind: 'auto' } };
    const parsed = base.parse(text);
    if (!parsed.ok) return parsed;
    return { ...parsed, value: parsed.value === 0 ? { kind: 'none' } : { kind: 'time', ms: parsed.value } };
  };
  return { ...base, allowed: `\`auto\`, or ${base.allowed}`, fallback: { kind: 'none' }, parse };
}
