import t from 'tap';
import type { ScriptPortEvent, ScriptSpec } from '../../../src/actors/ports.js';
import { createHost } from '../../../src/io/host.js';
import type { CommandOptions, CommandResult, CommandRunner } from '../../../src/io/run-command.js';
import { quoteForCmd, splitCommandLine } from '../../../src/io/windows/command-line.js';
import { parseJsonList } from '../../../src/io/windows/powershell.js';
import { createWindowsProcesses, parseProcesses } from '../../../src/io/windows/processes.js';
import { createWindowsScripts, taskkillArguments, windowsLaunch } from '../../../src/io/windows/scripts.js';
import { createWindowsServices, parseServices } from '../../../src/io/windows/services.js';

interface Call {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: CommandOptions;
}
function recorded(result: CommandResult | string) {
  const calls: Call[] = [];
  const run: CommandRunner = async (file, args, options) => {
    calls.push({ file, args, options });
    return typeof result === 'string' ? { kind: 'done', code: 0, stdout: result, stderr: '' } : result;
  };
  return { calls, run };
}

/**
 * As `ConvertTo-Json -Compress` of Windows PowerShell 5.1 prints it: \u0027 for the apostrophe, a line end of Windows, a
 * byte-order mark.
 */
const table =
  '\uFEFF[{"Pid":0,"Parent":0,"Name":"System Idle Process","Line":null,"Start":0},' +
  '{"Pid":4,"Parent":0,"Name":"System","Line":null,"Start":1719830000000},' +
  '{"Pid":4242,"Parent":780,"Name":"W3WP.exe","Line":"c:\\\\windows\\\\system32\\\\inetsrv\\\\w3wp.exe -ap \\"Shop, Größe 1.234,5\\" -v \\u0027v4.0\\u0027","Start":1719830123456},' +
  '{"Pid":5000,"Parent":4242,"Name":"cmd.exe","Line":"\\"C:\\\\Program Files\\\\app\\\\cmd.exe\\" /c \\"echo \\\\\\"hi\\\\\\"\\"","Start":1719830200001}]\r\n';

t.test('the process table of Windows is read', async (t) => {
  const { run, calls } = recorded(table);
  const processes = createWindowsProcesses({ run, numberIsTaken: (pid) => pid !== 6000 });
  t.same(await processes.list(), [
    { pid: 4, startTime: 1719830000000, ppid: 0, name: 'system', args: [] },
    {
      pid: 4242,
      startTime: 1719830123456,
      ppid: 780,
      name: 'w3wp.exe',
      args: ['c:\\windows\\system32\\inetsrv\\w3wp.exe', '-ap', 'Shop, Größe 1.234,5', '-v', "'v4.0'"],
    },
    {
      pid: 5000,
      startTime: 1719830200001,
      ppid: 4242,
      name: 'cmd.exe',
      args: ['C:\\Program Files\\app\\cmd.exe', '/c', 'echo "hi"'],
    },
  ]);
  t.match(calls, [
    { file: /\\System32\\WindowsPowerShell\\v1.0\\powershell.exe$/, args: ['-NoLogo', '-NoProfile', '-NonInteractive'] },
  ]);
  t.equal(processes.isAlive({ pid: 4242, startTime: 1719830123456 }), true);
  t.equal(processes.isAlive({ pid: 4242, startTime: 1719830125000 }), true, 'noted by another clock');
  t.equal(processes.isAlive({ pid: 4242, startTime: 1719830000000 }), false, 'the number was given to another');
  t.equal(processes.isAlive({ pid: 6000, startTime: 1 }), false);
  t.equal(processes.isAlive({ pid: 7000, startTime: 1 }), true, 'not in the table yet');
  t.equal(
    processes.watchExit({ pid: 4242, startTime: 1 }, () => undefined),
    null,
  );
});

t.test('a table that cannot be read is an error', async (t) => {
  for (const result of [
    { kind: 'failed', code: 'ENOENT', message: 'no powershell' },
    { kind: 'done', code: 1, stdout: '', stderr: 'Access denied' },
    { kind: 'done', code: 0, stdout: 'Zugriff verweigert', stderr: '' },
  ] as const)
    await t.rejects(createWindowsProcesses({ run: recorded(result).run }).list());
});

t.test('a signal ends the process that was meant, and no other', async (t) => {
  const { run } = recorded(table);
  const ended: number[] = [];
  const end = (pid: number): void => {
    if (pid === 4) throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    if (pid === 5000) throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    ended.push(pid);
  };
  const processes = createWindowsProcesses({ run, numberIsTaken: () => true, end });
  await processes.list();
  t.equal(processes.signal({ pid: 4242, startTime: 1719830000000 }, 'SIGTERM'), 'gone', 'another has that number now');
  t.same(ended, []);
  t.equal(processes.signal({ pid: 4242, startTime: 1719830123456 }, 'SIGTERM'), 'sent');
  t.same(ended, [4242]);
  t.equal(processes.signal({ pid: 4, startTime: 1719830000000 }, 'SIGKILL'), 'refused');
  t.equal(processes.signal({ pid: 5000, startTime: 1719830200001 }, 'SIGKILL'), 'gone');
});

t.test('one object comes without a list around it, none as nothing, other things are left out', async (t) => {
  t.same(parseProcesses('{"Pid":1,"Parent":null,"Name":"A.exe","Line":null,"Start":null}\r\n'), [
    { pid: 1, startTime: 0, ppid: 0, name: 'a.exe', args: [] },
  ]);
  t.same(parseProcesses(' \r\n'), []);
  t.same(parseProcesses('[1,null,{"Pid":"x","Name":"y"},{"Pid":3}]'), []);
  t.equal(parseProcesses(`{"Pid":1,"Name":"${'N'.repeat(80)}"}`)[0]?.name, 'n'.repeat(63));
  t.throws(() => parseJsonList('{'), SyntaxError);
});

t.test('command lines are split as the C run-time does', async (t) => {
  const cases: readonly [line: string, args: readonly string[]][] = [
    ['', []],
    ['a.exe', ['a.exe']],
    ['"C:\\Program Files\\a.exe" "b c" d', ['C:\\Program Files\\a.exe', 'b c', 'd']],
    ['a.exe "a b c"\t d  e ', ['a.exe', 'a b c', 'd', 'e']],
    // The examples of Microsoft's page.
    ['x "ab\\"c" "\\\\" d', ['x', 'ab"c', '\\', 'd']],
    ['x a\\\\\\b d"e f"g h', ['x', 'a\\\\\\b', 'de fg', 'h']],
    ['x a\\\\\\"b c d', ['x', 'a\\"b', 'c', 'd']],
    ['x a\\\\\\\\"b c" d e', ['x', 'a\\\\b c', 'd', 'e']],
    ['x a"b"" c d', ['x', 'ab" c d']],
    ['x "" "a', ['x', '', 'a']],
    ['x a\\', ['x', 'a\\']],
    ['x \\', ['x', '\\']],
  ];
  for (const [line, args] of cases) t.same(splitCommandLine(line), args, line);
});

t.test('services of Windows are read, whatever the language of the system', async (t) => {
  const stdout =
    '[{"Name":"W3SVC","State":"Running","ExitCode":0,"Pid":4242,"Start":1719830123456},{"Name":"MSSQL$SHOP","State":"Stopped","ExitCode":1067,"Pid":0,"Start":0},' +
    '{"Name":"Spooler","State":"Stopped","ExitCode":0,"Pid":0,"Start":0},{"Name":"Fax","State":"Stopped","ExitCode":1077,"Pid":0,"Start":0},' +
    '{"Name":"Slow","State":"Start Pending","ExitCode":0,"Pid":77,"Start":0},{"Name":"Odd","State":"Unknown","ExitCode":0,"Pid":0,"Start":0},' +
    '{"Name":"Paused","State":"Paused","ExitCode":0,"Pid":9,"Start":5}]\r\n';
  const { run, calls } = recorded(stdout);
  const names = ['w3svc', 'MSSQL$SHOP', 'Spooler', 'Fax', 'Slow', 'Odd', 'Paused', "none'; Stop-Computer #"];
  t.same(await createWindowsServices({ run }).states(names), [
    { name: 'w3svc', state: 'running', mainProcess: { pid: 4242, startTime: 1719830123456 } },
    { name: 'MSSQL$SHOP', state: 'failed', mainProcess: null },
    { name: 'Spooler', state: 'stopped', mainProcess: null },
    { name: 'Fax', state: 'stopped', mainProcess: null },
    { name: 'Slow', state: 'starting', mainProcess: null },
    { name: 'Odd', state: 'unknown', mainProcess: null },
    { name: 'Paused', state: 'stopped', mainProcess: { pid: 9, startTime: 5 } },
    { name: "none'; Stop-Computer #", state: 'stopped', mainProcess: null },
  ]);
  t.equal(calls.length, 1);
  t.same(JSON.parse(String(calls[0]?.options.env['HOLDFAST_SERVICES'])), names);
  t.notOk(calls[0]?.args.join(' ').includes('Stop-Computer'), 'names are never part of the script');
  t.same(await createWindowsServices({ run }).states([]), []);
  t.same(parseServices('[{"State":"Running"}]'), []);
  const failing = createWindowsServices({ run: recorded({ kind: 'failed', code: 'ETIMEDOUT', message: 'late' }).run });
  t.same(await failing.states(['a']), [{ name: 'a', state: 'unknown', mainProcess: null }]);
});

const spec = (path: string, args: readonly string[] = []): ScriptSpec => ({
  module: 'farm',
  script: 'start_both',
  path,
  args,
  env: {},
  cwd: '.',
  output: null,
});

t.test('each kind of script is run by its interpreter', async (t) => {
  const dir = 'C:\\safekit\\private\\modules\\farm\\bin';
  t.match(windowsLaunch(spec(`${dir}\\a.exe`, ['x y']), 0), { file: `${dir}\\a.exe`, args: ['x y'], verbatim: false });
  t.match(windowsLaunch(spec(`${dir}\\a.PS1`, ['x']), 0), {
    file: /powershell\.exe$/,
    args: [/NoLogo/, /NoProfile/, /NonInteractive/, /Exec/, 'Bypass', '-File', `${dir}\\a.PS1`, 'x'],
  });
  t.match(windowsLaunch(spec(`${dir}\\a.vbs`, ['x']), 0), {
    file: /cscript\.exe$/,
    args: ['//NoLogo', '//B', `${dir}\\a.vbs`, 'x'],
  });
  for (const extension of ['cmd', 'bat'])
    t.match(windowsLaunch(spec(`${dir}\\a.${extension}`, ['WAIT', '-Services', 'a & b, c^d', 'e\\']), 0), {
      file: /cmd\.exe$/,
      args: ['/d', '/v:off', '/s', '/c', `""${dir}\\a.${extension}" "WAIT" "-Services" "a & b, c^d" "e\\\\""`],
      verbatim: true,
    });
  t.match(windowsLaunch(spec(`${dir}\\a.cmd`, ['%PATH%']), 5), { refused: { type: 'failed', code: 'EINVAL', atMs: 5 } });
  t.match(windowsLaunch(spec(`${dir}\\a.sh`), 5), { refused: { type: 'failed', code: 'ENOEXEC' } });
  t.equal(quoteForCmd('a"b'), null);
  t.equal(quoteForCmd('a\r\nb'), null);
});

t.test('a script that is refused fails as an event', async (t) => {
  const processes = createWindowsProcesses({ run: recorded('[]').run, numberIsTaken: () => true });
  const scripts = createWindowsScripts({ processes, run: recorded('').run });
  t.teardown(() => scripts.close());
  const event = await new Promise<ScriptPortEvent>((resolve) => {
    scripts.start(spec('C:\\a.sh'), resolve);
  });
  t.match(event, { type: 'failed', code: 'ENOEXEC' });
});

t.test('the tree of an adopted script is ended by taskkill, unless its number was given to another', async (t) => {
  t.same(taskkillArguments(7, 'SIGTERM'), ['/PID', '7', '/T']);
  t.same(taskkillArguments(7, 'SIGKILL'), ['/PID', '7', '/T', '/F']);
  const { run, calls } = recorded('');
  const processes = createWindowsProcesses({ run: recorded(table).run, numberIsTaken: (pid) => pid === 4242 });
  const problems: string[] = [];
  const scripts = createWindowsScripts({ processes, run, onProblem: (message) => problems.push(message) });
  t.teardown(() => scripts.close());
  const first = await new Promise<ScriptPortEvent>((resolve) => {
    const adopted = scripts.adopt({ pid: 4242, startTime: 1719830123456 }, (event) => {
      adopted.signal('SIGKILL');
      adopted.close();
      resolve(event);
    });
  });
  t.match(first, { type: 'started', outputFile: null });
  t.match(calls, [{ file: /taskkill\.exe$/, args: ['/PID', '4242', '/T', '/F'] }]);
  const other = await new Promise<ScriptPortEvent>((resolve) => {
    const adopted = scripts.adopt({ pid: 4242, startTime: 1 }, (event) => {
      adopted.signal('SIGKILL');
      resolve(event);
      adopted.close();
    });
  });
  t.match(other, { type: 'exited', exit: { kind: 'unknown' } });
  t.equal(calls.length, 1);
  t.same(problems, []);
});

t.test('the boot id of Windows is the time of the last boot', async (t) => {
  const host = await createHost({ platform: 'win32', run: recorded('20240701T130509\r\n').run });
  t.equal(host.bootId, 'windows-20240701T130509');
  await t.rejects(createHost({ platform: 'win32', run: recorded('no idea').run }), /gave no boot time/);
});
