import { Global, type DynamicModule, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BadInput } from '../kernel/errors.js';
import type { DurationMs } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { EmbeddedLedger } from './adapters/embedded-ledger.js';
import { ProgramSigner } from './adapters/program-signer.js';
import { SolanaLedger } from './adapters/solana-ledger.js';
import { AnchorBalances } from './anchor-balance.service.js';
import { AnchorOutbox } from './anchor-outbox.service.js';
import { isKeyName } from './checkpoint.js';
import { DecisionJournal } from './decision-journal.js';
import { Ledger } from './ledger.port.js';
import { ProofEvidence } from './proof-evidence.service.js';
import { ProofFeeds } from './proof-feeds.service.js';
import { ProofRecorder } from './proof-recorder.service.js';
import { ProofSettings } from './proof-settings.js';
import { ProofAnchorEntity, ProofConflictEntity, ProofErasureEntity, ProofRecordEntity, ProofTileEntity } from './proof.entity.js';
import { ProofJobs } from './proof.jobs.js';
import { ProofLog } from './proof-log.service.js';
import { ProofService } from './proof.service.js';
import { loadSigningKeys, SigningKeys } from './signing-keys.js';
import { TileStore } from './tile-store.js';

export type LedgerTarget =
  { readonly kind: 'embedded'; readonly dir: string; readonly port?: number } | { readonly kind: 'rpc'; readonly url: string };

export interface ProofOptions {
  readonly ledger: LedgerTarget;
  /** Name of a new log, without a scheme: `heliograph.example/anytown`. At most 64 characters, no spaces, plus or bar. */
  readonly origin: string;
  readonly keysDir: string;
  /** Where it is kept what devices were told, until it is in the log. */
  readonly decisionsFile: string;
  /** The text of a key file, instead of one in `keysDir`. */
  readonly keys?: string;
  /** A program that signs anchors, instead of a key of our own. */
  readonly anchorSigner?: string;
  /** Demo keys are marked as such, and a real plant refuses them. */
  readonly demo: boolean;
  /** How often an anchor is made: what the balance is measured by. */
  readonly anchorPeriodMs: DurationMs;
}

@Injectable()
class LedgerCloser implements OnApplicationShutdown {
  constructor(private readonly ledger: Ledger) {}

  onApplicationShutdown(): Promise<void> {
    return this.ledger.close();
  }
}

const openLedger = (target: LedgerTarget, keys: SigningKeys, clock: Clock): Promise<Ledger> | Ledger =>
  target.kind === 'rpc' ? new SolanaLedger({ url: target.url }) : EmbeddedLedger.start({ ...target, clock }, keys.anchor.publicKey);

@Global()
@Module({})
export class ProofModule {
  /** Throws `BadInput` where the keys can't be used or the origin is no name. */
  static register(options: ProofOptions): DynamicModule {
    if (!isKeyName(options.origin)) throw new BadInput(`proof origin "${options.origin}": use up to 64 characters without spaces, + or |`);
    const keys = loadSigningKeys(options.keysDir, options.demo, options.origin, {
      text: options.keys,
      anchor: options.anchorSigner === undefined ? undefined : ProgramSigner.open(options.anchorSigner),
    });
    return {
      module: ProofModule,
      imports: [TypeOrmModule.forFeature([ProofRecordEntity, ProofTileEntity, ProofAnchorEntity, ProofConflictEntity, ProofErasureEntity])],
      providers: [
        { provide: SigningKeys, useValue: keys },
        { provide: ProofSettings, useValue: new ProofSettings(keys.origin, options.anchorPeriodMs) },
        { provide: Ledger, inject: [Clock], useFactory: (clock: Clock) => openLedger(options.ledger, keys, clock) },
        { provide: DecisionJournal, useValue: new DecisionJournal(options.decisionsFile) },
        LedgerCloser,
        TileStore,
        ProofLog,
        AnchorOutbox,
        AnchorBalances,
        ProofService,
        ProofRecorder,
        ProofFeeds,
        ProofEvidence,
        ProofJobs,
      ],
      exports: [ProofService, ProofRecorder, ProofFeeds, ProofEvidence],
    };
  }
}
