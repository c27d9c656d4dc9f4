import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { DAY_MS } from '../kernel/units.js';
import { Clock } from './clock.js';
import { hashPassword, passwordFits } from './passwords.js';
import { SessionEntity, UserEntity, type UserRole } from './user.entity.js';

/** Who is asking. A household's login carries the one household it may see. */
export interface Caller {
  readonly name: string;
  readonly role: UserRole;
  readonly householdId?: string;
}

export interface NewUser extends Caller {
  readonly password: string;
  readonly demo?: boolean;
}

const SESSION_MS = 30 * DAY_MS;
const MISSES_ALLOWED = 10;
const MISS_WINDOW_MS = 60_000;
/** Beyond so many names and addresses, those whose misses are over are forgotten. */
const GUESSERS_REMEMBERED = 1_000;
/** Fits no password. Checked for unknown names, so that the time to answer does not tell which names exist. */
const NO_ONES_HASH = `scrypt$16384$${'A'.repeat(22)}==$${'A'.repeat(43)}=`;

@Injectable()
export class AuthService {
  private readonly misses = new Map<string, { count: number; sinceMs: number }>();

  constructor(
    @InjectRepository(UserEntity) private readonly users: Repository<UserEntity>,
    @InjectRepository(SessionEntity) private readonly sessions: Repository<SessionEntity>,
    private readonly clock: Clock,
  ) {}

  /** Makes the user, or gives an existing one this role and password; where that changes them, its sessions are over. */
  async putUser(user: NewUser): Promise<void> {
    const before = await this.users.findOneBy({ name: user.name });
    if (before && !(before.role === user.role && (await passwordFits(user.password, before.passwordHash))))
      await this.sessions.delete({ userName: user.name });
    await this.users.save({
      name: user.name,
      role: user.role,
      householdId: user.householdId ?? null,
      passwordHash: await hashPassword(user.password),
      demo: user.demo ?? false,
    });
  }

  /**
   * A session token for a right name and password; `too-many` after ten misses for a name within a minute from one address,
   * so that whoever guesses elsewhere keeps nobody from logging in.
   */
  async login(name: string, password: string, from = ''): Promise<{ token: string; caller: Caller } | 'wrong' | 'too-many'> {
    const guesser = `${from} ${name}`;
    if (this.missesOf(guesser) >= MISSES_ALLOWED) return 'too-many';
    // Counted before the password is tried: guesses sent all at once are counted as well.
    this.miss(guesser);
    const user = await this.users.findOneBy({ name });
    const fits = await passwordFits(password, user?.passwordHash ?? NO_ONES_HASH);
    if (!user || !fits) return 'wrong';
    this.misses.delete(guesser);
    const token = randomBytes(32).toString('base64url');
    await this.sessions.delete({ expiresAtMs: LessThan(this.clock.now()) });
    await this.sessions.insert({ tokenHash: hashToken(token), userName: name, expiresAtMs: this.clock.now() + SESSION_MS });
    return { token, caller: callerOf(user) };
  }

  async logout(token: string): Promise<void> {
    await this.sessions.delete({ tokenHash: hashToken(token) });
  }

  async callerOf(token: string): Promise<Caller | undefined> {
    const session = await this.sessions.findOneBy({ tokenHash: hashToken(token) });
    if (!session || session.expiresAtMs <= this.clock.now()) return undefined;
    const user = await this.users.findOneBy({ name: session.userName });
    return user ? callerOf(user) : undefined;
  }

  /** Ends a login and its sessions. The last operator stays: a plant does not start without one. */
  async removeUser(name: string): Promise<'removed' | 'unknown' | 'last-operator'> {
    const user = await this.users.findOneBy({ name });
    if (!user) return 'unknown';
    if (user.role === 'operator' && (await this.users.countBy({ role: 'operator' })) === 1) return 'last-operator';
    await this.users.delete({ name });
    await this.sessions.delete({ userName: name });
    return 'removed';
  }

  /** Whether any login of the demo is left in this database. */
  hasDemoUsers(): Promise<boolean> {
    return this.users.existsBy({ demo: true });
  }

  hasOperator(): Promise<boolean> {
    return this.users.existsBy({ role: 'operator' });
  }

  private miss(guesser: string): void {
    const nowMs = this.clock.now();
    this.misses.set(guesser, { count: this.missesOf(guesser) + 1, sinceMs: this.misses.get(guesser)?.sinceMs ?? nowMs });
    if (this.misses.size > GUESSERS_REMEMBERED)
      for (const [other, { sinceMs }] of this.misses) if (nowMs - sinceMs >= MISS_WINDOW_MS) this.misses.delete(other);
  }

  private missesOf(guesser: string): number {
    const missed = this.misses.get(guesser);
    if (!missed) return 0;
    if (this.clock.now() - missed.sinceMs < MISS_WINDOW_MS) return missed.count;
    this.misses.delete(guesser);
    return 0;
  }
}

const callerOf = (user: UserEntity): Caller => ({
  name: user.name,
  role: user.role,
  ...(user.householdId === null ? {} : { householdId: user.householdId }),
});

const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');
