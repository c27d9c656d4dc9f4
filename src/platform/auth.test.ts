import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthService } from './auth.service.js';
import { ManualClock } from './clock.js';
import { databaseOptions } from './database.js';
import { SessionEntity, UserEntity } from './user.entity.js';

describe('logins', () => {
  const clock = new ManualClock(1_700_000_000_000);
  let database: DataSource;
  let auth: AuthService;

  beforeEach(async () => {
    database = new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities: [UserEntity, SessionEntity] });
    await database.initialize();
    await database.runMigrations();
    auth = new AuthService(database.getRepository(UserEntity), database.getRepository(SessionEntity), clock);
    await auth.putUser({ name: 'anna', role: 'household', householdId: 'home-01', password: 'sunny' });
  });
  afterEach(() => database.destroy());

  it('opens a session for the right password, and only until it is closed', async () => {
    const login = await auth.login('anna', 'sunny');
    if (typeof login === 'string') throw new Error(login);
    expect(await auth.callerOf(login.token)).toEqual({ name: 'anna', role: 'household', householdId: 'home-01' });
    await auth.logout(login.token);
    expect(await auth.callerOf(login.token)).toBeUndefined();
  });

  it('says the same of a wrong password and of an unknown name', async () => {
    expect(await auth.login('anna', 'rainy')).toBe('wrong');
    expect(await auth.login('nobody', 'sunny')).toBe('wrong');
  });

  it('ends the sessions of a login that gets another password or role, and only then', async () => {
    const login = await auth.login('anna', 'sunny');
    if (typeof login === 'string') throw new Error(login);
    const anna = { name: 'anna', role: 'household', householdId: 'home-01' } as const;
    await auth.putUser({ ...anna, password: 'sunny' });
    expect(await auth.callerOf(login.token)).toBeDefined();
    await auth.putUser({ ...anna, password: 'cloudy' });
    expect(await auth.callerOf(login.token)).toBeUndefined();
  });

  it('counts guesses that come all at once', async () => {
    const guesses = await Promise.all(Array.from({ length: 30 }, (_, guess) => auth.login('anna', `guess ${guess}`)));
    expect(guesses.filter((outcome) => outcome === 'too-many')).toHaveLength(20);
  });

  it('stops guessing after ten misses, and forgets them after a minute', async () => {
    for (let miss = 0; miss < 10; miss += 1) await auth.login('anna', `guess ${miss}`);
    expect(await auth.login('anna', 'sunny')).toBe('too-many');
    expect(await auth.login('anna', 'sunny', '10.0.0.7')).not.toBe('too-many');
    clock.set(clock.now() + 60_000);
    expect(await auth.login('anna', 'sunny')).not.toBe('too-many');
  });

  it('ends a session after thirty days', async () => {
    const login = await auth.login('anna', 'sunny');
    if (typeof login === 'string') throw new Error(login);
    clock.set(clock.now() + 31 * 86_400_000);
    expect(await auth.callerOf(login.token)).toBeUndefined();
  });
});
