/** Two real daemons on 127.0.0.1 and 127.0.0.2 with modules that can be broken, for the console's tests. */
import type { Test } from 'tap';
import type { RealDaemon } from '../e2e/daemon.js';
import { journalModule } from '../e2e/modules.js';
import { pairOf } from '../e2e/pair.js';
import { until } from '../e2e/until.js';

export interface Lab {
  readonly n1: RealDaemon;
  readonly n2: RealDaemon;
  /** Address of the console on n1, and on n2. */
  readonly console: string;
  readonly console2: string;
}

/** Starts both, joined into one cluster, without a module. */
export async function startLab(t: Test): Promise<Lab> {
  const { httpPort, n1, n2, form } = await pairOf(t);
  // One after the other: beside a browser there is little room on a small machine.
  await n1.start();
  await n2.start();
  await form();
  await until('n1 hears n2', async () => (await n1.nodes()).every((node) => node.online), 30_000);
  return { n1, n2, console: `http://127.0.0.1:${httpPort}/console/`, console2: `http://127.0.0.2:${httpPort}/console/` };
}

/** Installs a module on both nodes, and starts it where that is said. */
export async function installOnBoth(
  lab: Lab,
  name: string,
  options: Parameters<typeof journalModule>[2],
  start = true,
): Promise<void> {
  for (const daemon of [lab.n1, lab.n2]) {
    await daemon.install(name, journalModule(daemon, name, options));
    if (!start) continue;
    await daemon.must('start', '-m', name);
    await daemon.reaches(name, 'UP Ready');
  }
}
