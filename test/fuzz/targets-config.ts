/** Configuration: cluster.xml, userconfig.xml, failover rules in both languages, regular expressions. */
import { readFileSync } from 'node:fs';
import { parseClusterXml } from '../../src/config/cluster-config.js';
import { expandUserConfig, parseUserConfig } from '../../src/config/module-config.js';
import { compilePosixRegex } from '../../src/config/posix-regex.js';
import { formatProblems } from '../../src/config/problems.js';
import { readLuaRules } from '../../src/config/rules-lua.js';
import { type ReadRules, readRules } from '../../src/config/rules-parser.js';
import { printName, printRule } from '../../src/config/rules-print.js';
import { ruleTokens } from '../../src/config/rules-tokens.js';
import { parseTime } from '../../src/config/time-value.js';
import type { ConfigResult } from '../../src/config/types.js';
import { unsupported } from '../../src/config/unsupported.js';
import { findingsOf, fixture } from '../config/fixtures.js';
import { mutateText, pickFrom } from './mutate.js';
import { must, type Target } from './target.js';

const template = (name: string): string =>
  readFileSync(new URL(`../../conf/modules/${name}/conf/userconfig.xml`, import.meta.url), 'utf8');
const fixtures = (...names: readonly string[]): readonly string[] => names.map((name) => fixture(`${name}.xml`));
const userConfigs = [
  ...fixtures('farm-aws-7', 'farm-82', 'mirror', 'light', 'legacy', 'many-errors', 'windows-good', 'rules-errors'),
  ...['farm', 'light', 'nginx', 'ocf'].map(template),
];
const clusters = fixtures('cluster', 'cluster-errors');
const env = { HOME: '/root', X: '<%Y%>]]>', PORT: '%PORT%' };
const xmlWords = [
  ...[
    '<',
    '>',
    '/>',
    '</safe>',
    '<safe>',
    '<service mode="farm">',
    '<lan name="a"/>',
    '"',
    "'",
    '=',
    ' a="',
    '&',
    '&lt;',
    '&#0;',
  ],
  ...[
    '&#x110000;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '--',
    '<?xml version="1.0"?>',
    '?>',
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    '%HOME%',
  ],
  ...[
    '<macro name="A" value="%A%"/>',
    '%A%',
    ' mode="mirror"',
    ' name="',
    ' addr="::1"',
    '<check>',
    '<group name="g">',
    'xmlns:a="b"',
  ],
];

function complete(result: ConfigResult<unknown>, text: string): void {
  const findings = findingsOf(result);
  const lines = text.split(/\r\n?|\n/).length;
  must(result.ok === !findings.some(({ severity }) => severity === 'error'), 'refused without an error, or taken with one');
  must(
    findings.every(({ line, column }) => line >= 1 && line <= lines && column >= 1),
    'a finding outside of the file',
  );
  must(findings.length <= 501, 'findings without bound');
  formatProblems(findings);
}

/** userconfig.xml, read and expanded. */
export const userConfigXml: Target = {
  name: 'userconfig.xml',
  weight: 6,
  limitMs: 1_000,
  begin: () => (random) => {
    const text = mutateText(random, pickFrom(random, userConfigs), userConfigs, xmlWords);
    return {
      show: () => text,
      feed: () => {
        const result = parseUserConfig(text, 'f', env);
        complete(result, text);
        if (result.ok) unsupported(result.value);
        if (random.chance(0.2)) complete(expandUserConfig(text, 'f', env), text);
      },
    };
  },
};

/** cluster.xml. */
export const clusterXml: Target = {
  name: 'cluster.xml',
  weight: 4,
  limitMs: 1_000,
  begin: () => (random) => {
    const text = mutateText(random, pickFrom(random, clusters), clusters, xmlWords);
    return { show: () => text, feed: () => complete(parseClusterXml(text, 'f'), text) };
  },
};

const sections = userConfigs
  .flatMap((text) => text.split('<![CDATA[').slice(1))
  .map((part) => part.slice(0, part.indexOf(']]>')));
const isLua = (text: string): boolean => text.trimStart().startsWith('--');
const ruleWords = [
  ...[
    'if',
    'then',
    '(',
    ')',
    '!',
    '==',
    '!=',
    '&&',
    '||',
    ':',
    ';',
    'up',
    'down',
    'unknown',
    'nil',
    '/*',
    '*/',
    '?',
    '*',
    'tcp.web',
  ],
  ...['local.', 'remote.', 'restart()', 'wait()', 'a: if (tcp.web == down) then stop();', '((((((((', '!!!!!!!!'],
];
const luaWords = [
  ...[
    'Rules',
    '=',
    '+',
    '{',
    '}',
    'if_then(',
    '"tcp.web"',
    '"down"',
    'Action.stop',
    ')',
    ',',
    ';',
    '[',
    ']',
    '["a"]',
    '--',
    '--[[',
  ],
  ...[']]', '--[==[', ']==]', "'", '"', '\\', '\\x41', '\\u{110000}', '\\z', 'Rules.disable', '_group', '{{{{{{{{', '0x1p4'],
];
function isOneName(text: string): boolean {
  const findings: unknown[] = [];
  const [first] = ruleTokens(text, (finding) => findings.push(finding));
  return findings.length === 0 && first?.kind === 'name' && first.text === text;
}
function readable({ rules, errors, disabled }: ReadRules, text: string): void {
  must(
    errors.every(({ offset }) => offset >= 0 && offset <= text.length),
    'a finding outside of the text',
  );
  must(disabled.length <= text.length, 'more than there is');
  for (const rule of rules) {
    const again = readRules(printRule(rule));
    // A Lua name is any text; only what is a word of the rule language can be read back.
    if (/^[A-Za-z_]\w*$/.test(rule.label) && rule.names.every(({ name }) => isOneName(printName(name))))
      must(again.errors.length === 0 && again.rules.length === 1, `printed: ${printRule(rule)}`);
  }
}

/** Failover rules in their own language. */
export const ruleTexts: Target = {
  name: 'failover rules',
  weight: 4,
  limitMs: 500,
  begin: () => (random) => {
    const text = mutateText(random, pickFrom(random, sections), sections, ruleWords);
    return { show: () => text, feed: () => readable(readRules(text), text) };
  },
};

const luaSections = sections.filter(isLua);
/** Failover rules in Lua. */
export const luaTexts: Target = {
  name: 'failover rules in Lua',
  weight: 4,
  limitMs: 500,
  begin: () => (random) => {
    const text = mutateText(random, pickFrom(random, luaSections), sections, luaWords);
    return { show: () => text, feed: () => readable(readLuaRules(text), text) };
  },
};

const patterns = [
  '^/usr/bin/worker( |$)',
  '^old[[:digit:]]+$',
  '(a|b)*c{2,5}?',
  '[^]a-z[:alpha:]]+\\.(x|y)$',
  '((a+)+)+b',
  '.*\\(x\\).*',
];
const patternWords = [
  '[[:alpha:]]',
  '[',
  ']',
  '(',
  ')',
  '{1,255}',
  '{0}',
  '*',
  '+',
  '?',
  '|',
  '^',
  '$',
  '\\',
  '[a-',
  '.',
  '[[.a.]]',
];
/** Regular expressions of `errd`, each matched against a text that makes backtracking ones slow; times beside them. */
export const regexes: Target = {
  name: 'regular expressions, times',
  weight: 2,
  limitMs: 250,
  begin: () => (random) => {
    const pattern = mutateText(random, pickFrom(random, patterns), patterns, patternWords);
    const time = mutateText(random, random.pick(['10s', '1m', '100ms', '24h', '0.5s']), ['d', '1'], ['ms', 'us', 'd', '.', '-']);
    return {
      show: () => `${JSON.stringify(pattern)} ${JSON.stringify(time)}`,
      feed: () => {
        const compiled = compilePosixRegex(pattern, { ignoreCase: random.chance(0.5) });
        if (compiled.ok) compiled.regex.test(`${'a'.repeat(60)}!/usr/bin/worker x`);
        const parsed = parseTime(time, 's');
        must(!parsed.ok || (Number.isFinite(parsed.value) && parsed.value >= 0), `a time of ${time}`);
      },
    };
  },
};
