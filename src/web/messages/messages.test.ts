import { describe, expect, it } from 'vitest';

import { german } from './de.js';
import { english } from './en.js';

/** Names in braces that a message takes, also inside plurals. */
const namesIn = (message: string): string[] => [...message.matchAll(/\{(\w+)[,}]/g)].map(([, name]) => name ?? '').sort();

describe('the two languages', () => {
  it('say the same things', () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  });

  it.each(Object.keys(english) as (keyof typeof english)[])('%s takes the same values in both, and is empty in neither', (id) => {
    expect(namesIn(german[id])).toEqual(namesIn(english[id]));
    expect(english[id].trim()).not.toBe('');
    expect(german[id].trim()).not.toBe('');
  });
});
