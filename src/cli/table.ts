/** Of a terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const up = (lines: number): string => `\u001B[${lines}A`;
const CLEAR_TO_END_OF_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/** Lines on a terminal that are drawn over those drawn before. */
export class Table {
  private drawn = 0;

  /**
   * What to write so that `lines` stand where the last ones stood. Lines are cut at the terminal's edge, and those that it has
   * no room for are counted in the last one: what wraps or scrolls away could not be drawn over.
   */
  redrawn(lines: readonly string[], { columns, rows }: Size): string {
    const room = Math.max(rows - 1, 1);
    const shownLines =
      lines.length <= room ? lines : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more: a taller window shows them`];
    const body = shownLines.map((line) => `\r${line.slice(0, columns)}${CLEAR_TO_END_OF_LINE}\n`).join('');
    const text = (this.drawn > 0 ? up(this.drawn) : '') + body + CLEAR_BELOW;
    this.drawn = shownLines.length;
    return text;
  }
}
