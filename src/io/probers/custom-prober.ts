/** Custom checkers of both modes, by the programs of one machine. */
import { createProgramRunner } from '../check-program.js';
import type { ScriptPlatform } from '../script-runner.js';
import { createCustomProbe } from './custom.js';
import { createLoopRunner, type LoopPorts } from './custom-loop.js';
import type { CustomProber } from './index.js';

/** Makes what the prober runs custom checkers with. */
export const createCustomProber = (platform: ScriptPlatform, ports: LoopPorts): CustomProber => ({
  check: createCustomProbe(createProgramRunner(platform, ports.clock)),
  ...createLoopRunner(ports),
});
