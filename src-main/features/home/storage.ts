import type { z } from 'zod'
import { CHECKPOINT_KINDS, hasTrainer, type RunSummary } from '../../contract/runs.js'
import {
  describeUnfinished,
  type CheckReport,
  type CleanupItem,
  type CleanupPlan,
  type CleanupSchema,
  type StorageUsage,
  type Unfinished,
} from '../../contract/storage.js'
import type { Changes } from './changes.js'
import { dispensable } from '../runs/dispensable.js'
import type { Datasets } from '../datasets/datasets.js'
import type { Elsewhere } from './elsewhere.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { DatasetFiles } from '../datasets/dataset-files.js'
import type { DatasetStore } from '../datasets/dataset-store.js'
import type { DatasetImporter } from '../datasets/importer.js'
import type { HomeDisk, HomeFile, UnfinishedFiles } from './home-disk.js'
import type { CheckpointStore } from '../runs/checkpoint-store.js'
import type { RunFiles } from '../runs/run-files.js'
import type { RunStore } from '../runs/run-store.js'
import type { Clock } from '../shared/clock.js'

export interface StoragePorts {
  changes: Changes
  runs: RunStore
  checkpoints: CheckpointStore
  datasets: DatasetStore
  files: RunFiles & DatasetFiles
  disk: HomeDisk
  clock: Clock
  control: RunControl
  importer: DatasetImporter
  elsewhere: Elsewhere
  arrivals: Pick<Datasets, 'adopted' | 'arriving'>
  /** Problems that SQLite's integrity checks find. */
  problems(signal?: AbortSignal): Promise<string[]>
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
const checkpointPath = (runId: string, file: string): string => `runs/${runId}/checkpoints/${file}`

/** The run, data set or part of the home that a file belongs to, from its path. */
function ownerOf(path: string): { kind: 'database' } | { kind: 'run'; id: string; part: string } | { kind: 'dataset'; name: string } {
  const [top, name = '', part = ''] = path.split('/')
  if (top === 'runs') return { kind: 'run', id: name, part }
  if (top === 'datasets') return { kind: 'dataset', name }
  return { kind: 'database' }
}

const inodes = ({ files }: UnfinishedFiles): string[] => files.map(({ inode }) => inode)

/** Separates unfinished files from finished ones. */
function isPartOf(unfinished: readonly UnfinishedFiles[]): (file: HomeFile) => boolean {
  const paths = new Set(unfinished.flatMap(({ files }) => files.map(({ path }) => path)))
  return ({ path }) => paths.has(path)
}

/** Disk usage, clean-up and verification of a home. */
export function createStorage(ports: StoragePorts) {
  const { changes, runs, checkpoints, datasets, disk, clock, control, importer, files, arrivals } = ports

  function knownRuns(): Map<string, { run: RunSummary; removed: boolean }> {
    const known = new Map<string, { run: RunSummary; removed: boolean }>()
    for (const run of runs.list()) known.set(run.id, { run, removed: false })
    for (const { run } of runs.removed()) known.set(run.id, { run, removed: true })
    return known
  }

  /**
   * All files of the home by kind. A file with several hard links counts once: as a checkpoint rather than as the initial weights of a fork
   * or as part of a backup.
   */
  async function survey(): Promise<{ placed: HomeFile[]; counted: HomeFile[]; unfinished: Unfinished[] }> {
    await arrivals.adopted()
    const all = await disk.files()
    const inside = await disk.unfinished()
    const known = new Set(inside.flatMap(inodes))
    // A file may be written to a folder that has been listed already.
    const outside = (await ports.elsewhere.unfinished()).filter((each) => !inodes(each).some((inode) => known.has(inode)))
    const found = [...inside, ...outside]
    const isUnfinished = isPartOf(found)
    const isCheckpoint = ({ path }: HomeFile): number => Number(path.split('/')[2] === 'checkpoints')
    const seen = new Set<string>()
    const first = ({ inode }: HomeFile): boolean => !seen.has(inode) && Boolean(seen.add(inode))
    const placed = all.filter((file) => !isUnfinished(file)).sort((a, b) => isCheckpoint(b) - isCheckpoint(a))
    const counted = placed.filter(first)
    const unfinished = found.map(({ files: parts, ...rest }) => ({
      ...rest,
      bytes: parts.filter(first).reduce((sum, { bytes }) => sum + bytes, 0),
    }))
    return { placed, counted, unfinished }
  }

  async function usage(): Promise<StorageUsage> {
    const { counted, unfinished } = await survey()
    const known = knownRuns()
    const sets = new Set(datasets.list().map(({ name }) => name))
    const byRun = new Map<string, StorageUsage['runs'][number]>()
    const bySet = new Map<string, number>()
    let [database, leftovers] = [0, 0]
    for (const { path, bytes } of counted) {
      const owner = ownerOf(path)
      if (owner.kind === 'database') database += bytes
      else if (owner.kind === 'dataset') {
        if (sets.has(owner.name)) bySet.set(owner.name, (bySet.get(owner.name) ?? 0) + bytes)
        else leftovers += bytes
      } else {
        const entry = known.get(owner.id)
        if (!entry) {
          leftovers += bytes
          continue
        }
        const { run, removed } = entry
        const row = byRun.get(run.id) ?? { id: run.id, name: run.name, removed, checkpoints: 0, logs: 0, weights: 0 }
        byRun.set(run.id, row)
        row[owner.part === 'checkpoints' ? 'checkpoints' : owner.part === 'log' ? 'logs' : 'weights'] += bytes
      }
    }
    const size = (row: StorageUsage['runs'][number]): number => row.checkpoints + row.logs + row.weights
    return {
      disk: disk.space(),
      database,
      runs: [...byRun.values()].sort((a, b) => size(b) - size(a)),
      datasets: [...bySet].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes),
      leftovers,
      unfinished,
      total: [...counted, ...unfinished].reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }

  const atWork = (run: RunSummary): boolean => run.status === 'queued' || hasTrainer(run) || control.isLive(run.id)

  /** Files that no row refers to. Files of active runs are skipped, because they are being written, and so are those of removed runs, which are deleted with them. */
  function leftovers(placed: readonly HomeFile[]): HomeFile[] {
    // Rows are read after the files, so that a file which got its row in the meantime has one.
    const known = knownRuns()
    const sets = new Set(datasets.list().map(({ name }) => name))
    const listed = new Set([...known.keys()].flatMap((id) => checkpoints.list(id).map(({ file }) => checkpointPath(id, file))))
    return placed.filter(({ path }) => {
      const owner = ownerOf(path)
      if (owner.kind === 'database') return false
      // The files of a data set are put in place before its row is written.
      if (owner.kind === 'dataset') return !owner.name.startsWith('.') && !sets.has(owner.name) && !arrivals.arriving()
      const entry = known.get(owner.id)
      if (!entry) return true
      if (entry.removed || atWork(entry.run) || owner.part !== 'checkpoints') return false
      return !listed.has(path) && !path.endsWith('/lease')
    })
  }

  return {
    usage,

    /** Removes what `keep` does not keep, or only reports what it would remove. */
    async clean({ keep, runIds, dryRun }: z.output<typeof CleanupSchema>): Promise<CleanupPlan> {
      const wanted = runIds && new Set(runIds)
      const items: CleanupItem[] = []
      for (const run of runs.list()) {
        if (atWork(run) || (wanted && !wanted.has(run.id))) continue
        const all = checkpoints.list(run.id).filter(({ file }) => files.hasCheckpoint(run.id, file))
        for (const { file, bytes, step, kind } of dispensable(run, all, keep))
          items.push({
            runId: run.id,
            runName: run.name,
            path: checkpointPath(run.id, file),
            bytes,
            what: `checkpoint at step ${step} (${CHECKPOINT_KINDS[kind]})`,
          })
      }
      if (keep.leftovers && !wanted) {
        const { placed, unfinished } = await survey()
        const add = (path: string, bytes: number, what: string): void => void items.push({ runId: null, runName: null, path, bytes, what })
        for (const { path, bytes } of leftovers(placed)) add(path, bytes, 'orphaned file')
        for (const each of unfinished) if (each.maker === null) add(each.path, each.bytes, describeUnfinished(each, clock.now()))
      }
      const plan = { items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0) }
      if (dryRun) return plan
      changes.commit((record) => {
        for (const { runId, path } of items) {
          if (runId === null) continue
          // The run may have been queued while leftovers were being searched.
          const file = path.slice(path.lastIndexOf('/') + 1)
          checkpoints.remove(runId, file)
          record({ kind: 'checkpointRemoved', runId, file })
        }
      })
      for (const { path } of items) disk.remove(path)
      if (items.some(({ runId }) => runId === null)) await disk.removeEmptyFolders()
      return plan
    },

    /** Verifies the home. @param deep also reads every data set and compares it with its hash */
    async check({ deep }: { deep: boolean }): Promise<CheckReport> {
      const report: CheckReport = { at: clock.now(), problems: await ports.problems(), remarks: [] }
      for (const { run, removed } of knownRuns().values()) {
        for (const { file, bytes, step } of checkpoints.list(run.id)) {
          const size = disk.size(checkpointPath(run.id, file))
          const what = `The checkpoint of run ${run.id} (${run.name}${removed ? ', removed' : ''}) at step ${step}`
          if (size === null) report.problems.push(`${what} is missing: ${checkpointPath(run.id, file)}`)
          else if (size !== bytes) report.problems.push(`${what} has ${size} bytes instead of ${bytes}: ${checkpointPath(run.id, file)}`)
        }
      }
      const inUse = new Set(runs.list().map(({ dataset }) => dataset))
      for (const dataset of datasets.list()) {
        const { ok, problems } = deep ? await importer.verify(files.datasetFolder(dataset.name), dataset) : { ok: true, problems: [] }
        if (!ok) report.problems.push(...problems.map((problem) => `Data set ${dataset.name}: ${problem}`))
        inUse.delete(dataset.name)
      }
      for (const name of inUse) report.remarks.push(`Runs use the data set ${name}, which does not exist in this home.`)
      const { placed, unfinished } = await survey()
      for (const each of unfinished)
        report.remarks.push(
          `${each.path} (${mebibytes(each.bytes)}): ${describeUnfinished(each, clock.now())}` +
            (each.maker === null ? '; \`home clean --leftovers\` removes it.' : '.'),
        )
      const free = leftovers(placed)
      if (free.length) {
        const bytes = free.reduce((sum, file) => sum + file.bytes, 0)
        report.remarks.push(`${free.length} orphaned files (${mebibytes(bytes)}); \`home clean --leftovers\` removes them.`)
      }
      return report
    },
  }
}
