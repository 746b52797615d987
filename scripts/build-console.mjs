// Builds the console into dist/console: Vite's bundle, then each file compressed once, so that the daemon never compresses. Needs the
// daemon's build, because the help beside the fields of the console is made from the schema of the configuration.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { configHelp } from '../dist/config/help.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist', 'console');
// Made beside it and put in its place when it is whole: nobody is served half a console, also when the build is broken off.
const outDir = `${target}.new`;
const helpModule = 'virtual:config-help';

await build({
  configFile: false,
  root: join(root, 'src', 'console'),
  base: '/console/',
  logLevel: 'warn',
  publicDir: false,
  plugins: [
    {
      name: 'config-help',
      resolveId: (id) => (id === helpModule ? `\0${helpModule}` : null),
      load: (id) => (id === `\0${helpModule}` ? `export const configHelp = ${JSON.stringify(configHelp())};` : null),
    },
  ],
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no inline script and no inline style; a file of its own can be kept for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});

// The inspector in the page of `holdfast simulate --html`: one program and one style, which are put into that page.
await build({
  configFile: false,
  root: join(root, 'src', 'console'),
  logLevel: 'warn',
  publicDir: false,
  build: {
    outDir: join(root, 'dist', 'simulation'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    lib: {
      entry: join(root, 'src', 'console', 'simulation', 'main.tsx'),
      formats: ['iife'],
      name: 'holdfastSimulation',
      fileName: () => 'inspector.js',
      cssFileName: 'inspector',
    },
  },
  define: { 'process.env.NODE_ENV': '"production"' },
});

const compressible = /\.(?:html|js|css|svg|json)$/;
for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
rmSync(target, { recursive: true, force: true });
renameSync(outDir, target);
