import { choice, integer, optional, required, text, time } from './attribute-types.js';

/** What the attributes of all checkers share. */
export const windows = ['pre', 'prim', 'second', 'sec', 'both'] as const;
const actions = ['restart', 'stopstart', 'stop', 'wait', 'noaction'] as const;
const actionDoc = 'What follows when it is down. `wait` with `when="pre"` only, the stronger ones with the others.';

/** `ident` of a checker whose resources are of that class. */
export const ident = (resource: string) => required(text('ident', '', `Identity; the resource is \`${resource}.<ident>\`.`));
/** `when`, where it need not be given. */
export const when = (fallbackText: string) =>
  optional(
    choice('when', windows, 'both', 'When it runs: after start_X until stop_X; `pre`: from prestart to poststop.'),
    fallbackText,
  );
/** `when`, where it must be given. */
export const requiredWhen = required(
  choice('when', windows, 'both', 'When it runs: after start_X until stop_X; `pre`: from prestart to poststop.'),
);
/** `when` of those that can look at a service elsewhere. */
export const serviceWhen = required(
  choice(
    'when',
    windows,
    'both',
    'When it runs: after start_X until stop_X; `pre`, for a service elsewhere: from prestart to poststop.',
  ),
);
/** `when` of those that have no other window than `pre`. */
export const alwaysPre = choice('when', ['pre'], 'pre', 'Always from prestart to poststop.');
/** `action` that depends on `when` where it is left out. */
export const dependentAction = (rule: string, fallbackText: string, since: string) =>
  optional(choice('action', actions, 'restart', `${actionDoc} Rule \`${rule}_<ident>\`.`, { since }), fallbackText);
/** `action` that is `noaction` where it is left out. */
export const optionalAction = (rule: string) => choice('action', actions, 'noaction', `${actionDoc} Rule \`${rule}_<ident>\`.`);
export const interval = (doc = 'Time between the beginnings of two tests.') => time('interval', 10, 's', doc);
export const timeout = (doc = 'Time for one test; what takes longer is down.') => time('timeout', 5, 's', doc);
/** Where an authority is found that only this checker trusts. */
export const ca = text(
  'ca',
  '',
  "File (PEM) with the certificates of authorities to trust besides this machine's and this cluster's: absolute, or in the module's folder (`conf/other.pem`).",
  { since: 'ours' },
);
export const grace = integer(
  'grace',
  1,
  'Equal results in a row before the resource changes; the first result always counts.',
  1,
  100,
  { since: 'ours' },
);
