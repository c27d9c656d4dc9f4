import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type GroupDef } from './model.js';
import { SUNSPEC_MODELS } from './models.js';

/** The Alliance's own definitions are the oracle, where they lie beside the checkout. */
const ORACLE = new URL('../../../../shared/data/sunspec/', import.meta.url);

interface OraclePoint {
  name: string;
  type: string;
  size: number;
  units?: string;
  sf?: string | number;
  access?: string;
  symbols?: { name: string; value: number }[];
}
interface OracleGroup {
  name: string;
  count?: number | string;
  points: OraclePoint[];
  groups?: OracleGroup[];
}

const flattened = (group: OracleGroup): unknown => {
  let offset = 0;
  const points = group.points.map(({ name, type, size, units, sf, access, symbols }) => {
    const at = offset;
    offset += size;
    return {
      name,
      type,
      at,
      size,
      units,
      sf: type === 'pad' ? undefined : sf,
      rw: access === 'RW',
      symbols: (symbols ?? []).map((symbol) => `${symbol.name.replaceAll(' ', '_')}=${symbol.value}`),
    };
  });
  return { points, groups: (group.groups ?? []).map((inner) => ({ name: inner.name, count: inner.count ?? 1, inner: flattened(inner) })) };
};

const ours = (group: GroupDef): unknown => ({
  points: group.points.map(({ name, type, offset, words, unit, scaleFactor, writable, symbols }) => ({
    name,
    type,
    at: offset,
    size: words,
    units: unit,
    sf: scaleFactor,
    rw: writable,
    symbols: [...symbols].map(([value, symbol]) => `${symbol}=${value}`),
  })),
  groups: group.groups.map((inner) => ({ name: inner.name, count: inner.count, inner: ours(inner) })),
});

const files = (() => {
  try {
    return readdirSync(ORACLE);
  } catch {
    return [];
  }
})();

describe.skipIf(files.length === 0)('the SunSpec tables', () => {
  it.each([...SUNSPEC_MODELS.values()])('agree with the published definition of model $id', (model) => {
    const published = JSON.parse(readFileSync(new URL(`model_${model.id}.json`, ORACLE), 'utf8')) as { group: OracleGroup };
    expect(ours(model)).toEqual(flattened(published.group));
  });
});
