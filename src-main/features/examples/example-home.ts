import { UserError } from '../../contract/errors.js'
import { hasTrainer } from '../../contract/runs.js'
import { importRun, type ImportPorts } from '../runs/import-run.js'
import type { RunTrash } from '../runs/trash.js'
import type { Clock } from '../shared/clock.js'
import { newId } from '../shared/ids.js'
import { asTask } from '../shared/tasks.js'
import type { Studies } from '../studies/studies.js'
import type { StudyStore } from '../studies/study-store.js'
import type { ExampleFiles, ExportedStudy } from './example-files.js'

interface ExamplePorts extends ImportPorts {
  clock: Clock
  examples: ExampleFiles
  trash: RunTrash
  studyStore: StudyStore
  studies: Studies
}

/** Finished runs and studies that come with the program, so that every page can be viewed before anything is trained. */
export class ExampleHome {
  private readonly opening = new Map<string, { controller: AbortController; done: Promise<unknown> }>()

  constructor(private readonly ports: ExamplePorts) {}

  /** Cancels running tasks, and waits until they have ended. */
  async close(): Promise<void> {
    for (const { controller } of this.opening.values()) controller.abort()
    await Promise.allSettled([...this.opening.values()].map(({ done }) => done))
  }

  /**
   * Adds every missing example: removed ones are restored, others are imported from their archives. They keep their original ids, so that
   * repeating this changes nothing. Progress is published as changes of the task.
   * @returns the number of runs and studies added
   */
  open({ taskId = newId() }: { taskId?: string | undefined }): Promise<{ runs: number; studies: number }> {
    if (this.opening.size > 0) throw new UserError('CONFLICT', 'The examples are being opened already. Wait until that has ended.')
    const controller = new AbortController()
    const { signal } = controller
    const done = asTask(this.ports, { id: taskId, kind: 'examples', title: 'Opening the examples', signal }, (onProgress) =>
      this.bring(signal, onProgress),
    ).finally(() => this.opening.delete(taskId))
    this.opening.set(taskId, { controller, done })
    return done
  }

  /** @throws UserError NOT_FOUND when no such task is running */
  cancel({ taskId }: { taskId: string }): void {
    const found = this.opening.get(taskId)
    if (!found) throw new UserError('NOT_FOUND', 'The examples are not being opened. That has already ended, or never started.')
    found.controller.abort()
  }

  /**
   * Removes every example; their runs can be restored for as long as any others.
   * @throws UserError CONFLICT while one of them is active
   */
  async remove(): Promise<{ runs: number; studies: number }> {
    const { control, examples, runs, studies, studyStore, trash } = this.ports
    const list = await examples.list()
    const here = list.runs.flatMap(({ id }) => runs.get(id) ?? [])
    const busy = here.find((run) => hasTrainer(run) || control.isLive(run.id))
    if (busy) throw new UserError('CONFLICT', `The example ${busy.name} is ${busy.status}. Stop it before removing the examples.`)
    const shown = list.studies.filter(({ id }) => studyStore.get(id))
    for (const { id } of shown) studies.remove(id)
    for (const { id } of here) trash.remove({ id })
    return { runs: here.length, studies: shown.length }
  }

  private async bring(signal: AbortSignal, onProgress: (progress: number | null, message: string) => void) {
    const { examples, runs, studyStore, trash } = this.ports
    const list = await examples.list()
    const came = { runs: 0, studies: 0 }
    for (const [at, { id, name, file }] of list.runs.entries()) {
      signal.throwIfAborted()
      onProgress(at / list.runs.length, name)
      if (runs.get(id)) continue
      if (runs.isRemoved(id)) trash.restore({ id })
      else await importRun(this.ports, examples.path(file), { signal })
      came.runs++
    }
    for (const { id, file } of list.studies) {
      if (studyStore.get(id)) continue
      this.keepStudy(await examples.readStudy(file))
      came.studies++
    }
    return came
  }

  /** Stores an exported study with its cells; the state of a cell is that of its run. */
  private keepStudy({ study, cells }: ExportedStudy): void {
    const { changes, control, runs, studyStore } = this.ports
    changes.commit((record) => {
      studyStore.insert(study, cells)
      record({ kind: 'study', study: studyStore.get(study.id)! })
      for (const { runId } of cells) {
        if (runId === null || !runs.get(runId)) continue
        runs.update(runId, { studyId: study.id })
        record({ kind: 'run', run: control.require(runId) })
      }
    })
  }
}
