import type { EntryChange } from '../fleet/fleet-edit.js';
import type { CommissioningRecord, Device, ReversionClass } from '../fleet/plant.js';
import { type DurationMs, SECOND_MS } from '../kernel/units.js';
import type { Following } from './pulse.js';
import { followingIn, latencyIn, type Reversion, reversionIn } from './pulse-findings.js';
import type { TrialRecord } from './pulse-record.js';
import { controlsOfRole, type NoTrial } from './pulse-trial.js';
import type { Setpoint } from './setpoint.js';

/** What came of one question. Unproven is not wrong: it could not be seen this time. */
export interface Finding {
  readonly verdict: 'proven' | 'disproved' | 'unproven';
  readonly reason: string;
}

/** What the trial of one control found. */
export interface ControlFindings {
  readonly control: Setpoint['kind'];
  /** What ends its setpoints, as far as that was known before. */
  readonly expected: ReversionClass;
  /** Whether the power goes the way it is told, by as much. */
  readonly sign: Finding;
  readonly latency: Finding & { readonly latencyMs?: DurationMs };
  readonly reversion: Finding & { readonly registerS?: number; readonly powerS?: number; readonly reversionS?: number };
  readonly meter: Finding & { readonly turned?: boolean };
  readonly leftOut: readonly string[];
}

/** What is known of a device at its site after its trials. */
export interface CommissionFindings {
  readonly deviceId: string;
  readonly role: Finding;
  readonly controls: readonly ControlFindings[];
  readonly meter: Finding & { readonly deviceId?: string; readonly direction?: 1 | -1 };
  readonly reversion: Finding & { readonly reversionS?: number };
  readonly latencyMs?: DurationMs;
  /** Whether the device was seen to let go at the end. */
  readonly handedBack: boolean;
}

const unproven = (reason: string): Finding => ({ verdict: 'unproven', reason });
const proven = (reason: string): Finding => ({ verdict: 'proven', reason });
const disproved = (reason: string): Finding => ({ verdict: 'disproved', reason });

export const findingsOf = (
  device: Device,
  meter: Device | undefined,
  trials: readonly (TrialRecord | NoTrial)[],
  handedBack = true,
): CommissionFindings => {
  const controls = trials.map((trial) => ('trial' in trial ? controlFindings(trial, device, meter) : notTried(trial, meter)));
  const latenciesMs = controls.map(({ latency }) => latency.latencyMs).filter((latencyMs) => latencyMs !== undefined);
  return {
    deviceId: device.id,
    role: roleFinding(device, controls),
    controls,
    meter: meterFinding(controls, meter),
    reversion: worstReversion(controls),
    ...(latenciesMs.length === 0 ? {} : { latencyMs: Math.max(...latenciesMs) }),
    handedBack,
  };
};

const notTried = ({ control, reason, expected }: NoTrial, meter: Device | undefined): ControlFindings => ({
  control,
  expected,
  sign: unproven(reason),
  latency: unproven(reason),
  reversion: unproven(reason),
  meter: unproven(meter ? reason : NO_METER),
  leftOut: [],
});

const NO_METER = 'the site has no other meter in the fleet file';

const BELOW_LIMIT = 'its power was below the limit anyway';

const controlFindings = (record: TrialRecord, device: Device, meter: Device | undefined): ControlFindings => {
  const { control, leftOut, expected } = record.trial;
  const { refusal } = record;
  if (refusal) {
    const said = `it was not told: ${refusal.reason}`;
    const sign = refusal.kind === 'refused' ? disproved(`the device refuses it: ${refusal.reason}`) : unproven(said);
    return { control, expected, leftOut, sign, latency: unproven(said), reversion: unproven(said), meter: unproven(said) };
  }
  const following = followingIn(record);
  const sign = following.belowLimit ? unproven(BELOW_LIMIT) : signFinding(following.device);
  const latencyMs = latencyIn(record);
  return {
    control,
    expected,
    leftOut,
    sign,
    latency:
      latencyMs === undefined
        ? unproven(following.belowLimit ? BELOW_LIMIT : 'no response stood out of the noise')
        : { ...proven(`its power answers within ${shownS(latencyMs)}`), latencyMs },
    reversion:
      sign.verdict === 'disproved' ? unproven('it does not follow what it is told') : reversionFinding(record, reversionIn(record)),
    meter:
      sign.verdict === 'proven'
        ? directionFinding(following.meter, following.madeUpFor, device, meter)
        : unproven('the device does not clearly follow'),
  };
};

const shownS = (ms: DurationMs): string => `${(ms / SECOND_MS).toFixed(1)} s`;
const seconds = (ms: DurationMs): number => Math.round(ms / 100) / 10;

const measured = ({ ratio = 0, margin = 0 }: Following): string => `${Math.round(ratio * 100)} ± ${Math.round(margin * 100)} %`;

/** What a converter loses, or a setpoint in whole percent rounds off. */
const MOST_OFF = 0.15;

const isAsMuch = ({ ratio = 0, margin = 0 }: Following): boolean => Math.abs(ratio - 1) - margin <= MOST_OFF;

const signFinding = (following: Following): Finding => {
  switch (following.kind) {
    case 'along':
      return isAsMuch(following)
        ? proven(`its power follows what it is told by ${measured(following)}`)
        : unproven(
            `its power follows by ${measured(following)}, steadily, and not by as much as it is told: compare ratedW and the scale of its setpoint`,
          );
    case 'against':
      return disproved(`its power goes the other way (${measured(following)}): the sign of its power, or of its setpoint, is turned round`);
    case 'not':
      return disproved(`it takes the setpoint and its power does not follow (${measured(following)})`);
    case 'unclear':
      return unproven(
        following.ratio === undefined
          ? 'its power was not told'
          : `its power moved by ${measured(following)} of what it was told: too unsteady to tell; give more --power`,
      );
  }
};

const directionFinding = (
  following: Following,
  madeUpFor: boolean,
  device: Device,
  meter: Device | undefined,
): ControlFindings['meter'] => {
  if (!meter) return unproven(NO_METER);
  if (madeUpFor) return unproven('other devices of the site made up for the pulses, so that there was nothing to see at the meter');
  switch (following.kind) {
    case 'along':
      return {
        ...proven(`${meter.id} sees ${device.id} as \`direction: ${meter.direction}\` has it (${measured(following)})`),
        turned: false,
      };
    case 'against':
      return {
        ...proven(
          `${meter.id} looks the other way (${measured(following)}): \`direction: ${-meter.direction}\`; compare with a moment of known import before trusting money to it`,
        ),
        turned: true,
      };
    case 'not':
      return unproven(
        `nothing moved at ${meter.id} (${measured(following)}): it does not see ${device.id}, or something unknown made up for it`,
      );
    case 'unclear':
      return unproven(
        following.ratio === undefined
          ? `${meter.id} told nothing`
          : `the load at ${meter.id} moved too much (${measured(following)}): try at a quieter moment, or with more --power`,
      );
  }
};

const reversionFinding = ({ trial, last }: TrialRecord, { registerMs, powerMs, visible }: Reversion): ControlFindings['reversion'] => {
  if (trial.expected !== 'device') return unproven(`by its profile nothing on the device ends it (\`${trial.expected}\`): not waited for`);
  if (!last) return unproven('not reached');
  const leaseMs = trial.leaseS * SECOND_MS;
  const found = {
    ...(registerMs === undefined ? {} : { registerS: seconds(registerMs) }),
    ...(powerMs === undefined ? {} : { powerS: seconds(powerMs) }),
  };
  const waitedMs = last.endedAtMs - last.beganAtMs;
  if (trial.unseen && powerMs !== undefined && powerMs >= leaseMs / 2) {
    const reason = `it let go of ${trial.leaseS} s by itself: power after ${shownS(powerMs)}, which its registers do not show`;
    return { ...proven(reason), ...found, reversionS: seconds(powerMs) };
  }
  if (registerMs === undefined) {
    if (powerMs === undefined || powerMs < leaseMs / 2)
      return {
        ...disproved(`it still holds a setpoint of ${trial.leaseS} s after ${shownS(waitedMs)}: nothing on the device ends it`),
        ...found,
      };
    return {
      ...unproven(`its power let go after ${shownS(powerMs)}, and its registers do not show it after ${shownS(waitedMs)}`),
      ...found,
    };
  }
  if (registerMs < leaseMs / 2) return { ...disproved(`it lets go after ${shownS(registerMs)} of ${trial.leaseS} s`), ...found };
  if (powerMs === undefined)
    return {
      ...unproven(
        `its registers let go after ${shownS(registerMs)}, but ${visible ? 'its power stayed where it was' : 'by itself its power is the same, so that it could not be seen'}`,
      ),
      ...found,
    };
  if (powerMs < leaseMs / 2)
    return { ...unproven(`its power left the setpoint after ${shownS(powerMs)}, long before its timer was over`), ...found };
  const reversionS = seconds(Math.max(registerMs, powerMs));
  return {
    ...proven(`it let go of ${trial.leaseS} s by itself: registers after ${shownS(registerMs)}, power after ${shownS(powerMs)}`),
    ...found,
    reversionS,
  };
};

const roleFinding = (device: Device, controls: readonly ControlFindings[]): Finding => {
  const wrong = controls.find(({ sign }) => sign.verdict === 'disproved');
  if (wrong) return disproved(`as ${device.role} it must take ${wrong.control}: ${wrong.sign.reason}`);
  const open = controls.find(({ sign, leftOut }) => sign.verdict === 'unproven' || leftOut.length > 0);
  if (open) return unproven(`${open.control}: ${open.sign.verdict === 'unproven' ? open.sign.reason : open.leftOut.join('; ')}`);
  return proven(`it does what a ${device.role} is told: ${controlsOfRole(device.role).join(' and ')}`);
};

const meterFinding = (controls: readonly ControlFindings[], meter: Device | undefined): CommissionFindings['meter'] => {
  if (!meter) return unproven(NO_METER);
  const told = controls.map((each) => each.meter).filter(({ verdict }) => verdict === 'proven');
  const [first] = told;
  if (!first) return { ...(controls[0]?.meter ?? unproven('nothing was tried')), deviceId: meter.id };
  if (told.some(({ turned }) => turned !== first.turned))
    return { ...unproven('its controls say opposite things of the meter'), deviceId: meter.id };
  const direction = first.turned === true && meter.direction === 1 ? -1 : first.turned === true ? 1 : meter.direction;
  return { verdict: 'proven', reason: first.reason, deviceId: meter.id, direction };
};

/**
 * A device ends its setpoints by itself if every control of it does that is said to: others of the same device need the
 * supervisor, and are dispatched only where the fleet file counts on it.
 */
const worstReversion = (all: readonly ControlFindings[]): CommissionFindings['reversion'] => {
  const byItself = all.filter(({ expected }) => expected === 'device');
  const controls = byItself.length > 0 ? byItself : all;
  const bad =
    controls.find(({ reversion }) => reversion.verdict === 'disproved') ??
    controls.find(({ reversion }) => reversion.verdict === 'unproven');
  if (bad) return { verdict: bad.reversion.verdict, reason: `${bad.control}: ${bad.reversion.reason}` };
  const slowestS = Math.max(...controls.map(({ reversion }) => reversion.reversionS ?? 0));
  const reason = controls.map(({ control, reversion }) => `${control}: ${reversion.reason}`).join('; ');
  return { verdict: 'proven', reason, reversionS: slowestS };
};

/** Whether something was shown to be otherwise than it has to be. */
export const isDisproved = ({ role, controls, reversion, handedBack }: CommissionFindings): boolean =>
  !handedBack ||
  [role, reversion, ...controls.flatMap(({ sign, latency, meter }) => [sign, latency, meter])].some(
    ({ verdict }) => verdict === 'disproved',
  );

/** Whether at least the device's own sign was seen. */
export const isSeen = ({ controls }: CommissionFindings): boolean => controls.some(({ sign }) => sign.verdict === 'proven');

/**
 * What the findings change in the fleet file. A device that was shown not to let go is not dispatched any more; one of which
 * that could not be seen keeps what the file says, and of one that is still commanded nothing is written.
 */
export const changesBy = (findings: CommissionFindings, device: Device, meter: Device | undefined, at: string): EntryChange[] => {
  const { reversion, latencyMs, handedBack } = findings;
  if (!handedBack) return [];
  const turned = meter && findings.meter.direction !== undefined && findings.meter.direction !== meter.direction;
  const reversionChange = reversionAfter(reversion.verdict, device, findings.controls);
  const commissioned: CommissioningRecord = {
    at,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(reversion.reversionS === undefined ? {} : { reversionS: reversion.reversionS }),
  };
  const fields = { ...reversionChange, ...(isSeen(findings) && !isDisproved(findings) ? { commissioned } : {}) };
  return [
    ...(turned ? [{ deviceId: meter.id, fields: { direction: findings.meter.direction } }] : []),
    ...(Object.keys(fields).length > 0 ? [{ deviceId: device.id, fields }] : []),
  ];
};

/**
 * Not before each control that ends by itself was seen to do what it is told, every way: from then on a plan may rest on it.
 * Where the file counts on the supervisor it may do so for controls that do not end by themselves.
 */
const reversionAfter = (
  verdict: Finding['verdict'],
  { reversion }: Device,
  controls: readonly ControlFindings[],
): EntryChange['fields'] => {
  const byItself = controls.filter(({ expected }) => expected === 'device');
  const does = byItself.length > 0 && byItself.every(({ sign, leftOut }) => sign.verdict === 'proven' && leftOut.length === 0);
  if (verdict === 'proven' && reversion === 'none') return does ? { reversion: 'device' } : {};
  return verdict === 'disproved' && reversion === 'device' ? { reversion: 'none' } : {};
};
