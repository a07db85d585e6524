import type { Change } from '../../contract/changes.js'
import { studyCommand } from '../../contract/command-lines.js'
import { UserError } from '../../contract/errors.js'
import {
  REPEATABLE,
  StartStudySchema,
  type StartStudy,
  type Study,
  type StudyCell,
  type StudyDetail,
  type StudyPreview,
} from '../../contract/studies.js'
import { readSettings } from '../home/settings.js'
import { newId } from '../shared/ids.js'
import type { Computing } from './cell-key.js'
import { remainingSeconds } from './describe.js'
import { expandCells } from './expand.js'
import type { CellWorker } from './cell-worker.js'
import { createComputations } from './computations.js'
import { continueRuns } from './continue-runs.js'
import { createMeasurements } from './measurements.js'
import { outcomesOf } from './outcomes.js'
import { Phases } from './phases.js'
import { previewOf } from './preview.js'
import type { StudyPorts } from './study-ports.js'
import type { TemplateHome } from './study-templates.js'

/** Studies: templates that are expanded into cells, whose runs are queued together, and whose figures are drawn as results arrive. */
export class Studies {
  /** The workers for cells without runs. */
  private readonly workers: readonly (CellWorker<'measurement'> | CellWorker<'computation'>)[]
  private readonly phases: Phases
  private readonly ending = new AbortController()
  private following: Promise<void> = Promise.resolve()

  /** @param queue see `RunControl` */
  constructor(
    private readonly ports: StudyPorts,
    queue: 'run' | 'hold' = 'run',
  ) {
    const publish = (...of: Parameters<typeof this.publish>): void => {
      this.publish(...of)
      this.phases.consider(of[0])
    }
    const own = { ...ports, publish }
    this.workers = [createMeasurements(own, queue), createComputations(own, queue)]
    const admit = (id: string): void => this.setToWork(id)
    const [home, computing] = [() => this.home(), (id: string) => this.computing(id)]
    this.phases = new Phases(ports, queue, { home, computing, publish: (...of) => void this.publish(...of), admit })
  }

  /** Continues what the last host left unfinished. */
  start(): void {
    const { changes, studies } = this.ports
    changes.commit((record) => {
      for (const id of studies.recover()) this.publish(id, record)
    })
    this.following = this.follow().catch(this.ports.fault)
    for (const worker of this.workers) worker.pump()
    for (const { id } of studies.list()) this.phases.consider(id)
  }

  async close(): Promise<void> {
    this.ending.abort()
    this.phases.close()
    await Promise.all([...this.workers.map((worker) => worker.close()), this.following])
  }

  /** @throws UserError NOT_FOUND */
  require(id: string): Study {
    const study = this.ports.studies.get(id)
    if (!study) throw new UserError('NOT_FOUND', `There is no study ${id}. \`retrace study list\` lists all studies.`)
    return study
  }

  /** A preview of a study: its cells, how many of them are done already, and approximately how long the others take. */
  async preview(request: StartStudy): Promise<StudyPreview> {
    return previewOf(this.ports, request, { home: await this.home(), computing: await this.computing(null) })
  }

  /**
   * Expands a template and queues its cells, all in one transaction. Cells with existing results take these over.
   * @throws UserError BAD_INPUT that names the invalid option or cell
   */
  async begin(request: StartStudy): Promise<Study> {
    const { template, options: asked, name: wanted, projectId = null, place } = StartStudySchema.parse(request)
    const { clock, jobs, maker, projects, studies, templates } = this.ports
    if (projectId !== null) projects.require(projectId)
    const known = (await templates.list()).find(({ id }) => id === template)
    const expansion = await templates.expand(template, asked, await this.home())
    const id = newId()
    const name = wanted || known!.title
    const undecided = (await templates.phases(template, expansion.options)) !== null
    const computing = place ? null : await this.computing(id)
    const { cells, plans } = await expandCells(this.ports, expansion, { studyId: id, name, projectId, computing })
    const placed = plans.map((plan) => ({ ...plan, place }))
    await maker.start(placed, (record) => {
      const created = { id, name, template, options: expansion.options, createdAt: clock.now() }
      studies.insert({ ...created, held: false, undecided, projectId }, cells)
      if (place) jobs.placeStudy(id, place)
      this.publish(id, record)
    })
    this.admit(id)
    return this.require(id)
  }

  async detail(id: string): Promise<StudyDetail> {
    const study = this.require(id)
    const cells = this.ports.studies.cells(id)
    const { templates } = this.ports
    const infos = await templates.list()
    const info = infos.find(({ id: template }) => template === study.template)
    const phases = await templates.phases(study.template, study.options)
    const { outcomes, undiagnosed } = outcomesOf(
      this.ports,
      cells,
      info?.diagnostics ?? [],
      await templates.compared(study.template, study.options),
    )
    const report = await templates.report(study.template, study.options, outcomes, await this.home())
    return {
      study,
      cells,
      report,
      undiagnosed,
      remainingSeconds: remainingSeconds(outcomes, this.slots, study.undecided ? (phases?.later(cells.length, study.phase) ?? 0) : 0),
      command: studyCommand(study.template, study.options, info?.options),
    }
  }

  /** Pauses the runs that the study created, and holds its measurements and computations. Runs that it only took over continue. */
  pause(id: string): Study {
    this.require(id)
    this.setHeld(id, true)
    for (const worker of this.workers) worker.interrupt({ id })
    for (const { runId, state } of this.own(id))
      if (['queued', 'starting', 'running'].includes(state)) this.ports.control.command(runId, 'pause')
    return this.require(id)
  }

  /**
   * Continues everything without a result: paused, stopped, interrupted and failed runs from their last checkpoints, failed measurements
   * and computations from the beginning, and removed runs as new ones. Diverged runs are results and are left alone, and so is what an
   * earlier phase has left behind.
   */
  async resume(id: string): Promise<Study> {
    const { changes, studies } = this.ports
    this.setHeld(id, false)
    const { phase } = this.require(id)
    for (const { position, work, state, phase: of } of studies.cells(id)) {
      if (of === phase && work.kind !== 'run' && REPEATABLE.includes(state))
        changes.commit((record) => {
          studies.setResult(id, position, { state: 'queued', reason: null, measured: null, seconds: null })
          this.publish(id, record)
        })
    }
    await this.replaceRemoved(id, phase)
    this.admit(id)
    return this.require(id)
  }

  rename(id: string, name: string): Study {
    this.require(id)
    return this.ports.changes.commit((record) => {
      this.ports.studies.update(id, { name })
      return this.publish(id, record)
    })
  }

  /** Removes the study with its measurements and computations. Its runs are kept. @throws UserError CONFLICT while it is active */
  remove(id: string): void {
    const { changes, studies, runs } = this.ports
    const { counts, name } = this.require(id)
    if ((counts.running ?? 0) + (counts.starting ?? 0) > 0)
      throw new UserError('CONFLICT', `${name} is at work. Pause it before removing it.`)
    for (const worker of this.workers) worker.interrupt({ id })
    const own = this.own(id).map(({ runId }) => runId)
    changes.commit((record) => {
      studies.remove(id)
      record({ kind: 'studyRemoved', id })
      for (const runId of own) {
        const run = runs.get(runId)
        if (run) record({ kind: 'run', run })
      }
    })
  }

  /** Starts the cells of the current phase. */
  private setToWork(id: string): void {
    const { control, studies } = this.ports
    const { phase } = this.require(id)
    const cells = studies.cells(id).filter((cell) => cell.phase === phase)
    continueRuns(control, cells)
    for (const worker of this.workers) worker.admit(id)
  }

  /** Cells whose runs this study created. */
  private own(id: string): (StudyCell & { runId: string })[] {
    const { runs, studies } = this.ports
    return studies
      .cells(id)
      .flatMap((cell) => (cell.runId !== null && runs.get(cell.runId)?.studyId === id ? [{ ...cell, runId: cell.runId }] : []))
  }

  /** Processes this study from now on. */
  private admit(id: string): void {
    this.setToWork(id)
    this.phases.admit(id)
  }

  private setHeld(id: string, held: boolean): void {
    this.require(id)
    this.ports.changes.commit((record) => {
      this.ports.studies.update(id, { held })
      this.publish(id, record)
    })
  }

  /** Creates new runs for cells whose run was removed. */
  private async replaceRemoved(id: string, phase: number): Promise<void> {
    const { maker, studies } = this.ports
    const { name, projectId } = this.require(id)
    const gone = studies.cells(id).filter((cell) => cell.work.kind === 'run' && cell.state === 'removed' && cell.phase === phase)
    if (gone.length === 0) return
    const { cells, plans } = await expandCells(
      this.ports,
      { cells: gone },
      { studyId: id, name, projectId, computing: await this.computing(id) },
    )
    await maker.start(plans, (record) => {
      for (const [at, { position }] of gone.entries()) studies.setRun(id, position, cells[at]!.runId)
      this.publish(id, record)
    })
  }

  /** Publishes rows of studies as the states of their runs change. */
  private async follow(): Promise<void> {
    const { changes, studies } = this.ports
    const states = new Map<string, string>()
    for await (const { change } of changes.subscribe({ since: null, detailOf: [], signal: this.ending.signal })) {
      if (change.kind !== 'run' && change.kind !== 'runRemoved') continue
      const [runId, state] = change.kind === 'run' ? [change.run.id, change.run.status] : [change.runId, 'removed']
      if (states.get(runId) === state) continue
      states.set(runId, state)
      const of = studies.withRun(runId)
      if (of.length === 0) continue
      for (const id of of) this.phases.consider(id)
      try {
        changes.commit((record) => of.forEach((id) => this.publish(id, record)))
      } catch (error) {
        // The next change publishes the rows again, and the states themselves are in the rows of the runs.
        this.ports.fault(error)
      }
    }
  }

  private publish(id: string, record: (change: Change) => void): Study {
    const study = this.require(id)
    record({ kind: 'study', study })
    return study
  }

  /** The number of concurrent runs. */
  private get slots(): number {
    return readSettings(this.ports.settings)['queue.concurrentRuns']
  }

  /** On which processor a cluster computes is not known before. */
  private async computing(studyId: string | null): Promise<Computing | null> {
    if (studyId !== null && this.ports.jobs.resourcesOfStudy(studyId)) return null
    return this.ports.computing(this.slots)
  }

  private async home(): Promise<TemplateHome> {
    const { catalogue, datasets } = this.ports
    const [sets, presets] = await Promise.all([datasets.list(), catalogue.presets()])
    return { datasets: sets, presets }
  }
}
