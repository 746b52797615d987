// Writes docs/healthcheck.md from the table of health checks. Run after `npm run build`.
import { writeFile } from 'node:fs/promises';
import { healthReference } from '../dist/io/health/checks.js';

await writeFile(new URL('../docs/healthcheck.md', import.meta.url), healthReference());
