import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { migrationContract } from './migrations.js';

const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

migrationContract('SQLite', () => ({ kind: 'sqlite', file: join(folder, 'plant.sqlite') }));
