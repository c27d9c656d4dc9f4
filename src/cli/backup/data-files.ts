import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ledgerUpTo } from './ledger-tail.js';

/** Locks, sockets, drafts and what SQLite keeps beside its files: of a process, and nothing without it. */
const OF_A_PROCESS = /^((supervisor|commissioning)-)?lock\.sqlite|^(running|commissioning)\.json$|\.(new|sock)$|-(wal|shm|journal)$/;
const LEDGER_FILE = 'embedded-ledger.jsonl';

export interface DataFiles {
  /** SQLite files, by their names in the folder. */
  readonly databases: readonly string[];
  /** Everything else that a plant keeps, by its path in the folder. */
  readonly others: readonly string[];
}

/** What a plant keeps in its folder, whatever it is: a file that is new to this program is not left out. */
export const dataFilesOf = (folder: string): DataFiles => {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !OF_A_PROCESS.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  const isDatabase = (path: string): boolean => path.endsWith('.sqlite');
  return { databases: paths.filter(isDatabase), others: paths.filter((path) => !isDatabase(path)) };
};

/** Copies a file that its writer replaces whole or only adds to. `anchored` are the transactions that the database knows. */
export const copyFile = (source: string, target: string, anchored: ReadonlySet<string>): void => {
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  // A log that is given up, or compressed into another file, since the folder was looked through.
  if (!existsSync(source)) return;
  if (source.endsWith(LEDGER_FILE)) writeFileSync(target, ledgerUpTo(readFileSync(source, 'utf8'), anchored), { mode: 0o600 });
  else copyFileSync(source, target);
};

export const modeOf = (file: string): number => statSync(file).mode & 0o777;
