/** Two daemons on loopback addresses, and the cluster that they form. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { RealDaemon } from './daemon.js';
import { freeTcpPort, freeUdpPort, place } from './place.js';

export interface Pair {
  readonly directory: string;
  readonly httpPort: number;
  readonly n1: RealDaemon;
  readonly n2: RealDaemon;
  /** The cluster.xml that `form` applies. */
  readonly file: string;
  /** Its text: n1 at 127.0.0.1, n2 at 127.0.0.2. @param attributes more of `<lans>` */
  xml(attributes?: string): string;
  /** Applies it on n1 and takes it over, with the key, on n2. Both run. */
  form(attributes?: string): Promise<void>;
}

/** Both, not started yet. @param listen where the web service of each is, when it is not where cluster.xml says */
export async function pairOf(t: Test, listen: readonly [string, string] = ['127.0.0.1', '127.0.0.2']): Promise<Pair> {
  const directory = place(t);
  const [httpPort, udpPort] = [await freeTcpPort('0.0.0.0'), await freeUdpPort('0.0.0.0')];
  const node = (name: string, address: string): RealDaemon =>
    new RealDaemon({ directory: join(directory, name), node: name, httpPort, listen: [address] });
  const [n1, n2] = [node('n1', listen[0]), node('n2', listen[1])];
  const file = join(directory, 'cluster.xml');
  const xml = (attributes = ''): string =>
    `<cluster><lans port="${udpPort}" ${attributes}><lan name="default"><node name="n1" addr="127.0.0.1"/><node name="n2" addr="127.0.0.2"/></lan></lans></cluster>\n`;
  return {
    ...{ directory, httpPort, n1, n2, file, xml },
    async form(attributes) {
      const bundle = join(directory, 'cluster.zip');
      writeFileSync(file, xml(attributes));
      await n1.must('cluster', 'config', file);
      await n1.must('cluster', 'package', bundle);
      await n2.must('cluster', 'config', bundle);
    },
  };
}
