import type { EngineReport } from '../contract/engine.js'
import type { Services } from '../contract/services.js'
import type { SystemInfo } from '../contract/system.js'
import { createExchange } from '../exchange/exchange.js'
import type { NewAlert } from '../experiments/alerts.js'
import { openExperiments } from '../experiments/experiments.js'
import type { Awaitable, Catalogue, Clock, DatasetImporter, Evaluator, HomeDisk, SpeedMeter, Weights } from '../experiments/ports.js'
import { createBackupWriter } from '../storage/backup.js'
import { openDatabase } from '../storage/database.js'
import { databaseFile, openHomeFiles } from '../storage/home-files.js'
import { openHomeDisk } from '../storage/home-disk.js'
import { findProblems } from '../storage/integrity.js'
import { createStores } from '../storage/stores.js'
import { createSupervisor, type SupervisorOptions } from '../training/supervisor.js'
import { createEvaluator } from './evaluator.js'
import { readProvenance } from './provenance.js'
import { createSpeedMeter } from './speed-meter.js'
import { VERSION } from './version.js'
import { weights } from './weights.js'

export interface BackendOptions {
  /** An existing folder that this process alone holds. */
  home: string
  /** Absolute path of the trainer's entry file. */
  trainerEntry: string
  hostKind: SystemInfo['host']
  catalogue: Catalogue
  importer: DatasetImporter
  /** Variables for the trainers' processes. */
  environment?: SupervisorOptions['environment']
  /** The engine that runs would use; null while that is not known. */
  engine?: (() => Awaitable<EngineReport | null>) | undefined
  /** 'run' (the default) starts whatever is queued in the home; 'hold' only what this process itself queues or resumes. */
  queue?: 'run' | 'hold' | undefined
  /** Told of what went wrong where nobody waits for an answer; a warning of the process by default. */
  fault?: ((error: unknown) => void) | undefined
  patience?: SupervisorOptions['patience']
  /** The disk of the home; a test gives one that is nearly full. */
  disk?: HomeDisk | undefined
  /** See `Backups`: absent, what is restored waits for the next start. */
  restart?: (() => void) | undefined
  /** To tell of once the home is open. */
  news?: readonly NewAlert[] | undefined
  /** What reads files of weights; a test's trainers write none. */
  weights?: Weights | undefined
  /** What evaluates checkpoints; by default the trainer's program. */
  evaluator?: Evaluator | undefined
  /** What measures the machine; by default the trainer's program. */
  speedMeter?: SpeedMeter | undefined
}

export interface Backend {
  services: Services
  /**
   * Asks every trainer to write a checkpoint and exit, waits for them at most so many milliseconds, and closes the database.
   * The runs are then 'interrupted' and can be resumed.
   */
  close(options?: { timeout?: number }): Promise<void>
}

/** Milliseconds that trainers get to write their last checkpoint. */
const CLOSE_TIMEOUT = 20_000

const clock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
}

/**
 * Opens the back end of a home: recovers what the last host left behind, and starts the queue. The caller holds the home's
 * lock; two back ends on one home would start the same runs twice.
 *
 * @throws UserError DISK or UNAVAILABLE when the home cannot be used
 */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { home, hostKind, trainerEntry, environment, patience, catalogue, importer } = options
  const fault = options.fault ?? ((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)))
  const files = openHomeFiles(home)
  const db = await openDatabase(databaseFile(home))
  try {
    const provenance = readProvenance()
    const experiments = openExperiments({
      ...createStores(db),
      files,
      disk: options.disk ?? openHomeDisk(home),
      backups: createBackupWriter(db, home),
      problems: (signal) => findProblems(databaseFile(home), signal),
      trainers: createSupervisor({ trainerEntry, environment, fault, patience }),
      clock,
      catalogue,
      importer,
      weights: options.weights ?? weights,
      evaluator: options.evaluator ?? createEvaluator(trainerEntry, (share) => environment?.(share) ?? {}),
      speedMeter: options.speedMeter ?? createSpeedMeter(trainerEntry, () => environment?.({ slot: 0, slots: 1 }) ?? {}),
      exchange: createExchange(home),
      system: {
        info: async () => ({
          version: VERSION,
          home,
          platform: `${process.platform} ${process.arch}`,
          host: hostKind,
          engine: (await options.engine?.()) ?? null,
        }),
      },
      provenance: () => provenance,
      fault,
      restart: options.restart ?? null,
      news: options.news ?? [],
      queue: options.queue ?? 'run',
      datasetFolders: files.datasetFolders(),
    })
    let closing: Promise<void> | undefined
    const close = async (timeout: number): Promise<void> => {
      try {
        await experiments.close(timeout)
      } finally {
        db.close()
      }
    }
    return {
      services: experiments.services,
      close: ({ timeout = CLOSE_TIMEOUT } = {}) => (closing ??= close(timeout)),
    }
  } catch (error) {
    db.close()
    throw error
  }
}
