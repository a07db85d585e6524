import type { RunConfig } from '../../contract/config.js'
import { CONTENT_VERSION, contentVersionOf } from '../../contract/dataset-content.js'
import { describeMissingDataset, type Dataset, type ImportDataset, type MakeDataset } from '../../contract/datasets.js'
import { isUserError, UserError } from '../../contract/errors.js'
import { ACTIVE, hasConfiguration } from '../../contract/runs.js'
import type { Changes, Journal } from '../home/changes.js'
import { newId } from '../shared/ids.js'
import type { DatasetFiles } from './dataset-files.js'
import { LabelCache } from '../../data/label-cache.js'
import { storedSet, type StoredSet } from '../../data/view.js'
import { split, type SplitCounts } from '../../data/views/split.js'
import type { DatasetStore } from './dataset-store.js'
import { DatasetTasks } from './dataset-tasks.js'
import type { DatasetImporter } from './importer.js'
import type { SettingsStore } from '../home/settings.js'
import type { RunStore } from '../runs/run-store.js'
import type { StudyStore } from '../studies/study-store.js'
import type { Clock } from '../shared/clock.js'

export interface DatasetPorts {
  changes: Changes
  journal: Journal
  datasets: DatasetStore
  settings: SettingsStore
  runs: RunStore
  studies: Pick<StudyStore, 'renameDataset' | 'get'>
  files: DatasetFiles
  clock: Clock
  importer: DatasetImporter
  fault(error: unknown): void
}

/** Id under which the progress of long work can be followed. */
interface Task {
  taskId?: string | undefined
}

/** The setting that records a rename in progress, during which the files may have either name. */
const RENAMING = 'dataset.renaming'

const removedKey = (name: string): string => `dataset.removed:${name}`

/** The data sets of a home, including the built-in ones. */
export class Datasets {
  private readonly tasks: DatasetTasks
  private readonly making = new Map<string, Promise<Dataset>>()
  private renaming: Promise<Dataset> | null = null
  private closing = false
  private builtinsReady: Promise<void> = Promise.resolve()
  private foldersAdopted: Promise<void> = Promise.resolve()

  private readonly labels = new LabelCache()

  constructor(private readonly ports: DatasetPorts) {
    this.tasks = new DatasetTasks(ports)
  }

  /** All data sets, once the built-in ones have been made. */
  async list(): Promise<Dataset[]> {
    await this.builtinsReady
    return this.ports.datasets.list()
  }

  /** Imports a data set. Resolves at the end; progress is published as changes of the task. */
  import(request: ImportDataset & Task): Promise<Dataset> {
    return this.tasks.tracked(this.importNow(request))
  }

  /** Generates a data set of points from a seed. */
  make(request: MakeDataset): Promise<Dataset> {
    return this.tasks.tracked(this.draw(request))
  }

  /** Reads a data set completely and compares it with its hash; progress is published as changes of the task. */
  verify(request: { name: string } & Task): ReturnType<DatasetImporter['verify']> {
    return this.tasks.tracked(this.verifyNow(request))
  }

  /** Reads one view of a data set without loading all of it. */
  async look<Wanted extends { name: string }, Output>(
    view: { read(set: StoredSet, wanted: Wanted): Promise<Output> },
    wanted: Wanted,
  ): Promise<Output> {
    const dataset = await this.find(wanted.name)
    return view.read(storedSet(this.ports.files.datasetFolder(dataset.name), dataset, this.labels), wanted)
  }

  /** After a crash, ends the tasks of the last host and registers folders that it had finished; makes missing built-in data sets in the background. */
  recover(folders: readonly string[]): void {
    const { changes, journal, importer, settings } = this.ports
    const left = journal.tasks().filter(({ state }) => state === 'running')
    if (left.length)
      changes.commit((record) => {
        for (const task of left)
          record({ kind: 'task', task: { ...task, state: 'failed', message: 'Retrace was closed during this task. Start it again.' } })
      })
    const adopt = async (): Promise<void> => {
      const { from } = (settings.get(RENAMING) ?? {}) as { from?: string }
      await this.finishRename()
      for (const name of folders) if (name !== from && !this.ports.datasets.get(name)) await this.adopt(name)
    }
    const make = async (): Promise<void> => {
      await adopting
      for (const { name, hash } of this.ports.datasets.list()) if (contentVersionOf(hash) < CONTENT_VERSION) await this.renewHash(name)
      for (const name of importer.builtins()) if (!this.closing && settings.get(removedKey(name)) !== true) await this.find(name)
    }
    const adopting = adopt()
    // An error is reported by the promise below, which includes this one.
    this.foldersAdopted = adopting.catch(() => undefined)
    this.builtinsReady = make().catch((error: unknown) => {
      if (!this.closing) this.ports.fault(error)
    })
  }

  /** Resolves when the folders that an earlier host had finished are registered. */
  adopted(): Promise<void> {
    return this.foldersAdopted
  }

  /** Whether a data set may exist on disk without being registered yet. */
  arriving(): boolean {
    return this.tasks.busy || this.making.size > 0 || this.renaming !== null
  }

  /** Cancels imports and other tasks, and waits until they have ended. */
  async close(): Promise<void> {
    this.closing = true
    await Promise.allSettled([this.tasks.close(), ...this.making.values(), this.builtinsReady])
  }

  /**
   * The data set of that name. A missing built-in one is made first.
   *
   * @throws UserError NOT_FOUND
   */
  async find(name: string): Promise<Dataset> {
    // During a rename, neither the old nor the new name finds the data set.
    await this.renaming?.catch(() => undefined)
    const { datasets, importer } = this.ports
    const known = datasets.get(name)
    if (known) return known
    const going = this.making.get(name)
    if (going) return going
    if (importer.builtins().includes(name)) return this.makeBuiltin(name)
    const names = [...new Set([...datasets.list().map((dataset) => dataset.name), ...importer.builtins()])]
    throw new UserError('NOT_FOUND', describeMissingDataset(name, names))
  }

  /** Number of training and validation images that a run would use. */
  split({ dataset: name, seed, subset, validation }: Pick<RunConfig, 'dataset' | 'seed' | 'subset' | 'validation'>): Promise<SplitCounts> {
    return this.look(split, { name, seed, subset, validation })
  }

  private draw(request: MakeDataset): Promise<Dataset> {
    this.requireFree(request.name)
    return this.tasks.run(newId(), `Generating the data set ${request.name}`, async (options) =>
      this.keep(await this.ports.importer.make(request, options)),
    )
  }

  /** @throws UserError CONFLICT when a data set has that name */
  private requireFree(name: string): void {
    if (this.ports.datasets.get(name))
      throw new UserError('CONFLICT', `A data set ${name} already exists. Remove it first, or choose another name.`)
  }

  /** Renames a data set, also in the configurations of its runs. */
  async rename({ name, to }: { name: string; to: string }): Promise<Dataset> {
    const dataset = await this.find(name)
    if (name === to) return dataset
    this.requireFree(to)
    this.requireUnused(name)
    const { changes, settings } = this.ports
    changes.commit(() => settings.set(RENAMING, { from: name, to }))
    const going = this.finishRename().then((renamed) => renamed!)
    this.renaming = going
    try {
      return await going
    } finally {
      this.renaming = null
    }
  }

  /** Completes a rename, also one that a killed host began. Each step may have been done before and can be repeated. */
  private async finishRename(): Promise<Dataset | null> {
    const { changes, datasets, files, importer, runs, settings, studies } = this.ports
    const begun = settings.get(RENAMING) as { from: string; to: string } | null | undefined
    if (!begun) return null
    const { from, to } = begun
    try {
      await files.renameDataset(from, to)
    } catch (error) {
      changes.commit(() => settings.set(RENAMING, null))
      throw error
    }
    const folder = files.datasetFolder(to)
    await importer.rename(folder, to)
    const dataset = await importer.read(folder)
    changes.commit((record) => {
      settings.set(RENAMING, null)
      datasets.remove(from)
      datasets.put(dataset)
      if (importer.builtins().includes(from)) settings.set(removedKey(from), true)
      record({ kind: 'dataset', dataset })
      for (const id of runs.renameDataset(from, to)) record({ kind: 'run', run: runs.get(id)! })
      for (const id of studies.renameDataset(from, to)) record({ kind: 'study', study: studies.get(id)! })
      record({ kind: 'datasetRemoved', name: from })
    })
    return dataset
  }

  private makeBuiltin(name: string): Promise<Dataset> {
    const work = this.tasks.run(newId(), `Preparing the data set ${name}`, (options) => this.ports.importer.ensureBuiltin(name, options))
    const kept = work.then((dataset) => this.keep(dataset)).finally(() => this.making.delete(name))
    this.making.set(name, kept)
    return kept
  }

  private async importNow({ taskId = newId(), ...request }: ImportDataset & Task): Promise<Dataset> {
    this.tasks.requireIdle(taskId)
    if (request.name !== undefined) this.requireFree(request.name)
    return this.tasks.run(taskId, `Importing ${request.source ?? request.path}`, async (options) =>
      this.keep(await this.ports.importer.import(request, options)),
    )
  }

  private async verifyNow({ name, taskId = newId() }: { name: string } & Task): ReturnType<DatasetImporter['verify']> {
    const dataset = await this.find(name)
    this.tasks.requireIdle(taskId)
    return this.tasks.run(taskId, `Verifying ${name}`, (options) =>
      this.ports.importer.verify(this.ports.files.datasetFolder(name), dataset, options),
    )
  }

  /** Cancels an import or a verification. */
  cancel({ taskId }: { taskId: string }): void {
    this.tasks.cancel(taskId)
  }

  async remove({ name }: { name: string }): Promise<void> {
    const { changes, datasets, settings } = this.ports
    await this.making.get(name)
    if (!datasets.get(name)) await this.find(name)
    this.requireUnused(name)
    changes.commit((record) => {
      datasets.remove(name)
      settings.set(removedKey(name), true)
      record({ kind: 'datasetRemoved', name })
    })
    await this.removeFiles(name)
  }

  /** @throws UserError CONFLICT when an active or queued run uses it */
  private requireUnused(name: string): void {
    const user = this.ports.runs.inStatus([...ACTIVE, 'queued']).find((run) => run.dataset === name && hasConfiguration(run))
    if (user)
      throw new UserError('CONFLICT', `The data set ${name} is in use by run ${user.id}, which is ${user.status}. Stop that run first.`)
  }

  /** Deletes the files of a removed data set. The mark of the removal then goes as well, except for built-in ones, which would be made again. */
  private async removeFiles(name: string): Promise<void> {
    const { changes, files, importer, settings } = this.ports
    await files.removeDataset(name)
    if (!importer.builtins().includes(name)) changes.commit(() => settings.set(removedKey(name), false))
  }

  private async adopt(name: string): Promise<void> {
    try {
      // A host was killed while it was deleting these files.
      if (this.ports.settings.get(removedKey(name)) === true) return await this.removeFiles(name)
      const dataset = await this.ports.importer.read(this.ports.files.datasetFolder(name))
      if (dataset.name === name) this.keep(dataset)
    } catch (error) {
      this.ports.fault(error)
    }
  }

  /** Updates the hash of a data set that an earlier version stored. A damaged one keeps its hash, so that a verification finds the damage. */
  private async renewHash(name: string): Promise<void> {
    try {
      this.keep(await this.ports.importer.renewHash(this.ports.files.datasetFolder(name)))
    } catch (error) {
      if (!isUserError(error)) throw error
    }
  }

  private keep(dataset: Dataset): Dataset {
    const { changes, datasets, settings } = this.ports
    changes.commit((record) => {
      datasets.put(dataset)
      if (settings.get(removedKey(dataset.name)) === true) settings.set(removedKey(dataset.name), false)
      record({ kind: 'dataset', dataset })
    })
    return dataset
  }
}
