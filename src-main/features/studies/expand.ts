import { isUserError, UserError } from '../../contract/errors.js'
import type { LabOptions } from '../../contract/lab.js'
import type { OwnFile } from '../../contract/own-dynamics.js'
import type { RunSummary } from '../../contract/runs.js'
import { describeFactors, MOST_CELLS, type CellWork, type Factors, type WorkOf } from '../../contract/studies.js'
import { readStoredConfig } from '../../contract/stored-config.js'
import { newId } from '../shared/ids.js'
import type { Configurations } from '../runs/configurations.js'
import type { Plan } from '../runs/maker.js'
import type { OwnDynamics } from '../runs/own-dynamics.js'
import type { RunStore } from '../runs/run-store.js'
import { computationKey, computingOf, measurementKey, runKey, type Computing } from './cell-key.js'
import type { StoredCell, StudyStore } from './study-store.js'

/** A cell before existing results have been looked up. */
export interface NewCell {
  factors: Factors
  work: CellWork
  /** See `StudyCell`; absent if its run is trained to its end at once. */
  until?: number | null
}

/** The cells of a template. */
export interface Expansion {
  /** All options, including those with default values. */
  options: LabOptions
  cells: readonly NewCell[]
}

interface ExpandPorts {
  configurations: Configurations
  runs: RunStore
  studies: StudyStore
  ownDynamics?: OwnDynamics | undefined
}

interface ExpandOptions {
  studyId: string
  name: string
  /** The project of the study; null for none. */
  projectId: string | null
  /** The environment of runs that start now; null takes over computations only. */
  computing: Computing | null
  /** The phase of the study in which these cells are created. */
  phase?: number
  /** The position of the first of these cells. */
  first?: number
}

export interface Expanded {
  cells: StoredCell[]
  /** Plans of the runs that have to be created. */
  plans: Plan[]
}

/**
 * Resolves every cell: its configuration, its key, and an existing run, measurement or computation with its result.
 * @throws UserError BAD_INPUT that names the first cell that cannot be run
 */
export async function expandCells(
  ports: ExpandPorts,
  { cells }: Pick<Expansion, 'cells'>,
  { studyId, name, projectId, computing, phase = 0, first = 0 }: ExpandOptions,
): Promise<Expanded> {
  if (cells.length === 0) throw new UserError('BAD_INPUT', 'This study would have no cells. Add a value to each of its lists.')
  if (cells.length > MOST_CELLS)
    throw new UserError('BAD_INPUT', `This study would have ${cells.length} cells; the most is ${MOST_CELLS}. Use fewer values or seeds.`)
  const finished = computing && finishedRuns(ports.runs)
  const expanded: Expanded = { cells: [], plans: [] }
  const made = new Map<string, string>()
  const ownOf = (arch: unknown): OwnFile | null => (typeof arch === 'string' && ports.ownDynamics?.of(arch)) || null
  for (const [at, { factors, work, until = null }] of cells.entries()) {
    const common = { position: first + at, factors, work, runId: null, takenOver: false, measured: null, seconds: null, phase, until }
    if (work.kind !== 'run') {
      const known =
        work.kind === 'computation' ? computationKey(work) : computing && measurementKey(work, computing, ownOf(work.request.set?.['arch']))
      const key = known ?? newId()
      const before = known === null ? null : ports.studies.resultOf(known)
      expanded.cells.push({ ...common, key, ...(before ? { ...before, takenOver: true } : {}) })
      continue
    }
    const { config, summary, dataset } = await resolve(ports.configurations, work.run, factors)
    const key = computing ? runKey(config, dataset.hash, computing, ownOf(config.arch)) : newId()
    const own = made.get(key)
    const other =
      own ?? (computing && (ports.studies.runsOf(key, until)[0] ?? finished!.find({ ...summary, dataset: dataset.name, config }, key)))
    const id = other ?? newId()
    if (!other) {
      made.set(key, id)
      expanded.plans.push({
        config,
        summary,
        dataset,
        name: `${name}: ${describeFactors(factors)}`,
        parentId: null,
        studyId,
        projectId,
        id,
        weightsFile: null,
        pauseAt: until,
      })
    }
    expanded.cells.push({ ...common, key, runId: id, takenOver: Boolean(other) && !own })
  }
  return expanded
}

async function resolve(configurations: Configurations, run: WorkOf<'run'>['run'], factors: Factors) {
  try {
    return await configurations.create(run)
  } catch (error) {
    if (!isUserError(error)) throw error
    throw new UserError(error.code, `The cell "${describeFactors(factors)}" cannot be run. ${error.message}`, { cause: error })
  }
}

/** Finished runs of this home by the content of their rows, so that only a few configurations have to be read. */
function finishedRuns(runs: RunStore) {
  const signature = ({
    dataset,
    seed,
    totalSteps,
    parameters,
  }: Pick<RunSummary, 'dataset' | 'seed' | 'totalSteps' | 'parameters'>): string => `${seed} ${totalSteps} ${parameters} ${dataset}`
  const by = new Map<string, string[]>()
  for (const run of runs.inStatus(['finished'])) by.set(signature(run), [...(by.get(signature(run)) ?? []), run.id])
  const keyOf = (id: string): string | null => {
    const record = runs.record(id)
    const computing = record && computingOf(record.environment)
    if (!computing || record.environment.datasetHash === null || record.weightsFile !== null) return null
    try {
      return runKey(readStoredConfig(record.config), record.environment.datasetHash, computing, record.environment.dynamics)
    } catch (error) {
      // A run whose configuration cannot be read does not match.
      if (isUserError(error)) return null
      throw error
    }
  }
  return {
    find: (
      { dataset, config, parameters }: { dataset: string; config: { seed: number; steps: number }; parameters: number },
      key: string,
    ) => by.get(signature({ dataset, seed: config.seed, totalSteps: config.steps, parameters }))?.find((id) => keyOf(id) === key) ?? null,
  }
}
