import type { ModelRegisters } from './model-registers.js';

/** Models in which a device wants to see its controller's heart beat, by the point that is counted up, and where that starts anew. */
export const HEARTBEATS = [
  { modelId: 715, point: 'ControllerHb', below: 2 ** 32 - 1 },
  { modelId: 802, point: 'CtrlHb', below: 2 ** 16 - 1 },
] as const;

const LOCAL = 1;

/** One device's heartbeats: counted up each second while it is commanded (SunSpec 715 `ControllerHb`, 802 `CtrlHb`). */
export class ControllerHeartbeat {
  private count = 0;

  constructor(private readonly models: readonly { readonly registers: ModelRegisters; readonly point: string; readonly below: number }[]) {}

  /** Writes the next count; false where the device has no such register. Throws an `AdapterError`. */
  async beat(): Promise<boolean> {
    this.count += 1;
    for (const { registers, point, below } of this.models) await registers.write({ [point]: this.count % below });
    return this.models.length > 0;
  }

  /** Whether somebody on site has taken the device out of remote control. Throws an `AdapterError`. */
  async isLocal(): Promise<boolean> {
    for (const { registers } of this.models) if ((await registers.read('LocRemCtl')).LocRemCtl === LOCAL) return true;
    return false;
  }
}
