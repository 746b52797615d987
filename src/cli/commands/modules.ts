/** `module …`: installing, packaging, listing (section 5.4 of the compatibility page). */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { ModuleList, ModuleSummary, PortList, TemplateList } from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { localTime, paintFor, printable, table } from '../format.js';
import { wholeNumber } from '../parse.js';
import { moduleName, modulePath, query, readNamedFile, show, writeNamedFile } from './shared.js';

/** A bare name that is no file here is looked for below SAFE/Application_Modules. */
async function findArchive(context: CommandContext, file: string): Promise<string> {
  const safe = context.io.env['SAFE'];
  if (!safe || basename(file) !== file || existsSync(resolve(context.io.cwd, file))) return file;
  const folder = join(safe, 'Application_Modules');
  try {
    const names = await readdir(folder, { recursive: true });
    const found = names.filter((name) => basename(name) === file).sort()[0];
    return found === undefined ? file : join(folder, found);
  } catch {
    return file;
  }
}

function moduleId(context: CommandContext, option: string): number | null {
  const text = context.text(option);
  return text === null ? null : wholeNumber(text, option === 'id' ? '-M' : '-i', 1, 255);
}

/** `module install`: from a .safe archive, or from a template. */
export async function install(context: CommandContext): Promise<number> {
  const module = moduleName(context);
  const file = context.args.operands[0];
  const template = context.text('template');
  if (file !== undefined && template !== null) throw usageError('either a .safe file or --template, not both');
  const parameters = { template, id: moduleId(context, 'id'), force: context.flag('replace') ? true : null };
  const body =
    file === undefined
      ? {}
      : { bytes: await readNamedFile(context, await findArchive(context, file)), headers: { 'content-type': 'application/zip' } };
  const summary = await context.client.json<ModuleSummary>('PUT', modulePath(module, query(parameters)), body);
  show(
    context,
    summary,
    () =>
      `${summary.name} is installed with id ${summary.id}; edit its configuration, then: holdfast config -m ${summary.name}\n`,
  );
  return 0;
}

/** `module uninstall`. */
export async function uninstall(context: CommandContext): Promise<number> {
  const module = moduleName(context);
  await context.client.json('DELETE', modulePath(module));
  if (!context.json) context.io.out(`${module} is uninstalled\n`);
  return 0;
}

/** `module list`: what is installed here; `--names` prints bare names, for scripts and shells. */
export async function list(context: CommandContext): Promise<number> {
  const modules = await context.client.json<ModuleList>('GET', '/modules?scope=local');
  const rows = modules.items.map((item) => [
    item.name,
    String(item.id),
    item.mode ?? '-',
    item.configured ? 'yes' : 'no',
    item.appliedAt === null ? '-' : localTime(item.appliedAt),
    item.signature?.slice(0, 12) ?? '-',
  ]);
  show(context, modules, () => {
    if (context.flag('names')) return modules.items.map((item) => `${item.name}\n`).join('');
    return rows.length === 0
      ? 'no module is installed\n'
      : table(['MODULE', 'ID', 'MODE', 'CONFIGURED', 'APPLIED', 'SIGNATURE'], rows, paintFor(context.io), [1]);
  });
  return 0;
}

/** `module listid`: ids and names. */
export async function listId(context: CommandContext): Promise<number> {
  const modules = await context.client.json<ModuleList>('GET', '/modules?scope=local');
  const rows = [...modules.items].sort((left, right) => left.id - right.id).map((item) => [String(item.id), item.name]);
  show(context, modules, () =>
    rows.length === 0 ? 'no module is installed\n' : table(['ID', 'MODULE'], rows, paintFor(context.io), [0]),
  );
  return 0;
}

/** `module package`: the module as a .safe archive. */
export async function pack(context: CommandContext): Promise<number> {
  const module = moduleName(context);
  const file = context.args.operands[0] ?? '';
  const archive = await context.client.bytes('GET', modulePath(module, '/package'));
  await writeNamedFile(context, file, archive, false);
  show(context, { file, bytes: archive.length }, () => `${module} is packaged: ${file}, ${archive.length} bytes\n`);
  return 0;
}

/** `module getports`: the ports that must be open for a module, by its name or by an id. */
export async function getPorts(context: CommandContext): Promise<number> {
  const id = moduleId(context, 'moduleid');
  const module = context.module ?? (id === null ? context.io.env['SAFEMODULE'] || null : null);
  if ((module === null) === (id === null)) throw usageError('name the module with -m AM, or its id with -i ID');
  const ports = await context.client.json<PortList>('GET', `/ports${query({ module, id })}`);
  const rows = ports.items.map((item) => [printable(item.process), item.protocol.toUpperCase(), String(item.port)]);
  show(context, ports, () => table(['PROCESS', 'PROTOCOL', 'PORT'], rows, paintFor(context.io), [2]));
  return 0;
}

/** `module templates`: what `--template` takes. */
export async function templates(context: CommandContext): Promise<number> {
  const answer = await context.client.json<TemplateList>('GET', '/templates');
  const rows = answer.items.map((item) => [printable(item.name), printable(item.description)]);
  show(context, answer, () =>
    rows.length === 0 ? 'there are no templates\n' : table(['TEMPLATE', 'WHAT IT IS'], rows, paintFor(context.io)),
  );
  return 0;
}
