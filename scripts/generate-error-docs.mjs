// Writes docs/errors.md from the error catalogue. Run after `npm run build`.
import { writeFile } from 'node:fs/promises';
import { errorReference } from '../dist/actors/errors.js';

await writeFile(new URL('../docs/errors.md', import.meta.url), errorReference());
