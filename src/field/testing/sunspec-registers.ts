import { encodePoint, type GroupDef, type PointValue } from '../../registers/sunspec/model.js';
import { SUNSPEC_END_ID, SUNSPEC_MARKER, SUNSPEC_MODELS } from '../../registers/sunspec/models.js';

/** Values of a model's points, in their units, and of its repeated groups. */
export interface ModelValues {
  readonly id: number;
  readonly values: Readonly<Record<string, PointValue>>;
  readonly groups?: Readonly<Record<string, readonly Readonly<Record<string, PointValue>>[]>>;
}

/** The registers of a SunSpec map from its marker on. Scale factors are as in `values`; absent points are not implemented. */
export const sunspecRegisters = (models: readonly ModelValues[], ending: readonly number[] = [SUNSPEC_END_ID, 0]): number[] => [
  ...SUNSPEC_MARKER,
  ...models.flatMap(modelRegisters),
  ...ending,
];

/** Where each model's ID register is, when the map begins at `base`. */
export const modelAddresses = (models: readonly ModelValues[], base = 40_000): Map<number, number> => {
  const addresses = new Map<number, number>();
  let at = base + 2;
  for (const model of models) {
    addresses.set(model.id, at);
    at += modelRegisters(model).length;
  }
  return addresses;
};

const modelRegisters = ({ id, values, groups = {} }: ModelValues): number[] => {
  const layout = SUNSPEC_MODELS.get(id)!;
  const body = groupRegisters(layout, values, values);
  for (const inner of layout.groups) for (const repeat of groups[inner.name] ?? []) body.push(...groupRegisters(inner, repeat, values));
  body[0] = id;
  body[1] = body.length - 2;
  return body;
};

const groupRegisters = (group: GroupDef, values: ModelValues['values'], scales: ModelValues['values']): number[] =>
  group.points.flatMap((point) => {
    const exponent = typeof point.scaleFactor === 'string' ? Number(scales[point.scaleFactor] ?? 0) : (point.scaleFactor ?? 0);
    return encodePoint(point, values[point.name], exponent);
  });
