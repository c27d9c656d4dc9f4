import { AdapterError } from '../../kernel/errors.js';
import type { CommandRegister, GeneratorCommands } from '../../registers/profile.js';
import { readNumber, type WordOrder, writeNumber, WORDS_OF } from '../../registers/words.js';
import type { BusUnit } from '../bus.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import { perHouseUnit } from '../drivers/profile-units.js';
import type { Setpoint } from '../setpoint.js';
import { timer16, writtenAndReadBack } from './written.js';

/** Tells a register-map generator by its profile: power and heartbeat first, then run. */
export class GeneratorControls {
  constructor(
    private readonly unit: BusUnit,
    private readonly commands: GeneratorCommands,
    private readonly order: WordOrder,
  ) {}

  command(setpoint: Setpoint, leaseS: number): Promise<CommandOutcome> {
    if (setpoint.kind !== 'generator')
      return Promise.resolve({ kind: 'refused', reason: `a generator has no control for ${setpoint.kind}` });
    const { run, power, heartbeat } = this.commands;
    const wantedRun = setpoint.run ? run.on : run.off;
    const wantedW = setpoint.run ? setpoint.powerW : 0;
    return writtenAndReadBack(
      async () => {
        await this.write(power, wantedW);
        if (heartbeat) await this.write(heartbeat, heartbeat.type === 'uint16' ? timer16(leaseS) : leaseS);
        await this.write(run, wantedRun);
      },
      async () => {
        if ((await this.read(run)) !== wantedRun)
          return { kind: 'refused', reason: `the generator did not take "${setpoint.run ? 'run' : 'stop'}"` };
        const seenW = await this.read(power);
        if (setpoint.run && heartbeat && !(await this.read(heartbeat)))
          return { kind: 'refused', reason: 'the generator keeps no heartbeat: it would never stop by itself' };
        const stepW = Math.abs(power.scale * perHouseUnit(power.unit));
        if (seenW === undefined) return { kind: 'unknown', reason: 'the generator does not show its power setpoint' };
        return Math.abs(seenW - wantedW) <= stepW ? { kind: 'confirmed' } : { kind: 'clamped', readbackW: seenW };
      },
      () => this.release(),
    );
  }

  /** Stops the generator and clears its heartbeat; true once it shows it. */
  async release(): Promise<boolean> {
    const { run, power, heartbeat } = this.commands;
    await this.write(run, run.off);
    await this.write(power, 0);
    if (heartbeat) await this.write(heartbeat, 0);
    return !(await this.holds());
  }

  /** Whether it is told to run. */
  async holds(): Promise<boolean> {
    const { run } = this.commands;
    return (await this.read(run)) !== run.off;
  }

  private async write({ holding, type, unit, scale }: CommandRegister, value: number): Promise<void> {
    let words: number[];
    try {
      words = writeNumber(value / (scale * perHouseUnit(unit)), type, this.order);
    } catch (error) {
      throw new AdapterError(`${value} does not fit register ${holding}`, false, { cause: error });
    }
    await this.unit.write(holding, words);
  }

  private async read({ holding, type, unit, scale }: CommandRegister): Promise<number | undefined> {
    const raw = readNumber(await this.unit.read('holding', holding, WORDS_OF[type]), 0, type, this.order);
    return raw === undefined ? undefined : raw * scale * perHouseUnit(unit);
  }
}
