/** One thing that is wrong with a planning problem: where, what, and how to mend it. */
export interface ProblemFault {
  /** Path in the file, for example `sites[0].loadW[3]`; `problem` for all of it; empty for the file itself. */
  readonly path: string;
  /** Name of the part it is in, where it has one. */
  readonly part?: string;
  readonly what: string;
  readonly mend: string;
}

export const faultLine = ({ path, part, what, mend }: ProblemFault): string =>
  `${path}${part === undefined ? '' : ` (${part})`}${path === '' ? '' : ': '}${what}; ${mend}`;

/** Collects faults, at most one for a place. */
export class FaultList {
  readonly faults: ProblemFault[] = [];

  add(path: string, what: string, mend: string, part?: string): void {
    if (this.faults.some((fault) => fault.path === path && fault.what === what)) return;
    this.faults.push({ path, what, mend, ...(part === undefined ? {} : { part }) });
  }
}
