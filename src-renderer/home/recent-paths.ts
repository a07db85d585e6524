/** Paths that are remembered for one purpose. */
const MOST = 8

export const rememberedPaths = (all: Readonly<Record<string, string[]>>, kind: string): string[] => all[kind] ?? []

/** With a path in front that was used; the ones that were used longest ago are forgotten. */
export const withPath = (all: Readonly<Record<string, string[]>>, kind: string, path: string): Record<string, string[]> => ({
  ...all,
  [kind]: [path, ...rememberedPaths(all, kind).filter((each) => each !== path)].slice(0, MOST),
})
