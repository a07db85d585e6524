import type { Checkpoint, RunSummary } from '../../contract/runs.js'
import type { Retention } from '../../contract/storage.js'

/** The checkpoints of one run that a retention setting does not keep. */
export function dispensable(
  run: Pick<RunSummary, 'pinned' | 'baseline'>,
  checkpoints: readonly Checkpoint[],
  keep: Retention,
): Checkpoint[] {
  if (keep.pinned && (run.pinned || run.baseline)) return []
  const kept = new Set<string>()
  // They are sorted by step, so that the last of each kind is the newest.
  const last = checkpoints.at(-1)
  const best = checkpoints.findLast(({ kind }) => kind === 'best')
  if (keep.last && last) kept.add(last.file)
  if (keep.best && best) kept.add(best.file)
  return checkpoints.filter(({ file, pinned }) => !kept.has(file) && !(keep.pinned && pinned))
}
