/** Converts a stored value of one version to the next. Must be a pure function that does not modify its argument. */
export type Migration<T> = (stored: T) => T

/** The versions of a stored format, from 1 to `current`. */
export interface Versions<T> {
  readonly current: number
  /** Migrates a value stored in version `from` to the current version. */
  migrate(from: number, stored: T): T
}

/**
 * The versions of a stored format from its migration files: `0002-name.ts` migrates from version 1 to version 2, and so on without a gap.
 * @param files by path, as `import.meta.glob` gives them
 */
export function versionsOf<T>(files: Record<string, Migration<T>>): Versions<T> {
  const migrations = Object.entries(files)
    .map(([path, migrate]) => ({ to: Number(/\/(\d{4})-[^/]*\.ts$/.exec(path)?.[1]), migrate }))
    .sort((a, b) => a.to - b.to)
  if (migrations.some(({ to }, at) => to !== at + 2))
    throw new Error(`migrations must be numbered 0002, 0003, ... without a gap: ${Object.keys(files).join(', ')}`)
  return {
    current: migrations.length + 1,
    migrate: (from, stored) => migrations.slice(from - 1).reduce((value, { migrate }) => migrate(value), stored),
  }
}
