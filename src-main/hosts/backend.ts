import { dirname, join } from 'node:path'
import type { EngineReport } from '../contract/engine.js'
import type { SystemInfo } from '../contract/system.js'
import { openExampleFiles } from '../exchange/example-files.js'
import { createExchange } from '../exchange/exchange.js'
import type { NewAlert } from '../features/home/alerts.js'
import { openFeatures } from '../features/open.js'
import { router, type Api } from '../features/router.js'
import { createBackupWriter } from '../storage/backup.js'
import { keepBefore } from '../storage/before-upgrade.js'
import { openDatabase } from '../storage/database.js'
import { openLogFiles } from '../storage/log-files.js'
import { databaseFile, openHomeFiles } from '../storage/home-files.js'
import { openHomeDisk } from '../storage/home-disk.js'
import { watchHome } from '../storage/home-watch.js'
import { findProblems } from '../storage/integrity.js'
import { createStores } from '../storage/stores.js'
import { openReserve } from '../storage/reserve.js'
import { ownCommand } from '../processes/installation.js'
import { guarded, warn } from '../processes/guarded.js'
import { createClusterLauncher } from '../training/cluster/launcher.js'
import type { ClusterLauncher } from '../features/cluster/cluster-launcher.js'
import { createSupervisor, type Share, type SupervisorOptions } from '../training/supervisor.js'
import { createClusterChecker } from './cluster-check.js'
import { computingHere } from './computing.js'
import { createEvaluator } from './evaluator.js'
import { createInstruments } from './instruments.js'
import { createLab } from './lab.js'
import { openGpus } from './gpus.js'
import { createDynamicsCheck, openOwnDynamics, type DynamicsCheck } from './own-dynamics.js'
import { withOwnDynamics } from './own-architectures.js'
import { readProvenance } from './provenance.js'
import { createComputer, createMeasurer, templates } from './studies.js'
import { createEngineInstaller, setUpOffer } from './set-up.js'
import { createSpeedMeter } from './speed-meter.js'
import { VERSION } from './version.js'
import { createWeights } from './weights.js'
import type { DatasetImporter } from '../features/datasets/importer.js'
import type { Evaluator } from '../features/evaluations/evaluations.js'
import type { EngineInstaller } from '../features/home/engine-set-up.js'
import type { HomeDisk } from '../features/home/home-disk.js'
import type { Instruments, Lab } from '../features/lab/laboratory.js'
import type { HomeWatch } from '../features/home/home-watch.js'
import type { Catalogue } from '../features/runs/configurations.js'
import type { Computer } from '../features/studies/computations.js'
import type { Measurer } from '../features/studies/measurements.js'
import type { SpeedMeter } from '../features/runs/machine-speed.js'
import type { Weights } from '../features/runs/weights.js'
import type { Awaitable, Clock } from '../features/shared/clock.js'

export interface BackendOptions {
  /** An existing folder that only this process holds. */
  home: string
  /** Absolute path of the trainer's entry file. */
  trainerEntry: string
  hostKind: SystemInfo['host']
  catalogue: Catalogue
  importer: DatasetImporter
  /** Environment variables of the trainers' processes. */
  environment?: SupervisorOptions['environment']
  /** The engine that runs would use; null if unknown. */
  engine?: (() => Awaitable<EngineReport | null>) | undefined
  /** 'run' (the default) starts whatever is queued in the home; 'hold' only what this process itself queues or resumes. */
  queue?: 'run' | 'hold' | undefined
  /** Receives errors that no caller is waiting for; by default they become process warnings. */
  fault?: ((error: unknown) => void) | undefined
  patience?: SupervisorOptions['patience']
  /** The disk of the home; tests can pass one that is nearly full. */
  disk?: HomeDisk | undefined
  /** See `Backups`: if absent, a restore waits for the next start. */
  restart?: (() => void) | undefined
  /** Alerts to raise once the home is open. */
  news?: readonly NewAlert[] | undefined
  /** Reads files of weights; the trainers of tests write none. */
  weights?: Weights | undefined
  /** Folder of the examples; by default the one next to the program. */
  examples?: string | undefined
  /** Evaluates checkpoints; by default the trainer program. */
  evaluator?: Evaluator | undefined
  /** Runs diagnostics; by default the trainer program. */
  lab?: Lab | undefined
  /** Runs instruments of the lab; by default the trainer program, which stays resident for a while. */
  instruments?: Instruments | undefined
  /** Processes measurements of studies; by default the trainer program. */
  measurer?: Measurer | undefined
  /** Processes computations of studies; by default the built `compute-worker` next to the trainer program. */
  computer?: Computer | undefined
  /** Starts jobs on a cluster. */
  cluster?: ClusterLauncher | undefined
  /** Measures the speed of the machine; by default the trainer program. */
  speedMeter?: SpeedMeter | undefined
  /** Checks the user's dynamics files; by default the trainer program. */
  dynamicsCheck?: DynamicsCheck | undefined
  /** Installs the engine; by default the built `set-up-process` next to the trainer program. */
  engineInstaller?: EngineInstaller | undefined
}

export interface Backend extends Api {
  /**
   * Asks every trainer to write a checkpoint and exit, waits for them at most the given number of milliseconds, and closes the database.
   * The runs are then 'interrupted' and can be resumed.
   */
  close(options?: { timeout?: number }): Promise<void>
}

/** Milliseconds that trainers get to write their last checkpoint. */
const CLOSE_TIMEOUT = 20_000

const systemClock = (fault: (error: unknown) => void): Clock => ({
  // eslint-disable-next-line no-restricted-syntax -- this is where labels come from
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(guarded(fault, callback), milliseconds)
    return () => clearTimeout(timer)
  },
})

/**
 * Opens the back end of a home: recovers what the last host left behind, and starts the queue. The caller holds the home's
 * lock; two back ends on one home would start the same runs twice.
 *
 * @throws UserError DISK or UNAVAILABLE when the home cannot be used
 */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { home, hostKind, trainerEntry, patience, importer } = options
  const fault = options.fault ?? warn
  let watch: HomeWatch | undefined
  const requireHome = (): void => watch?.require()
  const files = openHomeFiles(home, requireHome)
  const reserve = openReserve(home)
  const db = await openDatabase(databaseFile(home), {
    makeRoom() {
      reserve.onFull?.()
      return reserve.release()
    },
    isLost: () => Boolean(watch?.look()),
    beforeMigration: (opened, version) => void keepBefore(opened, home, version),
  })
  try {
    watch = watchHome(home, db)
    const provenance = readProvenance()
    const instruments = options.instruments ?? createInstruments(trainerEntry, (share) => environment(share))
    const check =
      options.dynamicsCheck ?? createDynamicsCheck(trainerEntry, async () => (await options.environment?.({ slot: 0, slots: 1 })) ?? {})
    const ownDynamics = openOwnDynamics(home, check, () => instruments.renew?.())
    const gpus = await openGpus(async () => (await options.engine?.())?.device === 'gpu')
    const catalogue = withOwnDynamics(options.catalogue, ownDynamics)
    /** Environment variables of every process of the trainer program. */
    async function environment(share: Share): Promise<Record<string, string | undefined>> {
      await ownDynamics.refresh()
      return { ...(await options.environment?.(share)), ...ownDynamics.variables() }
    }
    const opened = openFeatures({
      ...createStores(db),
      files,
      logFiles: openLogFiles(home),
      disk: options.disk ?? openHomeDisk(home, requireHome),
      reserve,
      home: watch,
      backups: createBackupWriter(db, home),
      problems: (signal) => findProblems(databaseFile(home), signal),
      cluster: options.cluster ?? createClusterLauncher({ fault }),
      clusterChecker: createClusterChecker(),
      trainers: createSupervisor({ trainerEntry, environment, fault, patience }),
      clock: systemClock(fault),
      catalogue,
      importer,
      weights: options.weights ?? createWeights(trainerEntry, () => environment({ slot: 1, slots: 2 })),
      evaluator: options.evaluator ?? createEvaluator(trainerEntry, environment),
      lab: options.lab ?? createLab(trainerEntry, environment),
      instruments,
      ownDynamics,
      gpus,
      speedMeter: options.speedMeter ?? createSpeedMeter(trainerEntry, () => environment({ slot: 0, slots: 1 })),
      engineInstaller: options.engineInstaller ?? createEngineInstaller(join(dirname(trainerEntry), 'set-up-process.js')),
      templates,
      measurer: options.measurer ?? createMeasurer(trainerEntry, () => environment({ slot: 0, slots: 1 })),
      computer: options.computer ?? createComputer(join(dirname(trainerEntry), 'compute-worker.js')),
      computing: async (slots) => computingHere(await options.engine?.(), await provenance, slots),
      exchange: createExchange(home),
      examples: openExampleFiles(options.examples ?? join(dirname(trainerEntry), '..', '..', 'resources', 'examples')),
      system: async () => {
        const engine = (await options.engine?.()) ?? null
        return {
          version: VERSION,
          home,
          platform: `${process.platform} ${process.arch}`,
          host: hostKind,
          engine,
          startCommand: ownCommand('start').replaceAll('`', ''),
          setUp: setUpOffer(engine),
        }
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
        await opened.close(timeout)
      } finally {
        db.close()
        watch?.close()
      }
    }
    return {
      router,
      features: async () => opened.features,
      close: ({ timeout = CLOSE_TIMEOUT } = {}) => (closing ??= close(timeout)),
    }
  } catch (error) {
    db.close()
    watch?.close()
    throw error
  }
}
