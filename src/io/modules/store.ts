/**
 * The modules of a node on disk: installed and edited under SAFE/modules, applied under SAFE/private/modules. It knows files only; whether a
 * module's state allows a change is for its caller to say. Changes of one module run one after the other; each is made whole or not at all.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfInfo, Outcome } from '../../actors/face.js';
import type { ActiveModule } from '../../actors/ports.js';
import type { InstalledModule, ModuleStorePort } from '../../actors/stores.js';
import { ruleLine } from '../../config/rules-print.js';
import { ruleTable } from '../../config/rules-table.js';
import { createProgramRunner, type ProgramRunner } from '../check-program.js';
import { createClock } from '../clock.js';
import { createLinuxScriptPlatform } from '../linux/scripts.js';
import { createRedactor } from '../snapshot/redact.js';
import { appliedName, encodeApplied, loadActive, readApplied, safeConfigPath, signatureOf, userConfigPath } from './applied.js';
import { packArchive, type UnpackedFile, unpackArchive, writeUnpacked } from './archive.js';
import { createCompiling, type ModuleCompiler, realCompiler, unsupportedProblem } from './compiling.js';
import { createEditing } from './editing.js';
import type { EnvironmentSource } from './environment.js';
import { discardStaged, listTree, recoverDirectory, replaceDirectory, stageDirectory, writeStaged, writeWhole } from './files.js';
import { createHookRunner, type HookRunner } from './hooks.js';
import { chooseId, installedNames, readId, writeId } from './ids.js';
import { archivesOf, layoutOf, newArchiveName } from './layout.js';
import { ExpectedFailure, isMissing, isModuleName, outcomeOf, requireModuleName } from './names.js';
import { asideOf, forgetAside, putAside, putBack, recoverReceived } from './receiving.js';
import { createSerial } from './serial.js';
import { listTemplates, readTemplate, readTree, type TemplateSource } from './templates.js';
import { listBackups, listVersions, readBackup, readVersion } from './versions.js';

export interface ModuleStoreOptions {
  /** SAFE and SAFEVAR, absolute. */
  readonly safe: string;
  readonly safevar: string;
  /** Directory with the templates that came with Holdfast (`conf/modules`). */
  readonly templates: string;
  /** Default: that of `src/config`. */
  readonly compiler?: ModuleCompiler;
  /** This node's name, for `info`. */
  readonly node: () => string;
  readonly wallMs: () => number;
  /** The daemon's environment and what the node's configuration adds to it. */
  readonly daemonEnv: Readonly<Record<string, string | undefined>>;
  readonly extraEnv: Readonly<Record<string, string>>;
  readonly socket: string | null;
  /** What is wrong on disk and was survived: a damaged copy, a leftover of a crash. */
  readonly onProblem: (module: string | null, reason: string) => void;
  /** Called before a module's directories are removed, so that its logs let go of them. */
  readonly beforeRemoval?: (module: string) => Promise<void>;
  /** Ports that the daemon uses, for `ports`. */
  readonly ports: () => { readonly cluster: number; readonly http: number };
  readonly hooks?: HookRunner;
  /** Runs OCF agents for their meta-data. Default: as on Linux; there are no agents elsewhere. */
  readonly programs?: ProgramRunner;
}

type Admission = NonNullable<Parameters<ModuleStorePort['apply']>[1]>;
type Applied = Extract<Awaited<ReturnType<ModuleStorePort['apply']>>, { readonly ok: true }>['value'];

const allModules = '*';
const keptConfigurations = 3;
const backupPrefix = 'backup/';

/**
 * The file part of module administration, and what the node's actors start from. Failures of `apply`: CONF_INVALID, CONF_UNSUPPORTED,
 * SCRIPT_FAILED (scripts config and postconfig), DISK; the copy applied before is then untouched. `uninstall` archives the module to
 * SAFE/Application_Modules/backup, then removes it with its logs and working files. `active` ends first what a crash interrupted.
 */
export const createModuleStore = (options: ModuleStoreOptions): ModuleStorePort => {
  const layout = layoutOf(options.safe, options.safevar);
  const source: TemplateSource = { builtIn: options.templates, applicationModules: layout.applicationModules };
  const environment: EnvironmentSource = {
    safe: options.safe,
    safevar: options.safevar,
    daemon: options.daemonEnv,
    extra: options.extraEnv,
    socket: options.socket,
  };
  const compiler = options.compiler ?? realCompiler;
  const serial = createSerial();
  const modulePath = (name: string): string => join(layout.modules, name);
  const activePath = (name: string): string => join(layout.active, name);

  let recovery: Promise<void> | null = null;
  /** Once, before anything else looks at the directories. */
  const recovered = (): Promise<void> => {
    recovery ??= (async () => {
      for (const parent of [layout.modules, layout.active])
        try {
          for (const name of await recoverDirectory(parent)) options.onProblem(name, 'An interrupted change was undone.');
        } catch (error) {
          options.onProblem(null, `${parent} cannot be tidied up: ${error instanceof Error ? error.message : String(error)}`);
        }
      for (const entry of await readdir(layout.modules).catch((): string[] => [])) {
        const name = asideOf(entry);
        if (name === null || !isModuleName(name)) continue;
        try {
          if (await recoverReceived(layout, name))
            options.onProblem(name, 'It was being taken over from another node when the daemon ended: that was undone.');
        } catch (error) {
          options.onProblem(
            name,
            `What was put aside of it cannot be put back: ${error instanceof Error ? error.message : String(error)}`,
          );
        }
      }
    })();
    return recovery;
  };

  /** Runs a change of one module: after the earlier ones, with a name that can be trusted, and failures as data. */
  const change = <T>(name: string, work: () => Promise<T>): Promise<Outcome<T>> =>
    outcomeOf(async () => {
      requireModuleName(name);
      await recovered();
      return serial(name, work);
    });

  const requireInstalled = async (name: string): Promise<void> => {
    if (!(await installedNames(layout)).includes(name))
      throw new ExpectedFailure('MODULE_UNKNOWN', `Module ${name} is not installed.`);
  };

  const summary = async (name: string): Promise<InstalledModule> => {
    const record = await readApplied(layout, name);
    let id = await readId(layout, name);
    if (id === null) {
      // Put there by hand, not by install: it gets its id when it is first looked at.
      id = await serial(allModules, async () => {
        const chosen = await chooseId(layout, name, null);
        await writeId(layout, name, chosen);
        return chosen;
      });
    }
    return {
      name,
      id,
      mode: record?.mode ?? null,
      configured: record !== null,
      signature: record?.signature ?? null,
      appliedWallMs: record?.appliedWallMs ?? null,
    };
  };

  const load = async (name: string): Promise<ActiveModule | null> => {
    const loaded = await loadActive(layout, environment, compiler.parse, name);
    if (loaded.ok) return loaded.module;
    options.onProblem(name, loaded.reason);
    return null;
  };

  const { compile, inspect, callHook } = createCompiling({
    layout,
    environment,
    compiler,
    hooks: options.hooks ?? createHookRunner(),
    programs: options.programs ?? createProgramRunner(createLinuxScriptPlatform(), createClock()),
  });

  const keepConfiguration = async (name: string, files: readonly UnpackedFile[], wallMs: number): Promise<void> => {
    await mkdir(layout.lastConfigurations, { recursive: true });
    const before = await readdir(layout.lastConfigurations);
    const file = newArchiveName(name, wallMs, before);
    await writeWhole(join(layout.lastConfigurations, file), await packArchive(files), 0o640);
    const all = archivesOf(name, await readdir(layout.lastConfigurations));
    for (const old of all.slice(0, Math.max(0, all.length - keptConfigurations)))
      await rm(join(layout.lastConfigurations, old), { force: true });
  };

  const apply = async (name: string, admit: Admission): Promise<Applied> => {
    await requireInstalled(name);
    const { files, config, expanded, warnings, unsupported } = await compile(name);
    if (unsupported.length > 0) {
      const elements = unsupported.map(({ element, line }) => `<${element}> in line ${line}`).join(', ');
      throw new ExpectedFailure(
        'CONF_UNSUPPORTED',
        `Module ${name} uses what is not supported yet: ${elements}.`,
        unsupported.map((item) => unsupportedProblem(item, 'error')),
      );
    }
    const admitted = admit(config);
    if (!admitted.ok) throw new ExpectedFailure('CONF_STATE', admitted.failure.message, admitted.failure.problems ?? []);
    const { id } = await summary(name);
    const target = activePath(name);
    const wallMs = options.wallMs();
    const staged = await stageDirectory(target);
    try {
      const copied = files.filter(({ path }) => (path.startsWith('conf/') || path.startsWith('bin/')) && path !== safeConfigPath);
      await writeUnpacked(copied, staged);
      await mkdir(join(staged, 'bin'), { recursive: true });
      await writeStaged(join(staged, safeConfigPath), expanded, false);
      await callHook('config', name, staged, files, config, [name]);
      await callHook('postconfig', name, staged, files, config, [name]);
      const record = { id, mode: config.service.mode, signature: signatureOf(files), appliedWallMs: wallMs };
      await writeStaged(join(staged, appliedName), encodeApplied(record), false);
      await keepConfiguration(name, files, wallMs);
      await replaceDirectory(target, staged);
    } catch (error) {
      await discardStaged(target);
      throw error;
    }
    const active = await load(name);
    if (active === null) throw new ExpectedFailure('DISK', `The applied copy of ${name} cannot be read back.`);
    return { active, warnings };
  };

  /** A userconfig.xml there must be; what the old console left as a template becomes one. */
  const complete = (files: readonly UnpackedFile[]): readonly UnpackedFile[] => {
    if (files.some(({ path }) => path === userConfigPath)) return files;
    const template = files.find(({ path }) => path === `${userConfigPath}.template`);
    if (template === undefined)
      throw new ExpectedFailure('MODULE_ARCHIVE', `The archive is refused: it has no ${userConfigPath}.`);
    return [...files, { ...template, path: userConfigPath }];
  };

  /** The files of a template, or of a backup. */
  const named = (name: string): Promise<readonly UnpackedFile[]> =>
    name.startsWith(backupPrefix) ? readBackup(layout, name.slice(backupPrefix.length)) : readTemplate(source, name);

  const install = async (
    name: string,
    archive: Uint8Array | null,
    template: string | null,
    id: number | null,
    force: boolean,
  ): Promise<InstalledModule> => {
    const installed = await installedNames(layout);
    const there = installed.includes(name);
    if (there && !force)
      throw new ExpectedFailure('MODULE_EXISTS', `Module ${name} is installed already; force replaces its configuration.`);
    const twin = installed.find((other) => other !== name && other.toLowerCase() === name.toLowerCase());
    if (twin !== undefined) throw new ExpectedFailure('MODULE_EXISTS', `Module ${twin} differs from ${name} only in case.`);
    const files = complete(archive === null ? await named(template ?? name) : await unpackArchive(archive));
    await place(name, files, id, there);
    return summary(name);
  };

  /** Puts files in the place of the edited ones. */
  const place = async (name: string, files: readonly UnpackedFile[], id: number | null, there: boolean): Promise<void> => {
    await serial(allModules, async () => {
      const chosen = await chooseId(layout, name, id);
      const target = modulePath(name);
      const staged = await stageDirectory(target);
      try {
        await writeUnpacked(files, staged);
        for (const directory of ['conf', 'bin']) await mkdir(join(staged, directory), { recursive: true });
        await writeId(layout, name, chosen);
        await replaceDirectory(target, staged);
      } catch (error) {
        await discardStaged(target);
        if (!there) await rm(join(layout.working, name), { recursive: true, force: true }).catch(() => undefined);
        throw error;
      }
    });
  };

  /** All of it, or nothing. */
  const receive = async (
    name: string,
    archive: Uint8Array,
    id: number,
    configure: boolean,
    admit: Admission,
  ): Promise<ActiveModule | null> => {
    const installed = await installedNames(layout);
    const there = installed.includes(name);
    const twin = installed.find((other) => other !== name && other.toLowerCase() === name.toLowerCase());
    if (twin !== undefined) throw new ExpectedFailure('MODULE_EXISTS', `Module ${twin} differs from ${name} only in case.`);
    const files = complete(await unpackArchive(archive));
    // Before anything is touched: another module may have the id.
    await chooseId(layout, name, id);
    await putAside(layout, name, there, { signature: signatureOf(files), configure });
    try {
      await place(name, files, id, there);
      const active = configure ? (await apply(name, admit)).active : null;
      await forgetAside(layout, name);
      return active;
    } catch (error) {
      await putBack(layout, name);
      throw error;
    }
  };

  const deconfigure = async (name: string): Promise<void> => {
    const active = await load(name);
    if (active !== null) {
      const root = activePath(name);
      await callHook('deconfig', name, root, await readTree(root), active.config, [name]);
    }
    await replaceDirectory(activePath(name), null);
  };

  const uninstall = async (name: string): Promise<null> => {
    await requireInstalled(name);
    const files = await readTree(modulePath(name)).catch((error: unknown) => {
      // A tree that cannot be archived, for example with links in it, must not keep a module installed for ever.
      options.onProblem(
        name,
        `Not archived before it was uninstalled: ${error instanceof Error ? error.message : String(error)}`,
      );
      return null;
    });
    if (files !== null) {
      await mkdir(layout.backup, { recursive: true });
      await writeWhole(
        join(layout.backup, newArchiveName(name, options.wallMs(), await readdir(layout.backup))),
        await packArchive(files),
        0o640,
      );
    }
    await deconfigure(name).catch(async (error: unknown) => {
      if (!(error instanceof ExpectedFailure)) throw error;
      options.onProblem(name, error.message);
      await replaceDirectory(activePath(name), null);
    });
    await options.beforeRemoval?.(name);
    await replaceDirectory(modulePath(name), null);
    await rm(join(layout.working, name), { recursive: true, force: true });
    return null;
  };

  const info = async (name: string): Promise<ConfInfo> => {
    await requireInstalled(name);
    const record = await readApplied(layout, name);
    const files = await readTree(modulePath(name));
    const newest = (await listTree(modulePath(name))).reduce((latest, { modifiedWallMs }) => Math.max(latest, modifiedWallMs), 0);
    return {
      module: name,
      node: options.node(),
      active: record === null ? null : { signature: record.signature, at: new Date(record.appliedWallMs).toISOString() },
      current: { signature: signatureOf(files), at: new Date(newest).toISOString() },
    };
  };

  return {
    ...createEditing(modulePath, change, requireInstalled),
    active: async () => {
      await recovered();
      const names = await readdir(layout.active).catch((error: unknown): string[] => {
        if (!isMissing(error))
          options.onProblem(null, `${layout.active} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      });
      const loaded: ActiveModule[] = [];
      for (const name of names.filter(isModuleName)) {
        const module = await load(name);
        if (module !== null) loaded.push(module);
      }
      return loaded.sort((a, b) => a.id - b.id);
    },
    activeModule: async (name) => {
      await recovered();
      return isModuleName(name) && (await readApplied(layout, name)) !== null ? load(name) : null;
    },
    list: async () => {
      await recovered();
      const all: InstalledModule[] = [];
      for (const name of await installedNames(layout)) all.push(await summary(name));
      return all.sort((a, b) => a.id - b.id);
    },
    install: (name, archive, template, id, force) => change(name, () => install(name, archive, template, id, force)),
    uninstall: (name) => change(name, () => uninstall(name)),
    package: (name) =>
      change(name, async () => {
        await requireInstalled(name);
        return new Uint8Array(await packArchive(await readTree(modulePath(name))));
      }),
    check: (name) =>
      change(name, async () => {
        await requireInstalled(name);
        const { files, config, warnings, unsupported } = await compile(name);
        await callHook('confcheck', name, modulePath(name), files, config, [name]);
        const later = unsupported.map((item) => unsupportedProblem(item, 'warning'));
        // It is printed and shown: what stands under the name of a secret is not in it.
        const shown = createRedactor([]).json(JSON.parse(JSON.stringify(config)));
        return { config: shown, warnings: [...warnings, ...later], rules: ruleTable(config).map(ruleLine) };
      }),
    receive: (name, archive, id, configure, admit) =>
      change(name, async () => ({ active: await receive(name, archive, id, configure, admit) })),
    editedSignature: (name) =>
      change(name, async () => {
        await requireInstalled(name);
        return signatureOf(await readTree(modulePath(name)));
      }),
    apply: (name, admit = () => ({ ok: true, value: null })) => change(name, () => apply(name, admit)),
    deconfigure: (name) =>
      change(name, async () => {
        await requireInstalled(name);
        if ((await readApplied(layout, name)) === null)
          throw new ExpectedFailure('MODULE_NOT_CONFIGURED', `No configuration of ${name} is applied.`);
        await deconfigure(name);
        return null;
      }),
    inspect: (name, text) =>
      change(name, async () => {
        await requireInstalled(name);
        return { problems: inspect(name, text) };
      }),
    versions: (name) =>
      change(name, async () => {
        await requireInstalled(name);
        return listVersions(layout, name);
      }),
    restore: (name, version) =>
      change(name, async () => {
        await requireInstalled(name);
        await place(name, complete(await readVersion(layout, name, version)), null, true);
        return null;
      }),
    backups: () => outcomeOf(() => listBackups(layout)),
    info: (name) => change(name, () => info(name)),
    ports: (name, id) =>
      outcomeOf(async () => {
        if (name === null && id === null) throw new ExpectedFailure('USAGE', 'Which module? Give its name or its id.');
        if (name !== null) await requireInstalled(name);
        // One port carries the membership and the states of all modules: a module has none of its own (membership design).
        const { cluster, http } = options.ports();
        return [
          { process: 'safeadmin', protocol: 'UDP', port: cluster },
          { process: 'webconsole', protocol: 'TCP', port: http },
        ];
      }),
    templates: () => listTemplates(source),
  };
};
