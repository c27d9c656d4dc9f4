import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';

/**
 * A leaf of the log and, off-chain, what it commits to. Erasing a site takes away record, signature and salt; the leaf's hash
 * stays, so every proof of the others still holds.
 */
@Entity({ name: 'proof_records' })
@Index('ux_proof_records_interval', ['startMs', 'deviceId', 'channel', 'kind'], { unique: true })
@Index('ux_proof_records_supersedes', ['supersedes'], { unique: true })
@Index('ix_proof_records_site', ['siteId', 'startMs'])
export class ProofRecordEntity {
  @PrimaryColumn({ name: 'leaf_index', type: 'integer', primaryKeyConstraintName: 'pk_proof_records' })
  leafIndex!: number;

  @Column({ type: 'varchar', length: 24 })
  kind!: string;

  @Column({ name: 'site_id', type: 'varchar', length: 64 })
  siteId!: string;

  /** The device, or what else the record is about: an event, a statement. */
  @Column({ name: 'device_id', type: 'varchar', length: 96 })
  deviceId!: string;

  @Column({ type: 'varchar', length: 16 })
  channel!: string;

  @Column({ name: 'start_ms', type: 'bigint', transformer: bigintColumn })
  startMs!: number;

  @Column({ name: 'leaf_hash', type: 'varchar', length: 64 })
  leafHash!: string;

  /** Canonical text (`record.ts`). */
  @Column({ type: 'text', nullable: true })
  record!: string | null;

  @Column({ type: 'varchar', length: 128, nullable: true })
  signature!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  salt!: string | null;

  /** Of a correction: the hash of the record it takes the place of. A record is corrected once; that correction may be in turn. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  supersedes!: string | null;
}

/** What contradicts the log, kept as it came: rows are only ever added, and go when their site is erased. */
@Entity({ name: 'proof_conflicts' })
@Index('ux_proof_conflicts_digest', ['digest'], { unique: true })
export class ProofConflictEntity {
  @PrimaryGeneratedColumn({ type: 'integer', primaryKeyConstraintName: 'pk_proof_conflicts' })
  id!: number;

  /** SHA-256 over `evidence`: what is brought twice is kept once. */
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @Column({ name: 'found_at_ms', type: 'bigint', transformer: bigintColumn })
  foundAtMs!: number;

  /** `record`: two for one place of a chain. `tree`: two roots of one size. `anchor`: one our key signed that the log does not know. */
  @Column({ type: 'varchar', length: 16 })
  kind!: 'record' | 'tree' | 'anchor';

  @Column({ name: 'site_id', type: 'varchar', length: 64, nullable: true })
  siteId!: string | null;

  @Column({ type: 'text' })
  detail!: string;

  /** Both signed texts, or transactions in base64, as JSON. */
  @Column({ type: 'text' })
  evidence!: string;
}

/** How often a site's records were erased: its key and pseudonym follow from it. */
@Entity({ name: 'proof_erasures' })
export class ProofErasureEntity {
  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 64, primaryKeyConstraintName: 'pk_proof_erasures' })
  siteId!: string;

  @Column({ type: 'integer' })
  times!: number;

  @Column({ name: 'at_ms', type: 'bigint', transformer: bigintColumn })
  atMs!: number;
}

/** Up to 256 neighbouring hashes of one level of the tree; level n holds the roots of subtrees of 256^n leaves. */
@Entity({ name: 'proof_tiles' })
export class ProofTileEntity {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_proof_tiles' })
  level!: number;

  @PrimaryColumn({ name: 'tile_index', type: 'integer', primaryKeyConstraintName: 'pk_proof_tiles' })
  tileIndex!: number;

  /** Base64 of the hashes, end to end. */
  @Column({ type: 'text' })
  hashes!: string;
}

/**
 * `prepared`: decided, not signed. `signed`: bytes stored, perhaps sent. `confirmed`: in a block that may yet be dropped.
 * `finalized`: for good.
 */
export const ANCHOR_STATES = ['prepared', 'signed', 'confirmed', 'finalized'] as const;
export type AnchorState = (typeof ANCHOR_STATES)[number];

/** The outbox: one row for each anchor, written before anything is sent. */
@Entity({ name: 'proof_anchors' })
@Index('ux_proof_anchors_tree_size', ['treeSize'], { unique: true })
@Index('ix_proof_anchors_state', ['state'])
export class ProofAnchorEntity {
  /** Counts the anchors from 0. */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_proof_anchors' })
  id!: number;

  @Column({ name: 'tree_size', type: 'integer' })
  treeSize!: number;

  /** Leaves under the anchor before. */
  @Column({ name: 'previous_size', type: 'integer' })
  previousSize!: number;

  /** Signed note. */
  @Column({ type: 'text' })
  checkpoint!: string;

  @Column({ type: 'varchar', length: 255 })
  memo!: string;

  @Column({ type: 'varchar', length: 16 })
  state!: AnchorState;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintColumn })
  createdAtMs!: number;

  /** Base64 of the signed bytes: resent as they are. */
  @Column({ type: 'text', nullable: true })
  transaction!: string | null;

  @Column({ type: 'varchar', length: 96, nullable: true })
  signature!: string | null;

  @Column({ name: 'last_valid_block_height', type: 'bigint', nullable: true, transformer: bigintColumn })
  lastValidBlockHeight!: number | null;

  /** A slot before which the bytes can't have landed: a node that no longer remembers it can't say that they did not. */
  @Column({ name: 'prepared_slot', type: 'bigint', nullable: true, transformer: bigintColumn })
  preparedSlot!: number | null;

  /** Signatures whose block height passed without their being found. */
  @Column({ name: 'expired_signatures', type: 'simple-json' })
  expiredSignatures!: string[];

  @Column({ type: 'bigint', nullable: true, transformer: bigintColumn })
  slot!: number | null;

  @Column({ name: 'block_time_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  blockTimeMs!: number | null;
}
