import type { Change } from '../../contract/changes.js'
import { ENDED, type Study, type StudyCell } from '../../contract/studies.js'
import type { Changes } from '../home/changes.js'
import type { LabStore } from '../lab/lab-store.js'
import type { Configurations } from '../runs/configurations.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { RunMaker } from '../runs/maker.js'
import type { RunStore } from '../runs/run-store.js'
import type { SeriesStore } from '../runs/series-store.js'
import type { Clock } from '../shared/clock.js'
import type { Computing } from './cell-key.js'
import { expandCells } from './expand.js'
import { outcomesOf } from './outcomes.js'
import type { StudyStore } from './study-store.js'
import type { StudyTemplates, TemplateHome } from './study-templates.js'

/** Milliseconds until a decision that could not be made or stored is tried again. */
const RETRY_AFTER = 5000

export interface PhasePorts {
  changes: Changes
  clock: Clock
  configurations: Configurations
  control: RunControl
  labResults: LabStore
  maker: RunMaker
  runs: RunStore
  series: SeriesStore
  studies: StudyStore
  templates: StudyTemplates
  fault(error: unknown): void
}

/** What decisions need from their studies. */
interface OfStudies {
  home(): Promise<TemplateHome>
  /** What its runs are computed on; null where that is not known. */
  computing(id: string): Promise<Computing | null>
  publish(id: string, record: (change: Change) => void): void
  /** Starts the runs, measurements and computations of a study. */
  admit(id: string): void
}

/** Whether a decision need not wait for the cell. It does wait for interrupted and paused cells, which continue when they are resumed. */
const isOver = ({ phase, state }: StudyCell, of: Study): boolean => phase < of.phase || state === 'waiting' || ENDED.includes(state)

/** The study was paused, resumed or removed during the decision. */
class Overtaken extends Error {}

/**
 * Decides what follows the cells of a study, once all of them have ended or wait. A decision and all its consequences are stored in one
 * transaction with the number of the phase, so that no decision is made twice, whenever a host dies.
 */
export class Phases {
  private readonly admitted = new Set<string>()
  /** Studies that are being decided; true if something has changed meanwhile. */
  private readonly deciding = new Map<string, boolean>()
  private closed = false

  /** @param queue 'run' decides for every study; 'hold' only for those that are admitted from now on */
  constructor(
    private readonly ports: PhasePorts,
    private readonly queue: 'run' | 'hold',
    private readonly of: OfStudies,
  ) {}

  /** Decides for this study as soon as its cells allow. */
  admit(id: string): void {
    this.admitted.add(id)
    this.consider(id)
  }

  /** Checks whether the next decision can be made. May be called inside a commit: it starts afterwards. */
  consider(id: string): void {
    if (this.closed || (this.queue === 'hold' && !this.admitted.has(id))) return
    if (this.deciding.has(id)) return void this.deciding.set(id, true)
    this.deciding.set(id, false)
    void Promise.resolve()
      .then(() => this.decide(id))
      .catch((error: unknown) => {
        this.ports.fault(error)
        this.ports.clock.after(RETRY_AFTER, () => this.consider(id))
      })
      .then(() => {
        const again = this.deciding.get(id)
        this.deciding.delete(id)
        if (again) this.consider(id)
      })
  }

  close(): void {
    this.closed = true
  }

  private async decide(id: string): Promise<void> {
    const { control, maker, studies, templates } = this.ports
    const study = this.closed ? undefined : studies.get(id)
    if (!study?.undecided || study.held) return
    const cells = studies.cells(id)
    if (!cells.every((cell) => isOver(cell, study))) return
    const phases = await templates.phases(study.template, study.options)
    const { outcomes } = outcomesOf(this.ports, cells, [], phases?.compared ?? null)
    // A template of another version may no longer have phases.
    const { cells: more, train, last } = phases?.next(outcomes, study.phase, await this.of.home()) ?? { cells: [], train: [], last: true }
    const phase = study.phase + 1
    const at = {
      studyId: id,
      name: study.name,
      projectId: study.projectId,
      computing: await this.of.computing(id),
      phase,
      first: cells.length,
    }
    const made = more.length > 0 ? await expandCells(this.ports, { cells: more }, at) : { cells: [], plans: [] }
    const going = train.flatMap(({ position, until }) => ({ position, until, runId: cells[position]!.runId! }))
    const stored = await maker
      .start(made.plans, (record) => {
        const now = studies.get(id)
        if (this.closed || now?.phase !== study.phase || now.held || !studies.cells(id).every((cell) => isOver(cell, now)))
          throw new Overtaken()
        studies.append(id, made.cells)
        for (const { position, until, runId } of going) {
          studies.setUntil(id, position, { phase, until })
          control.trainUntil(runId, until, record)
        }
        studies.decide(id, { phase, undecided: !last })
        this.of.publish(id, record)
      })
      .catch((error: unknown) => {
        if (error instanceof Overtaken) return null
        throw error
      })
    if (!stored) return
    this.of.admit(id)
    // All results of the new cells may exist already.
    this.consider(id)
  }
}
