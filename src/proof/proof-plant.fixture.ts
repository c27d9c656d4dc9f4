import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { Plant } from '../fleet/plant.js';
import { SLOT_MS } from '../kernel/interval.js';
import { ManualClock } from '../platform/clock.js';
import type { AlarmRaise, AlarmService } from '../platform/alarm.service.js';
import { databaseOptions } from '../platform/database.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { EmbeddedLedger } from './adapters/embedded-ledger.js';
import { AnchorBalances } from './anchor-balance.service.js';
import { AnchorOutbox } from './anchor-outbox.service.js';
import type { Ledger } from './ledger.port.js';
import { ProofEvidence } from './proof-evidence.service.js';
import { ProofLog } from './proof-log.service.js';
import { ProofRecorder } from './proof-recorder.service.js';
import { ProofAnchorEntity, ProofConflictEntity, ProofErasureEntity, ProofRecordEntity, ProofTileEntity } from './proof.entity.js';
import { ProofService } from './proof.service.js';
import { ProofSettings } from './proof-settings.js';
import { type AnchorSigner, loadSigningKeys, type SigningKeys } from './signing-keys.js';
import { TileStore } from './tile-store.js';

export const START_MS = 1_700_000_100_000;
export const ORIGIN = 'heliograph.test/plant';

export interface ProofPlant {
  readonly dir: string;
  readonly clock: ManualClock;
  readonly database: DataSource;
  readonly keys: SigningKeys;
  readonly ledger: EmbeddedLedger;
  readonly log: ProofLog;
  readonly outbox: AnchorOutbox;
  readonly recorder: ProofRecorder;
  readonly proof: ProofService;
  readonly balances: AnchorBalances;
  readonly evidence: ProofEvidence;
  /** What was raised, in its order. */
  readonly alarms: readonly AlarmRaise[];
  stop(): Promise<void>;
}

/** Three homes, each with what `intervalsOf` tells of and a battery. */
export const HOMES = {
  sites: [0, 1, 2].map((home) => ({
    id: `home-${home}`,
    devices: ['meter', 'pv', 'battery'].map((kind) => ({ id: `${kind}-${home}`, siteId: `home-${home}` })),
  })),
} as unknown as Plant;

export const freshDir = (): string => mkdtempSync(join(tmpdir(), 'proof-'));
export const removeDir = (dir: string): void => rmSync(dir, { recursive: true, force: true });

/** Puts something between the outbox and what it works with: its table, and the chain. */
export type Sabotage = <T extends object>(target: T) => T;

/** The proof room on a database and a ledger in `dir`: a second start there is a restart. */
export const startProof = async (
  dir: string,
  clock = new ManualClock(START_MS),
  sabotage: Sabotage = (target) => target,
  anchor?: AnchorSigner,
): Promise<ProofPlant> => {
  const entities = [ProofRecordEntity, ProofTileEntity, ProofAnchorEntity, ProofConflictEntity, ProofErasureEntity];
  const database = new DataSource({ ...databaseOptions({ kind: 'sqlite', file: join(dir, 'plant.sqlite') }), entities });
  await database.initialize();
  await database.runMigrations();
  const keys = loadSigningKeys(dir, true, ORIGIN, { anchor });
  const ledger = await EmbeddedLedger.start({ dir, clock }, keys.anchor.publicKey);
  const log = new ProofLog(database.getRepository(ProofRecordEntity), new TileStore(database.getRepository(ProofTileEntity)), keys);
  const outbox = new AnchorOutbox(sabotage(database.getRepository(ProofAnchorEntity)), sabotage<Ledger>(ledger), keys, clock);
  const alarms: AlarmRaise[] = [];
  const raise = (alarm: AlarmRaise): Promise<void> => Promise.resolve(void alarms.push(alarm));
  const conflicts = database.getRepository(ProofConflictEntity);
  const evidence = new ProofEvidence(conflicts, log, outbox, { plant: () => HOMES }, { raise } as unknown as AlarmService, clock);
  const settings = new ProofSettings(keys.origin, SLOT_MS);
  const proof = new ProofService(log, outbox, keys, ledger, settings, evidence);
  const balances = new AnchorBalances(ledger, outbox, keys, settings, clock);
  const recorder = new ProofRecorder(log, { plant: () => HOMES });
  await proof.onModuleInit();
  const stop = async (): Promise<void> => {
    await ledger.close();
    await database.destroy();
  };
  return { dir, clock, database, keys, ledger, log, outbox, recorder, proof, balances, evidence, alarms, stop };
};

/** What `homes` meters and inverters moved in the slot `slot` after the start. */
export const intervalsOf = (slot: number, homes = 3): IntervalEnergy[] =>
  Array.from({ length: homes }, (_, home) => home).flatMap((home) => {
    const startMs = START_MS - (START_MS % SLOT_MS) + slot * SLOT_MS;
    const shared = { siteId: `home-${home}`, startMs, endMs: startMs + SLOT_MS, quality: 'measured', commanded: false } as const;
    return [
      {
        ...shared,
        deviceId: `meter-${home}`,
        flow: 'grid',
        toBusWh: 120.5 + home,
        fromBusWh: 3.25,
        toBusCounterWh: 9_000 + slot * 120.5,
        fromBusCounterWh: 77,
      },
      { ...shared, deviceId: `pv-${home}`, flow: 'pv', toBusWh: 512.0004, toBusCounterWh: 100_000 + slot * 512 },
    ] as IntervalEnergy[];
  });
