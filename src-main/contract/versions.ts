/** Converts a stored value of one version to the next. Must be a pure function that does not modify its argument. */
export type Migration<T> = (stored: T) => T

/** The versions of a stored format, from 1 to `current`. */
export interface Versions<T> {
  readonly current: number
  /** Migrates a value stored in version `from` to version `to`, by default the current one. */
  migrate(from: number, stored: T, to?: number): T
}

/** The migration to one version. */
export interface Step<T> {
  to: number
  migrate: Migration<T>
}

/**
 * The versions of a stored format from its migration files: `0002-name.ts` migrates from version 1 to version 2, and so on without a gap.
 * @param files by path, as returned by `import.meta.glob`
 * @param further additional migrations without files; each is applied after the file of the same version, if there is one
 */
export function versionsOf<T>(files: Record<string, Migration<T>>, further: readonly Step<T>[] = []): Versions<T> {
  const fromFiles = Object.entries(files).map(([path, migrate]) => ({ to: Number(/\/(\d{4})-[^/]*\.ts$/.exec(path)?.[1]), migrate }))
  const steps = [...fromFiles, ...further].sort((a, b) => a.to - b.to)
  const versions = new Set(steps.map(({ to }) => to))
  const twice = new Set(fromFiles.map(({ to }) => to)).size < fromFiles.length
  if (twice || [...versions].some((version, at) => version !== at + 2))
    throw new Error(`migrations must be numbered 0002, 0003, ... without a gap: ${[...Object.keys(files), ...versions].join(', ')}`)
  return {
    current: versions.size + 1,
    migrate: (from, stored, last = versions.size + 1) =>
      steps.filter(({ to }) => to > from && to <= last).reduce((value, { migrate }) => migrate(value), stored),
  }
}
