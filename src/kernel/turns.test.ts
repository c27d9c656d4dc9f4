import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

const opened = () => {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { gate, open };
};

describe('turns', () => {
  it('come one after another for a key, also after a failure, and side by side for others', async () => {
    const turns = new Turns<string>();
    const { gate, open } = opened();
    const seen: string[] = [];
    const first = turns.take('a', async () => {
      await gate;
      seen.push('first of a');
      throw new Error('it failed');
    });
    const second = turns.take('a', () => seen.push('second of a'));
    await turns.take('b', () => seen.push('first of b'));
    expect(seen).toEqual(['first of b']);
    open();
    await expect(first).rejects.toThrow('it failed');
    await second;
    expect(seen).toEqual(['first of b', 'first of a', 'second of a']);
  });

  it('are over when the last that waited has had its own', async () => {
    const turns = new Turns<string>();
    const { gate, open } = opened();
    const seen: string[] = [];
    void turns.take('a', () => gate);
    void turns.take('a', () => seen.push('second of a'));
    const over = turns.over().then(() => seen.push('over'));
    open();
    await over;
    expect(seen).toEqual(['second of a', 'over']);
    await turns.over();
  });
});
