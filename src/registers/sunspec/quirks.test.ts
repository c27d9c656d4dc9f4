import { describe, expect, it } from 'vitest';
import { type GroupDef, type PointDef, rawPoint, pointOf, encodePoint } from './model.js';
import { MODEL_103 } from './inverters.js';
import { MODEL_203 } from './meters.js';
import { SUNSPEC_MODELS } from './models.js';
import { quirksOf, SUNSPEC_QUIRKS, withQuirks } from './quirks.js';

const everyPoint = (group: GroupDef): PointDef[] => [...group.points, ...group.groups.flatMap(everyPoint)];

describe('the table of quirks', () => {
  it.each(SUNSPEC_QUIRKS)('$name: speaks of points that are, in models that are known, and says where that is written', (quirk) => {
    const models = quirk.models.map((id) => SUNSPEC_MODELS.get(id)!);
    const known = new Set(models.flatMap(everyPoint).map(({ name }) => name));
    expect(Object.keys(quirk.points).filter((name) => !known.has(name))).toEqual([]);
    expect(Object.values(quirk.devices).length).toBeGreaterThan(0);
    expect(quirk.source).toMatch(/\w+\/\w+/);
  });

  it.each(SUNSPEC_QUIRKS)('$name: leaves every register where it is', ({ models, points }) => {
    for (const id of models) {
      const model = SUNSPEC_MODELS.get(id)!;
      for (const point of everyPoint(model).filter(({ name }) => points[name]?.type))
        expect(encodePoint({ ...point, ...points[point.name] }, 1)).toHaveLength(point.words);
    }
  });
});

describe('a quirk', () => {
  const solarEdge = { manufacturer: 'SolarEdge', model: 'SE10K' };

  it('is of the devices it names, with the models it touches, and of no others', () => {
    const names = (device: Parameters<typeof quirksOf>[0], models: number[]) => quirksOf(device, models).map(({ name }) => name);
    expect(names(solarEdge, [1, 103, 1, 203])).toEqual(['power into the grid is positive', 'voltages between lines are unsigned']);
    expect(names(solarEdge, [1, 103])).toEqual([]);
    expect(names({ manufacturer: 'Fronius', model: 'Smart Meter 63A' }, [1, 203])).toEqual([]);
    expect(names({ manufacturer: 'KOSTAL', model: 'KOSTAL Smart Energy Meter' }, [1, 203])).toEqual(['exported energy counts downwards']);
    expect(names({ manufacturer: 'KOSTAL', model: 'PLENTICORE plus8' }, [1, 103, 203])).toEqual([]);
    expect(names({}, [1, 203])).toEqual([]);
  });

  it('touches no other model, and none that is not its own', () => {
    const quirks = quirksOf(solarEdge, [103, 203]);
    expect(withQuirks(MODEL_103, quirks)).toBe(MODEL_103);
    const meter = withQuirks(MODEL_203, quirks);
    expect(rawPoint(pointOf(meter, 'W'), [123], -pointOf(meter, 'W').offset)).toBe(-123);
    expect(rawPoint(pointOf(MODEL_203, 'W'), [123], -pointOf(MODEL_203, 'W').offset)).toBe(123);
  });

  it('makes no number of what is not implemented, and no negative zero', () => {
    const power = pointOf(withQuirks(MODEL_203, quirksOf(solarEdge, [203])), 'W');
    expect(rawPoint(power, [0x8000], -power.offset)).toBeUndefined();
    expect(rawPoint(power, [0], -power.offset)).toBe(0);
  });
});
