import type { BuiltinDataset, DatasetFormat } from './format.js'
import type { PointProblem } from './points.js'

const byFile = <T>(modules: Record<string, T>): T[] =>
  Object.entries(modules)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, module]) => module)

/** Every format that can be imported. */
export const formats: readonly DatasetFormat[] = byFile(
  import.meta.glob<DatasetFormat>('./formats/*.ts', { eager: true, import: 'format' }),
)

/** Every data set that needs no import. */
export const builtins: readonly BuiltinDataset[] = byFile(
  import.meta.glob<BuiltinDataset>('./builtins/*.ts', { eager: true, import: 'builtin' }),
)

/** Every problem of points in the plane; data sets of it can be made by seed. */
export const problems: readonly PointProblem[] = builtins.flatMap(({ problem }) => problem ?? [])
