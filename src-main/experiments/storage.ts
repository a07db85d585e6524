import { ACTIVE, type RunSummary } from '../contract/runs.js'
import { CleanupSchema, type CheckReport, type CleanupItem, type StorageUsage } from '../contract/storage.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { dispensable } from './cleanup.js'
import type {
  CheckpointStore,
  Clock,
  DatasetImporter,
  DatasetStore,
  HomeDisk,
  HomeFile,
  HomeFiles,
  RunStore,
  SettingsStore,
} from './ports.js'
import { lastRepair } from './recovery.js'
import type { RunControl } from './run-control.js'

export interface StoragePorts {
  changes: Changes
  runs: RunStore
  checkpoints: CheckpointStore
  datasets: DatasetStore
  settings: SettingsStore
  files: HomeFiles
  disk: HomeDisk
  clock: Clock
  control: RunControl
  importer: DatasetImporter
  /** What the database's own checks find. */
  problems(signal?: AbortSignal): Promise<string[]>
}

const checkpointPath = (runId: string, file: string): string => `runs/${runId}/checkpoints/${file}`

/** Which run, data set or part of the home a file belongs to, by its path. */
function ownerOf(path: string): { kind: 'database' } | { kind: 'run'; id: string; part: string } | { kind: 'dataset'; name: string } {
  const [top, name = '', part = ''] = path.split('/')
  if (top === 'runs') return { kind: 'run', id: name, part }
  if (top === 'datasets') return { kind: 'dataset', name }
  return { kind: 'database' }
}

/** What lies on the disk, what of it can go, and whether all of it is as it should be. */
export function createStorage(ports: StoragePorts): Pick<Services['storage'], 'usage' | 'clean' | 'check' | 'lastRepair'> {
  const { changes, runs, checkpoints, datasets, disk, clock, control, importer, files } = ports

  function knownRuns(): Map<string, { run: RunSummary; removed: boolean }> {
    const known = new Map<string, { run: RunSummary; removed: boolean }>()
    for (const run of runs.list()) known.set(run.id, { run, removed: false })
    for (const { run } of runs.removed()) known.set(run.id, { run, removed: true })
    return known
  }

  async function usage(): Promise<StorageUsage> {
    const known = knownRuns()
    const sets = new Set(datasets.list().map(({ name }) => name))
    const byRun = new Map<string, StorageUsage['runs'][number]>()
    const bySet = new Map<string, number>()
    const seen = new Set<string>()
    let [database, leftovers, total] = [0, 0, 0]
    // Checkpoints first: a fork's first weights are its parent's checkpoint under a second name, and count with the parent.
    const isCheckpoint = ({ path }: HomeFile): number => Number(path.split('/')[2] === 'checkpoints')
    const found = (await disk.files()).sort((a, b) => isCheckpoint(b) - isCheckpoint(a))
    for (const { path, bytes, inode } of found) {
      if (seen.has(inode)) continue
      seen.add(inode)
      total += bytes
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
      total,
    }
  }

  const atWork = (run: RunSummary): boolean => run.status === 'queued' || ACTIVE.includes(run.status) || control.isLive(run.id)

  /** Files that no row speaks for. Those of runs at work are being written, and those of removed runs go with them. */
  async function leftovers(): Promise<HomeFile[]> {
    const known = knownRuns()
    const sets = new Set(datasets.list().map(({ name }) => name))
    const listed = new Set([...known.keys()].flatMap((id) => checkpoints.list(id).map(({ file }) => checkpointPath(id, file))))
    return (await disk.files()).filter(({ path }) => {
      const owner = ownerOf(path)
      if (owner.kind === 'database') return false
      // Hidden folders are imports at work, which clean up after themselves.
      if (owner.kind === 'dataset') return !owner.name.startsWith('.') && !sets.has(owner.name)
      const entry = known.get(owner.id)
      if (!entry) return true
      if (entry.removed || atWork(entry.run) || owner.part !== 'checkpoints') return false
      return !listed.has(path) && !path.endsWith('/lease')
    })
  }

  return {
    usage,

    async clean(request) {
      const { keep, runIds, dryRun } = CleanupSchema.parse(request)
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
            what: `checkpoint at step ${step} (${kind})`,
          })
      }
      const free = keep.leftovers && !wanted ? await leftovers() : []
      for (const { path, bytes } of free) items.push({ runId: null, runName: null, path, bytes, what: 'belongs to nothing' })
      const plan = { items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0) }
      if (dryRun) return plan
      changes.commit((record) => {
        for (const { runId, path } of items) {
          if (runId === null) continue
          // It may have been queued while leftovers were looked for.
          const file = path.slice(path.lastIndexOf('/') + 1)
          checkpoints.remove(runId, file)
          record({ kind: 'checkpointRemoved', runId, file })
        }
      })
      for (const { path } of items) disk.remove(path)
      if (free.length) await disk.removeEmptyFolders()
      return plan
    },

    async check(deep) {
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
      for (const name of inUse) report.remarks.push(`Runs use the data set ${name}, which is not in this home.`)
      const free = await leftovers()
      if (free.length) {
        const bytes = free.reduce((sum, file) => sum + file.bytes, 0)
        report.remarks.push(
          `${free.length} files (${(bytes / 2 ** 20).toFixed(1)} MiB) belong to nothing; a clean-up with leftovers removes them.`,
        )
      }
      return report
    },

    lastRepair: async () => lastRepair(ports.settings),
  }
}
