import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { LeftRows } from './left-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'heliograph-left-'));
const file = join(folder, 'rows.json');
const rows = new LeftRows(file, z.object({ id: z.string(), powerW: z.number().optional() }));

afterEach(() => rmSync(file, { force: true, recursive: true }));

it('gives the next process what the last one left', () => {
  rows.keep([{ id: 'a', powerW: 5 }, { id: 'b' }]);
  expect(rows.read()).toEqual([{ id: 'a', powerW: 5 }, { id: 'b' }]);
});

it.each(['', '[{"id":"a","powerW":5', '[{"id":7}]', '{"id":"a"}'])('has none where the file says %j', (text) => {
  writeFileSync(file, text);
  expect(rows.read()).toEqual([]);
});

it('has none where there is no file, and stops nobody who cannot keep any', () => {
  expect(rows.read()).toEqual([]);
  const nowhere = new LeftRows(join(folder, 'no', 'such', 'folder.json'), z.object({ id: z.string() }));
  expect(() => nowhere.keep([{ id: 'a' }])).not.toThrow();
});
