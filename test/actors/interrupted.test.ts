import t from 'tap';
import { interruptedScript } from '../../src/actors/interrupted.js';
import { runRecord } from '../../src/actors/script.actor.js';
import type { Message } from '../../src/machines/messages.js';
import { activeModule, createFakePorts } from '../helpers/fake-ports.js';

t.test('what runs of an earlier daemon is asked until the table of processes can be read', async (t) => {
  const ports = createFakePorts();
  const path = '/safe/modules/farm/bin/start_both';
  await ports.records.save('farm', runRecord, { script: 'start_both', force: false, path, process: null, bootId: 'boot-1' });
  let asked = 0;
  ports.list = async () => {
    asked += 1;
    if (asked < 3) throw new Error('EMFILE: too many open files');
    return [{ pid: 7, startTime: 8, ppid: 1, name: 'start_both', args: ['/bin/sh', path] }];
  };
  const told: Message[] = [];
  const found = interruptedScript(
    { ports, compileMatcher: () => () => false, log: (line) => told.push(line) },
    activeModule('farm'),
    null,
  );
  await ports.clock.advance(1_000);
  t.same(await found, { script: 'start_both', force: false, process: { pid: 7, startTime: 8 }, fate: 'running' });
  t.equal(asked, 3);
  t.equal(told.length, 1, 'it is told once');
  t.match(told[0]?.message, /waits: the table of processes cannot be read: EMFILE/);
});
