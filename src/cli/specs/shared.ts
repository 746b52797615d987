import type { OptionSpec } from '../command.types.js';

/** `-i identity`: the action is automatic. */
export const identityOption: OptionSpec = {
  name: 'identity',
  short: 'i',
  value: 'identity',
  help: 'What acts by itself: logged, and counted against maxloop. Without it you act as administrator, which resets the counter.',
  complete: 'none',
};
/** `--timeout`. */
export const timeoutOption: OptionSpec = {
  name: 'timeout',
  value: 'TIME',
  help: 'Give up after that time (500ms, 30s, 5m, 1h; a bare number is seconds). Without it there is no limit.',
  complete: 'none',
};
/** `--wait`. */
export const waitOption: OptionSpec = { name: 'wait', help: 'Return when the action has ended, not when it was accepted.' };
/** `--nodes`. */
export const nodesOption: OptionSpec = {
  name: 'nodes',
  value: 'LIST',
  help: "Act on these nodes (n1,n2, or '*' for all) instead of this one.",
  complete: 'none',
};
/** `-s n`. */
export const linesOption: OptionSpec = {
  name: 'lines',
  short: 's',
  value: 'n',
  help: 'The last n lines (default 300).',
  complete: 'none',
};
/** `-A`. */
export const verboseOption: OptionSpec = { name: 'all', short: 'A', help: 'Also the levels I (information) and D (debug).' };
/** `-l en`. */
export const languageOption: OptionSpec = {
  name: 'language',
  short: 'l',
  value: 'en',
  help: 'Language of the messages; there is English.',
  complete: ['en'],
};
