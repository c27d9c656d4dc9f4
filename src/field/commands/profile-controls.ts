import { AdapterError } from '../../kernel/errors.js';
import type { Watt } from '../../kernel/units.js';
import type { Profile } from '../../registers/profile.js';
import {
  holdingCases,
  isFallback,
  isTimer,
  type ProfileCase,
  type ProfileCheck,
  type ProfileCommands,
  type ProfileControl,
  type ProfileWrite,
} from '../../registers/profile-commands.js';
import { type Stretch, stretchOf } from '../../registers/profile-place.js';
import type { WordOrder } from '../../registers/words.js';
import type { BusUnit } from '../bus.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import { PointReader } from '../drivers/profile-points.js';
import type { Fallback, Setpoint } from '../setpoint.js';
import { type Asked, isBelowLeast, isMet, readBackOf, shownWordsOf, verdictOf, wordsOf } from './profile-writes.js';
import { anyHolds, type Control, releaseEach, shownBy } from './release-each.js';
import { lookUntil, outcomeOf, writtenAndReadBack } from './written.js';

/** Of a phase that is there; a device that does not draw may show none. */
const LEAST_VOLTAGE_V = 180;

/** A setpoint as a case of a profile: its writes, and the direction of its power. */
interface Chosen {
  readonly control: ProfileControl;
  /** Absent where the device knows no such thing and is handed back instead. */
  readonly held: ProfileCase | undefined;
  readonly asked: Asked;
  readonly direction: 1 | -1;
}

/** Tells a register-map device by the commands of its profile. */
export class ProfileControls {
  private readonly commands: ProfileCommands;
  private readonly order: WordOrder;
  private readonly controls: readonly Control[];
  /** The setpoints that it has a control for. */
  readonly kinds: readonly Setpoint['kind'][];

  /** `phases`: what the device hangs on. Taken for three, a limit in amperes is, at nominal voltage, never more than was asked. */
  constructor(
    private readonly unit: BusUnit,
    private readonly profile: Profile,
    private readonly phases: 1 | 3 = 3,
  ) {
    this.commands = profile.commands ?? {};
    this.order = profile.wordOrder;
    this.controls = Object.entries(COMMAND_OF).flatMap(([kind, name]) => {
      const control = this.commands[name];
      return control
        ? [
            {
              kind: kind as Setpoint['kind'],
              release: () => this.releaseOne(control),
              holds: () => this.isMet(control.held),
              shows: () => this.shownBy(name, control),
            },
          ]
        : [];
    });
    this.kinds = this.controls.map(({ kind }) => kind);
  }

  /**
   * Writes a setpoint, and what it is to fall back to where a register of the device keeps that, and reads it back. Failures of the
   * device are outcomes; nothing is written twice.
   */
  async command(setpoint: Setpoint, leaseS: number, fallback?: Fallback): Promise<CommandOutcome> {
    const chosen = chosenBy(this.commands, setpoint, { leaseS, phases: this.phases, fallback });
    if (!chosen) return { kind: 'refused', reason: `profile "${this.profile.name}" has no control for ${setpoint.kind}` };
    const { control, held } = chosen;
    let { asked } = chosen;
    try {
      const unmet = await this.unmetOf(control.preconditions);
      if (unmet) return { kind: 'refused', reason: unmet.else ?? `register ${stretchOf(unmet).at} does not allow it` };
      if (held?.write.some(({ value }) => value === 'powerPct')) asked = { ...asked, ...(await this.rating()) };
      if (held?.write.some(({ value }) => value === 'currentA')) asked = { ...asked, ...(await this.voltage()) };
      if (held) for (const write of held.write) wordsOf(write, asked, this.order);
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      return error.retryable ? { kind: 'unknown', reason: `not written: ${error.message}` } : { kind: 'refused', reason: error.message };
    }
    return held ? this.hold({ ...chosen, asked }, held) : this.handBackInstead(control);
  }

  /** Whether a register of the device keeps what it is to fall back to. */
  keepsFallback(kind: Setpoint['kind']): boolean {
    const cases = holdingCases(this.commands).filter(([[, name]]) => name === COMMAND_OF[kind]);
    return cases.every(([, held]) => held.write.some(isFallback));
  }

  /** Ends what was commanded, of these kinds alone where some are named; true once the device shows it. */
  release(kinds?: readonly Setpoint['kind'][]): Promise<boolean> {
    return releaseEach(this.controls.filter(({ kind }) => !kinds || kinds.includes(kind)));
  }

  /** Whether the device is under a setpoint, whoever gave it. */
  holds(): Promise<boolean> {
    return anyHolds(this.controls);
  }

  /** What binds the device by its control of a kind, whoever set it. */
  shows(kind: Setpoint['kind']): Promise<string | undefined> {
    return shownBy(this.controls, kind);
  }

  /** What binds the device once it was told the fallback; `undefined` where it cannot be told one. */
  async showsFallback(fallback: Fallback): Promise<string | undefined> {
    const chosen = chosenBy(this.commands, fallback, { leaseS: 0, phases: this.phases, fallback });
    if (!chosen?.held) return undefined;
    const asked = chosen.held.write.some(({ value }) => value === 'powerPct')
      ? { ...chosen.asked, ...(await this.rating()) }
      : chosen.asked;
    const told = new Map<string, number>();
    for (const write of chosen.held.write) {
      const shown = shownWordsOf(write, asked, this.order);
      shown?.words.forEach((word, offset) => told.set(`${shown.at.table} ${shown.at.at + offset}`, word));
    }
    return shownText(
      shownStretches(this.commands, COMMAND_OF[fallback.kind]).map(({ table, at, words }) => ({
        at,
        words: Array.from({ length: words }, (_, offset) => told.get(`${table} ${at + offset}`) ?? 0),
      })),
    );
  }

  /** Every register of the control that can be read and is no timer: those run by themselves. */
  private async shownBy(name: keyof ProfileCommands, control: ProfileControl): Promise<string | undefined> {
    if (!(await this.isMet(control.held))) return undefined;
    const shown: { at: number; words: number[] }[] = [];
    for (const { table, at, words } of shownStretches(this.commands, name))
      shown.push({ at, words: Array.from(await this.unit.read(table, at, words)) });
    return shownText(shown);
  }

  private async rating(): Promise<Pick<Asked, 'ratedW'>> {
    const { ratedW } = await new PointReader(this.unit, this.profile, ['ratedW']).readValues();
    return ratedW === undefined ? {} : { ratedW };
  }

  private async voltage(): Promise<Pick<Asked, 'voltageV'>> {
    const { voltageV } = await new PointReader(this.unit, this.profile, ['voltageV']).readValues();
    return voltageV !== undefined && voltageV >= LEAST_VOLTAGE_V ? { voltageV } : {};
  }

  private hold({ control, asked, direction }: Chosen, held: ProfileCase): Promise<CommandOutcome> {
    return writtenAndReadBack(
      () => this.writeAll(held.write, asked),
      () => this.readBack(held, asked, direction),
      () => this.releaseOne(control),
      control.takesMs,
    );
  }

  /**
   * What it was told before must not go on while something else is wanted that it cannot do. Where nothing is held nothing is
   * written: this is asked for again and again, and registers wear out.
   */
  private async handBackInstead(control: ProfileControl): Promise<CommandOutcome> {
    const reason = `profile "${this.profile.name}" has no way to hold the battery at rest: it is left to the device`;
    try {
      const released = !(await this.isMet(control.held)) || (await this.releaseOne(control));
      return released ? { kind: 'refused', reason } : { kind: 'unknown', reason: 'the device does not show that it let go' };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  private async writeAll(writes: readonly ProfileWrite[], asked?: Asked): Promise<void> {
    for (const write of writes) {
      const { table, at } = stretchOf(write);
      const words = wordsOf(write, asked, this.order);
      if (table === 'coil') await this.unit.writeCoils(at, words);
      else await (this.profile.singleWrites ? this.unit.writeSingle(at, words[0]!) : this.unit.write(at, words));
    }
  }

  private async readBack(held: ProfileCase, asked: Asked, direction: 1 | -1): Promise<CommandOutcome> {
    let clamped: CommandOutcome | undefined;
    for (const write of held.write) {
      const back = readBackOf(write);
      if (!back) continue;
      const verdict = verdictOf(write, asked, await this.unit.read(back.table, back.at, back.words), this.order);
      if (verdict?.kind === 'clamped') clamped = { ...verdict, readbackW: verdict.readbackW * direction };
      else if (verdict) return verdict;
    }
    const unmet = await this.unmetOf(held.shows);
    if (unmet) return { kind: 'unknown', reason: unmet.else ?? `register ${stretchOf(unmet).at} does not show it yet` };
    return clamped ?? { kind: 'confirmed' };
  }

  private async releaseOne(control: ProfileControl): Promise<boolean> {
    await this.writeAll(control.release);
    return lookUntil(
      async () => !(await this.isMet(control.held)),
      (released) => released,
      control.takesMs,
    );
  }

  private async unmetOf(checks: readonly ProfileCheck[]): Promise<ProfileCheck | undefined> {
    for (const check of checks) if (!(await this.isMet(check))) return check;
    return undefined;
  }

  private async isMet(check: ProfileCheck): Promise<boolean> {
    const { table, at, words } = stretchOf(check);
    const unit = check.unitId === undefined ? this.unit : this.unit.beside(check.unitId);
    return isMet(check, await unit.read(table, at, words), this.order);
  }
}

/** What a control is called in a profile. */
export const COMMAND_OF = {
  'pv-limit': 'pvLimit',
  'battery-power': 'batteryPower',
  generator: 'generator',
  'load-limit': 'loadLimit',
} as const satisfies Record<Setpoint['kind'], keyof ProfileCommands>;

const shownText = (shown: readonly { readonly at: number; readonly words: readonly number[] }[]): string =>
  shown.length === 0 ? 'a setpoint' : `registers ${shown.map(({ at, words }) => `${at} = ${words.join(' ')}`).join(', ')}`;

/** Down to the step below; a quotient that is whole but for its last bits is not taken one down. */
const downward = (raw: number): number => Math.floor(raw + 1e-9);

/** Where the setpoints of a control stand, each place once. */
const shownStretches = (commands: ProfileCommands, name: keyof ProfileCommands): Stretch[] => {
  const places = new Map<string, Stretch>();
  for (const [[, control], held] of holdingCases(commands))
    for (const write of control === name ? held.write : []) {
      const place = isTimer(write) ? undefined : readBackOf(write);
      if (place) places.set(`${place.table} ${place.at}`, place);
    }
  return [...places.values()];
};

const chosenBy = (
  { batteryPower, pvLimit, generator, loadLimit }: ProfileCommands,
  setpoint: Setpoint,
  { fallback, ...lasting }: Pick<Asked, 'leaseS' | 'phases'> & { readonly fallback: Fallback | undefined },
): Chosen | undefined => {
  const owed = fallback?.kind === setpoint.kind ? { fallbackW: fallback.maxW } : {};
  const asked = (powerW: Watt, round: (raw: number) => number = Math.round): Asked => ({
    powerW: Math.abs(powerW),
    round,
    ...lasting,
    ...owed,
  });
  switch (setpoint.kind) {
    case 'battery-power': {
      if (!batteryPower) return undefined;
      const { powerW } = setpoint;
      const held = powerW > 0 ? batteryPower.discharge : powerW < 0 ? batteryPower.charge : batteryPower.rest;
      return { control: batteryPower, held, asked: asked(powerW), direction: powerW < 0 ? -1 : 1 };
    }
    case 'pv-limit':
      return pvLimit && { control: pvLimit, held: pvLimit.limit, asked: asked(Math.max(setpoint.maxW, 0), downward), direction: 1 };
    case 'generator': {
      if (!generator) return undefined;
      const held = setpoint.run ? generator.run : generator.stop;
      return { control: generator, held, asked: asked(setpoint.run ? setpoint.powerW : 0), direction: 1 };
    }
    case 'load-limit': {
      if (!loadLimit) return undefined;
      const limit = asked(Math.max(setpoint.maxW, 0), downward);
      const pauses = setpoint.maxW <= 0 || loadLimit.limit.write.some((write) => isBelowLeast(write, limit));
      return { control: loadLimit, held: (pauses ? loadLimit.pause : undefined) ?? loadLimit.limit, asked: limit, direction: 1 };
    }
  }
};
