export type Leaf = string | number | boolean | null | undefined

/** The values of a configuration by dotted path, such as `stages.0.units`. */
export function flatten(value: unknown, path = ''): Map<string, Leaf> {
  if (value === null || typeof value !== 'object') return new Map([[path, value as Leaf]])
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  if (entries.length === 0) return new Map([[path, Array.isArray(value) ? '[]' : '{}']])
  return new Map(entries.flatMap(([key, inner]) => [...flatten(inner, path ? `${path}.${key}` : String(key))]))
}

/**
 * What runs must share to count as repetitions of one another: everything except the seed and the name of the preset, which a later version
 * may give to another configuration.
 */
export function apartFromSeed(config: object): string {
  const flat = flatten(config)
  flat.delete('seed')
  flat.delete('preset')
  return JSON.stringify([...flat].sort(([a], [b]) => (a < b ? -1 : 1)))
}
