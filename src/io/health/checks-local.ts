/** Checks of this machine alone. */
import type { HealthCheck, Sight } from './checks.js';
import type { HealthFacts } from './facts.js';

const mebibyte = 1024 * 1024;
const size = (bytes: number): string =>
  bytes >= 1024 * mebibyte ? `${(bytes / (1024 * mebibyte)).toFixed(1)} GiB` : `${Math.round(bytes / mebibyte)} MiB`;
const percent = (part: number, whole: number): number => (whole === 0 ? 100 : (100 * part) / whole);
/** What was found, or one sight that all is well. */
const orOk = (sights: readonly Sight[], seen: string): readonly Sight[] => (sights.length > 0 ? sights : [{ level: 'ok', seen }]);
const day = 86_400_000;

/** A clock that was set by more than this is told, in ms. */
const clockSetMs = 1_000;
/** A slower write with fsync is told, in ms. */
const slowFsyncMs = 100;
const verySlowFsyncMs = 1_000;
/** A longer delay of the event loop is told, in ms. */
const slowLoopMs = 200;

function disks(facts: HealthFacts): readonly Sight[] {
  return facts.disks.map(({ path, freeBytes, totalBytes }) => {
    const free = percent(freeBytes, totalBytes);
    const seen = `${path} has ${size(freeBytes)} of ${size(totalBytes)} free (${free.toFixed(0)} %)`;
    const level = freeBytes < 64 * mebibyte || free < 1 ? 'error' : freeBytes < 512 * mebibyte || free < 5 ? 'warning' : 'ok';
    return { level, seen };
  });
}
function inodes(facts: HealthFacts): readonly Sight[] {
  const counted = facts.disks.filter((disk) => disk.inodes > 0);
  const sights = counted.map(({ path, inodes: all, freeInodes }): Sight => {
    const free = percent(freeInodes, all);
    return { level: free < 1 ? 'error' : free < 5 ? 'warning' : 'ok', seen: `${path} has ${freeInodes} of ${all} inodes free` };
  });
  return orOk(sights, 'the file systems count no inodes');
}
function writable(facts: HealthFacts): readonly Sight[] {
  const failed = facts.disks.filter((disk) => disk.writeError !== null);
  const sights = failed.map(
    ({ path, writeError }): Sight => ({ level: 'error', seen: `${path} cannot be written: ${writeError}` }),
  );
  return orOk(sights, `${facts.disks.map((disk) => disk.path).join(' and ')} can be written`);
}
function fsync(facts: HealthFacts): readonly Sight[] {
  const timed = facts.disks.filter((disk) => disk.fsyncMs !== null);
  const sights = timed.map(({ path, fsyncMs }): Sight => {
    const ms = fsyncMs ?? 0;
    const level = ms > verySlowFsyncMs ? 'error' : ms > slowFsyncMs ? 'warning' : 'ok';
    return { level, seen: `a small write to ${path} with fsync took ${ms.toFixed(0)} ms` };
  });
  return orOk(sights, 'not measured');
}

export const localChecks: readonly HealthCheck[] = [
  {
    id: 'daemon',
    title: 'The daemon answers',
    triggers: 'Error when holdfastd does not answer on its socket.',
    why: 'Without the daemon nobody watches the applications of this node, and the other nodes take it for dead.',
    remedy: 'start it: systemctl start holdfastd; its reasons are in journalctl -u holdfastd',
    look: ({ daemonError, version }) =>
      daemonError === null
        ? [{ level: 'ok', seen: `holdfastd ${version} answers` }]
        : [{ level: 'error', seen: `holdfastd does not answer: ${daemonError}` }],
  },
  {
    id: 'daemon.loop',
    title: "The daemon's event loop",
    triggers: 'Warning when it stood still for more than 200 ms while it was watched, error for more than 2 s.',
    why: 'While it stands still, nothing is decided: a failed application is seen later. After 2 s the health probe says no.',
    remedy: 'look for what keeps the machine busy (load, swapping, a slow disk), and for large requests in the log',
    look: ({ loopDelayMs }) =>
      loopDelayMs === null
        ? [{ level: 'note', seen: 'the delay was not measured: the daemon does not answer', remedy: 'start the daemon' }]
        : [
            {
              level: loopDelayMs > 2_000 ? 'error' : loopDelayMs > slowLoopMs ? 'warning' : 'ok',
              seen: `the longest delay was ${loopDelayMs.toFixed(0)} ms`,
            },
          ],
  },
  {
    id: 'clock.synchronised',
    title: 'The clock is kept right',
    triggers: 'Warning when the kernel says that nothing synchronises the clock.',
    why: 'Detection uses another clock, but logs of several nodes cannot be compared, and certificates and logins depend on the time.',
    remedy: 'install chrony, or systemctl enable --now systemd-timesyncd',
    look: ({ clock }) =>
      clock.synchronised === null
        ? [{ level: 'note', seen: 'it cannot be found out here whether the clock is synchronised' }]
        : clock.synchronised
          ? [{ level: 'ok', seen: 'the clock is synchronised' }]
          : [{ level: 'warning', seen: 'the kernel says that the clock is not synchronised' }],
  },
  {
    id: 'clock.set',
    title: 'The clock was not set',
    triggers: "Warning when the wall clock has moved by more than 1 s against the monotonic clock since the daemon's start.",
    why: 'Times in the logs before and after that do not fit together. Nothing else depends on it.',
    remedy: 'let a time service adjust the clock slowly; look for programs or a hypervisor that set it',
    look: ({ clock: { setByMs } }) =>
      setByMs === null
        ? [{ level: 'note', seen: 'not known: the daemon does not answer', remedy: 'start the daemon' }]
        : [
            {
              level: Math.abs(setByMs) > clockSetMs ? 'warning' : 'ok',
              seen: `since the daemon's start the wall clock has moved by ${(setByMs / 1000).toFixed(1)} s against the monotonic one`,
            },
          ],
  },
  {
    id: 'disk.space',
    title: 'Room on the disk',
    triggers: 'Warning below 5 % or 512 MiB free, error below 1 % or 64 MiB, on the file systems of SAFE and SAFEVAR.',
    why: 'On a full disk logs and the state of the modules are lost, and a daemon that is started again does not know what was wanted.',
    remedy: 'make room; holdfast clean log -m AM removes the logs of a module, SAFEVAR/snapshot holds dumps',
    look: disks,
  },
  {
    id: 'disk.inodes',
    title: 'Inodes',
    triggers: 'Warning below 5 % free, error below 1 %.',
    why: 'Without inodes no file can be made, although there is room.',
    remedy: 'find the directory with very many files: du --inodes -x / | sort -n | tail',
    look: inodes,
  },
  {
    id: 'disk.writable',
    title: 'SAFEVAR can be written',
    triggers: 'Error when a small file cannot be written.',
    why: 'States, logs and the journal cannot be kept.',
    remedy: 'look at dmesg for errors of the disk, and mount the file system read-write; check the owner of SAFEVAR',
    look: writable,
  },
  {
    id: 'disk.fsync',
    title: 'The disk is quick',
    triggers: 'Warning when a small write with fsync takes more than 100 ms, error for more than 1 s.',
    why: 'The state of a module is written at each change; a slow disk delays what follows.',
    remedy: 'look for what writes so much (iotop), and put SAFEVAR on another disk',
    look: fsync,
  },
  {
    id: 'logs.lost',
    title: 'No log line was lost',
    triggers: 'Warning when the disk refused lines since the start of the daemon.',
    why: 'What happened then cannot be read any more.',
    remedy: 'make room on the disk of SAFEVAR, and look for its errors',
    look: ({ logLinesLost }) =>
      logLinesLost === null
        ? [{ level: 'note', seen: 'not known: the daemon does not answer', remedy: 'start the daemon' }]
        : [{ level: logLinesLost > 0 ? 'warning' : 'ok', seen: `${logLinesLost} log lines lost since the daemon's start` }],
  },
  {
    id: 'machine',
    title: 'Cores, memory, swap',
    triggers:
      'Warning when less than 10 % of the memory is available, or a swap space is used to more than 80 %; a note without swap on less than 2 GiB.',
    why: 'A machine that swaps or kills processes for want of memory looks like a dead one.',
    remedy: 'give the machine more memory, or run less on it',
    look: ({ machine: { cores, memoryBytes, availableBytes, swapBytes, swapFreeBytes } }) => {
      const seen = `${cores} cores, ${size(availableBytes)} of ${size(memoryBytes)} memory available, ${size(swapBytes)} swap`;
      if (percent(availableBytes, memoryBytes) < 10) return [{ level: 'warning', seen }];
      if (swapBytes > 0 && percent(swapFreeBytes, swapBytes) < 20)
        return [{ level: 'warning', seen: `${seen}, ${size(swapFreeBytes)} of it free` }];
      return [{ level: swapBytes === 0 && memoryBytes < 2048 * mebibyte ? 'note' : 'ok', seen }];
    },
  },
  {
    id: 'limits.files',
    title: 'Limit of open files',
    triggers: 'Warning when the daemon may open fewer than 4,096 files, or has used more than 80 % of them.',
    why: 'Each watched process, connection and log needs a descriptor; without one, processes are not watched.',
    remedy: 'set LimitNOFILE=65536 in the unit of holdfastd (it is there in the one that comes with Holdfast)',
    look: ({ openFiles }) =>
      openFiles === null
        ? [{ level: 'note', seen: 'the limit cannot be read' }]
        : [
            {
              level: openFiles.soft < 4096 || percent(openFiles.inUse, openFiles.soft) > 80 ? 'warning' : 'ok',
              seen: `${openFiles.inUse} of ${openFiles.soft} files are open`,
            },
          ],
  },
  {
    id: 'files.modes',
    title: 'Modes and owners of files',
    triggers: 'Error when others may read a secret, or write what the daemon runs; warning for the rest.',
    why: "Whoever can write a module's scripts is root on this node; whoever has the cluster key can speak for any node.",
    remedy: 'see each finding',
    look: ({ modes }) =>
      orOk(
        modes.map(
          ({ path, problem, remedy, secret }): Sight => ({
            level: secret ? 'error' : 'warning',
            seen: `${path} ${problem}`,
            remedy,
          }),
        ),
        'keys, sockets, directories and scripts are writable and readable only by whom they should',
      ),
  },
  {
    id: 'scripts.executable',
    title: 'Scripts are executable',
    triggers: 'Error for a start, stop or checker script of an applied configuration that is not executable.',
    why: 'A script that cannot be run is skipped as if it were not there: the application is not started, or not stopped.',
    remedy: 'chmod +x the script in SAFE/modules/AM/bin, then holdfast config -m AM',
    look: ({ notExecutable }) =>
      orOk(
        notExecutable.map(
          ({ module, path }): Sight => ({ level: 'error', seen: `${path} of module ${module} is not executable` }),
        ),
        'every script of the modules is executable',
      ),
  },
  {
    id: 'tools',
    title: 'Tools that are needed are there',
    triggers: 'Error for a program that a configured module, or one of its scripts, needs and that is not there.',
    why: 'The checker or the script fails, and the module with it.',
    remedy: 'install the package that holds it',
    look: ({ missingTools }) =>
      orOk(
        missingTools.map(({ tool, neededBy }): Sight => ({ level: 'error', seen: `${tool} is missing; ${neededBy} needs it` })),
        'every program that the modules need is there',
      ),
  },
  {
    id: 'certificates',
    title: 'Certificates are valid',
    triggers: 'Warning from 30 days before a certificate of SAFEVAR ends, error when it has ended. Ok where there is none.',
    why: 'Browsers and nodes refuse a certificate that has ended.',
    remedy: 'renew it (holdfast https renews its own before they end), or put a new one in its place',
    look: ({ certificates, nowMs }) =>
      orOk(
        certificates.map(({ path, notAfterMs }): Sight => {
          const days = Math.floor((notAfterMs - nowMs) / day);
          return days < 0
            ? { level: 'error', seen: `${path} ended ${-days} days ago` }
            : { level: days < 30 ? 'warning' : 'ok', seen: `${path} is valid for ${days} more days` };
        }),
        'there are no certificates',
      ),
  },
];
