import { describe, expect, it } from 'vitest';
import { Table } from './table.js';

const WIDE = { columns: 80, rows: 24 };

describe('a table on a terminal', () => {
  it('is drawn over itself', () => {
    const table = new Table();
    expect(table.redrawn(['a 1', 'b 2'], WIDE)).toBe('\ra 1\u001B[K\n\rb 2\u001B[K\n\u001B[J');
    expect(table.redrawn(['a 3'], WIDE)).toBe('\u001B[2A\ra 3\u001B[K\n\u001B[J');
    expect(table.redrawn(['a 4'], WIDE).startsWith('\u001B[1A')).toBe(true);
  });

  it('never wraps or scrolls, so that it finds itself again', () => {
    const table = new Table();
    const text = table.redrawn(['0123456789', 'b', 'c', 'd'], { columns: 5, rows: 4 });
    expect(text).toContain('\r01234\u001B[K');
    expect(text).toContain('… and 2 more'.slice(0, 5));
    expect(text.match(/\n/g)).toHaveLength(3);
    expect(table.redrawn([], WIDE).startsWith('\u001B[3A')).toBe(true);
  });
});
