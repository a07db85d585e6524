/** Maximum number of paths remembered for one purpose. */
const MOST = 8

export const rememberedPaths = (all: Readonly<Record<string, string[]>>, kind: string): string[] => all[kind] ?? []

/** Adds a path in front; the least recently used ones are dropped. */
export const withPath = (all: Readonly<Record<string, string[]>>, kind: string, path: string): Record<string, string[]> => ({
  ...all,
  [kind]: [path, ...rememberedPaths(all, kind).filter((each) => each !== path)].slice(0, MOST),
})
