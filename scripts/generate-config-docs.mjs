// Writes docs/config.md from the schema. Run after `npm run build`.
import { writeFile } from 'node:fs/promises';
import { configReference } from '../dist/config/reference.js';

await writeFile(new URL('../docs/config.md', import.meta.url), configReference());
