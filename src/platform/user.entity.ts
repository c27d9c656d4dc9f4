import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

export const USER_ROLES = ['operator', 'household'] as const;
export type UserRole = (typeof USER_ROLES)[number];

@Entity({ name: 'users' })
export class UserEntity {
  @PrimaryColumn({ type: 'varchar', length: 64, primaryKeyConstraintName: 'pk_users' })
  name!: string;

  @Column({ type: 'varchar', length: 16 })
  role!: UserRole;

  @Column({ name: 'household_id', type: 'varchar', length: 64, nullable: true })
  householdId!: string | null;

  /** `scrypt$N$salt$hash`, both base64. */
  @Column({ name: 'password_hash', type: 'varchar', length: 255 })
  passwordHash!: string;

  /** A login made by the demo, with a password everyone can see: `vpp serve` refuses it. */
  @Column({ type: 'boolean', default: () => 'false' })
  demo!: boolean;
}

/** A login that lasts. Only the hash of its token is kept, so that the table is worth nothing to a thief. */
@Entity({ name: 'sessions' })
@Index('ix_sessions_expires', ['expiresAtMs'])
export class SessionEntity {
  @PrimaryColumn({ name: 'token_hash', type: 'varchar', length: 64, primaryKeyConstraintName: 'pk_sessions' })
  tokenHash!: string;

  @Column({ name: 'user_name', type: 'varchar', length: 64 })
  userName!: string;

  @Column({ name: 'expires_at_ms', type: 'bigint', transformer: bigintColumn })
  expiresAtMs!: number;
}
