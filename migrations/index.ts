/** Every migration, oldest first. Append only: one that has shipped is never edited. */
export const MIGRATIONS: (new () => import('typeorm').MigrationInterface)[] = [];
