import type { Dataset, ImportDataset, MakeDataset } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { ACTIVE } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import { hint } from '../contract/near.js'
import type { Clock, DatasetImporter, DatasetStore, HomeFiles, Journal, RunStore, SettingsStore } from './ports.js'
import { asTask } from './tasks.js'

export interface DatasetPorts {
  changes: Changes
  journal: Journal
  datasets: DatasetStore
  settings: SettingsStore
  runs: RunStore
  files: HomeFiles
  clock: Clock
  importer: DatasetImporter
  fault(error: unknown): void
}

/** A rename that was begun: its files may have either name. */
const RENAMING = 'dataset.renaming'

const removedKey = (name: string): string => `dataset.removed:${name}`

/** The data sets of a home, and those that Retrace can make by itself. */
export class Datasets {
  readonly services: Services['datasets']
  private readonly running = new Map<string, AbortController>()
  private readonly making = new Map<string, Promise<Dataset>>()
  private readonly importing = new Set<Promise<unknown>>()
  private renaming: Promise<Dataset> | null = null
  private closing = false
  private builtinsReady: Promise<void> = Promise.resolve()

  constructor(private readonly ports: DatasetPorts) {
    const { views } = ports.importer
    this.services = {
      list: async () => {
        await this.builtinsReady
        return ports.datasets.list()
      },
      import: (request) => this.tracked(this.import(request)),
      estimate: (request) => ports.importer.estimate(request, { into: ports.files.datasets }),
      kinds: async () => ports.importer.kinds(),
      make: (request) => this.tracked(this.draw(request)),
      rename: (name, to) => this.rename(name, to),
      classCounts: async (name) => views.classCounts(...(await this.place(name))),
      images: async ({ name, ...request }) => views.images(...(await this.place(name)), request),
      chosen: async ({ name, ...request }) => views.chosen(...(await this.place(name)), request),
      points: async ({ name, ...request }) => views.points(...(await this.place(name)), request),
      augmented: async ({ name, ...request }) => views.augmented(...(await this.place(name)), request),
      split: async ({ name, ...request }) => views.split(...(await this.place(name)), request),
      cancelTask: (taskId) => this.cancel(taskId),
      verify: (request) => this.tracked(this.verify(request)),
      remove: (name) => this.remove(name),
    }
  }

  /** Ends the tasks of a host that died, registers folders that it had finished, and makes missing built-in data sets in the background. */
  recover(folders: readonly string[]): void {
    const { changes, journal, importer, settings } = this.ports
    const left = journal.tasks().filter(({ state }) => state === 'running')
    if (left.length)
      changes.commit((record) => {
        for (const task of left)
          record({ kind: 'task', task: { ...task, state: 'failed', message: 'Retrace was closed meanwhile: start it again.' } })
      })
    const make = async (): Promise<void> => {
      const { from } = (settings.get(RENAMING) ?? {}) as { from?: string }
      await this.finishRename()
      for (const name of folders) if (name !== from && !this.ports.datasets.get(name)) await this.adopt(name)
      for (const name of importer.builtins()) if (!this.closing && settings.get(removedKey(name)) !== true) await this.find(name)
    }
    this.builtinsReady = make().catch((error: unknown) => {
      if (!this.closing) this.ports.fault(error)
    })
  }

  /** Cancels what is being imported, and waits until it has ended. */
  async close(): Promise<void> {
    this.closing = true
    for (const controller of this.running.values()) controller.abort()
    await Promise.allSettled([...this.importing, ...this.making.values(), this.builtinsReady])
  }

  /**
   * The data set of that name; a built-in one is made first where it is missing.
   *
   * @throws UserError NOT_FOUND
   */
  async find(name: string): Promise<Dataset> {
    // A data set has its old name or its new one, and nothing finds it between.
    await this.renaming?.catch(() => undefined)
    const { datasets, importer } = this.ports
    const known = datasets.get(name)
    if (known) return known
    const going = this.making.get(name)
    if (going) return going
    if (importer.builtins().includes(name)) return this.make(name)
    const names = [...new Set([...datasets.list().map((dataset) => dataset.name), ...importer.builtins()])]
    throw new UserError('NOT_FOUND', `There is no data set ${name}: ${hint(name, names, 'import it first, or choose one from the list.')}`)
  }

  private async place(name: string): Promise<[string, Dataset]> {
    const dataset = await this.find(name)
    return [this.ports.files.datasetFolder(dataset.name), dataset]
  }

  private draw(request: MakeDataset): Promise<Dataset> {
    this.requireFree(request.name)
    return this.task(newId(), `Making the data set ${request.name}`, async (options) =>
      this.keep(await this.ports.importer.make(request, options)),
    )
  }

  /** @throws UserError CONFLICT when a data set has that name */
  private requireFree(name: string): void {
    if (this.ports.datasets.get(name))
      throw new UserError('CONFLICT', `There is a data set ${name} already: remove it first, or give this one another name.`)
  }

  private async rename(name: string, to: string): Promise<Dataset> {
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

  /** Ends the rename that was begun, also by a host that died over it; every step may have been done already. */
  private async finishRename(): Promise<Dataset | null> {
    const { changes, datasets, files, importer, runs, settings } = this.ports
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
      record({ kind: 'datasetRemoved', name: from })
    })
    return dataset
  }

  private make(name: string): Promise<Dataset> {
    const work = this.task(newId(), `Making the data set ${name}`, (options) => this.ports.importer.ensureBuiltin(name, options))
    const kept = work.then((dataset) => this.keep(dataset)).finally(() => this.making.delete(name))
    this.making.set(name, kept)
    return kept
  }

  private async import({ taskId = newId(), ...request }: ImportDataset & { taskId?: string }): Promise<Dataset> {
    this.requireIdle(taskId)
    if (request.name !== undefined) this.requireFree(request.name)
    return this.task(taskId, `Importing ${request.source ?? request.path}`, async (options) =>
      this.keep(await this.ports.importer.import(request, options)),
    )
  }

  private async verify({ name, taskId = newId() }: { name: string; taskId?: string | undefined }): ReturnType<DatasetImporter['verify']> {
    const dataset = await this.find(name)
    this.requireIdle(taskId)
    return this.task(taskId, `Verifying ${name}`, (options) =>
      this.ports.importer.verify(this.ports.files.datasetFolder(name), dataset, options),
    )
  }

  private requireIdle(taskId: string): void {
    if (this.running.has(taskId)) throw new UserError('CONFLICT', `A task ${taskId} is running already: give this one another id.`)
  }

  private tracked<T>(work: Promise<T>): Promise<T> {
    this.importing.add(work)
    const done = (): boolean => this.importing.delete(work)
    work.then(done, done)
    return work
  }

  private async cancel(taskId: string): Promise<void> {
    const controller = this.running.get(taskId)
    if (!controller) throw new UserError('NOT_FOUND', `No task ${taskId} is running: it has ended already, or never began.`)
    controller.abort()
  }

  private async remove(name: string): Promise<void> {
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

  /** @throws UserError CONFLICT when a run works on it, or will */
  private requireUnused(name: string): void {
    const user = this.ports.runs.inStatus([...ACTIVE, 'queued']).find(({ dataset }) => dataset === name)
    if (user)
      throw new UserError('CONFLICT', `The data set ${name} is used by run ${user.id}, which is ${user.status}: stop that run first.`)
  }

  /** Of a data set that was removed: its mark is needed no longer, unless it would be made again by itself. */
  private async removeFiles(name: string): Promise<void> {
    const { changes, files, importer, settings } = this.ports
    await files.removeDataset(name)
    if (!importer.builtins().includes(name)) changes.commit(() => settings.set(removedKey(name), false))
  }

  private async adopt(name: string): Promise<void> {
    try {
      // Its files outlived a host that died while it removed them.
      if (this.ports.settings.get(removedKey(name)) === true) return await this.removeFiles(name)
      const dataset = await this.ports.importer.read(this.ports.files.datasetFolder(name))
      if (dataset.name === name) this.keep(dataset)
    } catch (error) {
      this.ports.fault(error)
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

  /** Does the work under a task that clients see, with its progress, its end, and a way to cancel it. */
  private async task<T>(id: string, title: string, work: (options: Parameters<DatasetImporter['import']>[1]) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const { signal } = controller
    this.running.set(id, controller)
    try {
      return await asTask(this.ports, { id, kind: 'dataset', title, signal }, (onProgress) =>
        work({ into: this.ports.files.datasets, onProgress, signal }),
      )
    } finally {
      this.running.delete(id)
    }
  }
}
