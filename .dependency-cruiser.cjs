/** The 'may import' column of docs/architecture.md, as rules that fail the build. */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});
module.exports = {
  forbidden: [
    only('config-imports-nothing-of-ours', '^src/config/', [], 'The configuration is read without knowing who uses it.'),
    only('machines-import-config-types', '^src/machines/', ['^src/config/types'], 'Machines decide; they know only types of the configuration.'),
    only('actors-import-machines-and-config', '^src/actors/', ['^src/machines/', '^src/config/'], 'Actors carry: machines, and ports that they are handed.'),
    only(
      'io-implements-the-ports',
      '^src/io/',
      ['^src/actors/(ports|face|errors|stores|recorder-lines|recorder\\.types)', '^src/config/', '^src/machines/[^/]*types', '^src/machines/messages'],
      'io touches: it knows the ports it implements, and the words of the log.',
    ),
    only(
      'replay-runs-the-machines',
      '^src/replay/',
      ['^src/machines/', '^src/actors/(recorder|face|module-host)', '^src/config/', '^src/io/(journal-files|journal-zip)'],
      'A replay is machines, what was recorded, and nothing of the world (ADR 0010); its main.ts reads the files.',
    ),
    only(
      'http-sees-the-face',
      '^src/http/',
      ['^src/actors/(face|errors|ports)', '^src/config/'],
      'The HTTP surface sees the public face of the actors.',
    ),
    only(
      'cli-is-a-client',
      '^src/cli/',
      ['^src/http/(api-types|routes|route\\.types|log-format|schemas)', '^src/actors/errors', '^src/config/'],
      'The CLI is a client of the API; it reads configuration files by itself only to check them (ADR 0004).',
    ),
    only(
      'demo-is-a-client',
      '^src/demo/',
      ['^src/http/(api-types|routes|route\\.types|log-format)', '^src/actors/errors', '^src/config/', '^src/cli/(client|cli-error)', '^src/io/linux/proc-table'],
      'The demo is a client of the API; it also looks at processes, to end what it began.',
    ),
    only(
      'sim-runs-the-actors',
      '^src/sim/',
      ['^src/machines/', '^src/actors/', '^src/config/'],
      'The simulator is another world for the same actors (ADR 0011); it knows nothing of the real one.',
    ),
    {
      name: 'machines-are-pure',
      severity: 'error',
      comment: 'No Node, no library but xstate: that makes the simulator, the replay and the model checking exact.',
      from: { path: '^src/machines/' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: ['node_modules/xstate/'] },
    },
    {
      name: 'config-touches-nothing',
      severity: 'error',
      comment: 'Reading a configuration is a function of its text.',
      from: { path: '^src/config/' },
      to: { dependencyTypes: ['core'], path: '^(fs|fs/promises|child_process|dgram|http|https|os|worker_threads)$' },
    },
    {
      name: 'xstate-only-where-machines-run',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(machines|actors|sim|replay)/'] },
      to: { path: 'node_modules/xstate/' },
    },
    {
      name: 'only-main-builds-real-ports',
      severity: 'error',
      comment: 'The composition root is the only place that puts real ports together.',
      from: { path: '^src/', pathNot: ['^src/(io/|main\\.ts|compose\\.ts|demo/|replay/main\\.ts)'] },
      to: { path: '^src/io/' },
    },
    {
      name: 'loaded-when-used',
      severity: 'error',
      comment: 'What only some daemons use is imported when they use it: mail, metrics and SNMP cost the others no memory.',
      from: { path: '^src/', pathNot: '^src/io/(notify|metrics|snmp)/(?!(notifications|metrics|snmp)\\.ts$)' },
      to: {
        path: '^src/io/(notify|metrics|snmp)/|node_modules/(nodemailer|prom-client|net-snmp)/',
        pathNot: '^src/io/(notify/notifications|metrics/(metrics|tally)|snmp/snmp)\\.ts$',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-orphans-of-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'], extensions: ['.ts', '.js'] },
  },
};
