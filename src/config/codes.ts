/**
 * Codes of the findings in a configuration file, each with its meaning. They are values of `ConfigProblem.code`; the file as a whole is
 * then refused with `CONF_INVALID` of the error catalogue. `docs/config.md` lists them all.
 */
export const problemCodes = {
  CONF_XML: 'The file is not well-formed XML; it was read up to this place.',
  CONF_SYNTAX: 'A file of settings is not JSON; it was read up to this place.',
  CONF_SETTING_UNKNOWN: 'A file of settings has a name that there is not.',
  CONF_XML_DOCTYPE:
    'The DOCTYPE has declarations of its own, or stands in the wrong place; entities and external parts are never read.',
  CONF_XML_LIMIT: 'The file is larger, deeper or has more parts than a configuration may have.',
  CONF_ELEMENT_UNKNOWN: 'There is no such element at this place.',
  CONF_ELEMENT_MISSING: 'An element that is needed is not there.',
  CONF_ELEMENT_REPEATED: 'An element stands more often than it may.',
  CONF_ELEMENT_MODE: 'The element belongs to another mode of module.',
  CONF_ELEMENT_IGNORED: 'Warning: the element is accepted, but has no effect.',
  CONF_TEXT: 'Warning: text where none belongs is ignored.',
  CONF_ATTRIBUTE_UNKNOWN: 'Warning: there is no such attribute; it is ignored.',
  CONF_ATTRIBUTE_MISSING: 'An attribute that is needed is not there.',
  CONF_ATTRIBUTE_VALUE: 'The value is none that the attribute allows.',
  CONF_ATTRIBUTE_IGNORED: 'Warning: the attribute is accepted, but has no effect.',
  CONF_TIME_UNIT: 'The time is lost when it is rounded to the unit of the attribute.',
  CONF_TIME_ROUNDED: 'Warning: the time is rounded to the unit of the attribute.',
  CONF_REGEX: 'The pattern is not a POSIX extended regular expression that can be used here.',
  CONF_MACRO_UNKNOWN: 'A %NAME% is neither a macro defined before it nor an environment variable.',
  CONF_MACRO_VALUE: 'The value of a macro or variable cannot stand where it is used.',
  CONF_MACRO_LIMIT: 'Expanding the macros makes the file larger than a configuration may be.',
  CONF_DUPLICATE: 'A name, an address or an identity is used twice where it must be unique.',
  CONF_CONFLICT: 'Two settings, each right by itself, contradict each other.',
  CONF_DOUBTFUL: 'Warning: the setting is allowed, but probably not what was meant.',
  CONF_NAME_TRUNCATED: 'Warning: Linux knows only the first 15 characters of a process name; the rest is cut off.',
  CONF_NOT_DYNAMIC: 'The change cannot be carried out while the module runs; stop it first.',
  CONF_RULE: 'A failover rule cannot be read.',
  CONF_RULE_LUA: 'A section of rules in Lua holds something else than the forms that are read.',
  CONF_REFERENCE: 'A node or lan is named that cluster.xml does not have.',
  CONF_TOO_MANY: 'There are more findings than are listed.',
} as const satisfies Readonly<Record<string, string>>;

/** One of the codes above. */
export type ProblemCode = keyof typeof problemCodes;
