import type { Alert } from '../contract/alerts.js'
import type { BackupHead, DiskSpace } from '../contract/storage.js'
import type { ActivationDial, Architecture, ConfigIssue, NetworkSummary, Preset } from '../contract/catalogue.js'
import type { Change, SequencedChange, Task } from '../contract/changes.js'
import type { RunConfig } from '../contract/config.js'
import type {
  AugmentedRequest,
  ChosenRequest,
  ClassCounts,
  ImagesPage,
  ImagesRequest,
  Pixels,
  PointsPage,
  PointsRequest,
  SplitCounts,
  SplitRequest,
} from '../contract/dataset-views.js'
import type { Dataset, ImportDataset, ImportEstimate, MakeDataset, PointKind } from '../contract/datasets.js'
import type { EngineReport } from '../contract/engine.js'
import type { Evaluation, EvaluationSummary, TestFigures, WeightNorms } from '../contract/evaluations.js'
import type { Points } from '../contract/metrics.js'
import type { Checkpoint, Environment, LogEntry, RunDetail, RunResult, RunStatus, RunSummary } from '../contract/runs.js'

/**
 * What the experiments need from the world. Stores are synchronous, as SQLite in this process is: a transaction is one
 * call on the stack, so that no other change can come between its facts and their publication.
 */

export type Awaitable<T> = T | Promise<T>

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, callback: () => void): () => void
}

export interface Transactions {
  /** Runs the work in one immediate transaction: all of it is kept, or none. Does not nest. */
  immediate<T>(work: () => T): T
}

/** What a new run is stored with. */
export interface NewRun {
  summary: RunSummary
  config: RunConfig
  environment: Environment
  /** Initial weights of a fork: a file name in the run's folder. */
  weightsFile: string | null
}

export type RunPatch = Partial<Omit<RunSummary, 'id' | 'preset' | 'dataset' | 'seed' | 'createdAt' | 'parentId'>>

export interface RunRecord {
  config: RunConfig
  environment: Environment
  result: RunResult | null
  weightsFile: string | null
  /** Process id of the last trainer, and null once it is known to have ended. */
  pid: number | null
  /** Markdown. */
  notes: string
}

/** Runs that were removed are out of sight of everything here but `removed`, `setRemoved` and `remove`. */
export interface RunStore {
  insert(run: NewRun): void
  get(id: string): RunSummary | undefined
  /** Newest first. */
  list(): RunSummary[]
  /** The same as one text, as `packRuns` of the contract writes it. */
  packed(): string
  /** Those in one of these states, in the order in which they were queued. */
  inStatus(statuses: readonly RunStatus[]): RunSummary[]
  /** Configurations of the runs in sight that were made after the one of this number, in that order, at most so many. */
  configsAfter(number: number, limit: number): { number: number; id: string; config: RunConfig }[]
  update(id: string, patch: RunPatch): void
  record(id: string): RunRecord | undefined
  /** Trainers that are not known to have ended, also of runs out of sight. */
  processes(): { id: string; pid: number }[]
  updateRecord(id: string, patch: Partial<Omit<RunRecord, 'config' | 'weightsFile'>>): void
  /** Puts the run at the end of the queue's order. */
  enqueue(id: string): void
  /** Queued runs start in ascending order. */
  setOrder(id: string, order: number): void
  /** Takes the run out of sight, or brings it back with null. */
  setRemoved(id: string, at: number | null): void
  isRemoved(id: string): boolean
  /** Those out of sight, newest removal first. */
  removed(): { run: RunSummary; removedAt: number }[]
  /** Those marked as baseline, also where they are out of sight. */
  baselines(): string[]
  /** For good, with all that belongs to it. */
  remove(id: string): void
  /** Gives every run of a data set its new name, in its configuration too; answers those that are in sight. */
  renameDataset(from: string, to: string): string[]
  /** Number for the default name of the next run. */
  nextNumber(): number
}

export interface SeriesStore {
  /**
   * Appends consecutive points and answers those that were new: a step not above the last one of the series is left out, so
   * that a report sent twice changes nothing.
   */
  append(runId: string, key: string, points: Points): Points
  /** Every point of the wanted series (all when keys is absent), by key in the order of their names. */
  read(runId: string, keys?: readonly string[]): { key: string; points: Points }[]
  /** How many points each series has, by key in the order of their names. */
  counts(runId: string): { key: string; count: number }[]
  /** At most `limit` points from index `start` on. */
  stretch(runId: string, key: string, start: number, limit: number): Points
  /**
   * At most about `limit` points that draw the same picture as all: first, least, greatest and last of consecutive groups, with
   * times of NaN. What it reads does not grow with the number of points, only with the number of chunks.
   */
  sketch(runId: string, key: string, limit: number): Points
  /** Discards the points of steps above this one. */
  truncateAfter(runId: string, step: number): void
  /** Last value of every series. */
  latest(runId: string): Record<string, number>
  /** Best value of every series, as `bestOf` of the contract has it; of full chunks it reads only the summaries. */
  best(runId: string): Record<string, number>
}

export interface LogStore {
  append(entry: LogEntry): void
  /** The newest entries, oldest of them first. */
  tail(runId: string, limit: number): LogEntry[]
}

export interface CheckpointStore {
  /** Replaces an earlier one of the same file name, which stays pinned where it was. */
  put(checkpoint: Checkpoint): void
  setPinned(runId: string, file: string, pinned: boolean): void
  /** Ascending by step, then by time. */
  list(runId: string): Checkpoint[]
  remove(runId: string, file: string): void
}

export interface EvaluationStore {
  /** Replaces an earlier one of the same checkpoint. */
  put(evaluation: Evaluation): void
  get(runId: string, file: string): Evaluation | undefined
  /** Ascending by step, then by time. */
  list(runId: string): EvaluationSummary[]
  /** Discards those of checkpoints of steps above this one. */
  truncateAfter(runId: string, step: number): void
}

/** A way to look at something that was given a name. */
export interface Named<View> {
  id: string
  name: string
  createdAt: number
  updatedAt: number
  view: View
}

export interface NamedStore<View> {
  /** By name; without what was removed. */
  list(): Named<View>[]
  get(id: string): Named<View> | undefined
  put(named: Named<View>): void
  /** Out of sight since then, or back with null. */
  setRemoved(id: string, at: number | null): void
  /** What was removed and can come back, the last first. */
  removed(): { named: Named<View>; removedAt: number }[]
  /** Deletes what was removed at this moment or before. */
  purge(until: number): void
}

export interface Journal {
  /** Stores the change inside the open transaction and answers its sequence number. */
  append(change: Change): number
  /** Sequence number of the newest change ever stored, 0 before the first. */
  last(): number
  /** Oldest sequence number that is still kept; null when there is none. */
  oldest(): number | null
  /** The newest state of every task that is still in the journal. */
  tasks(): Task[]
  /** At most `limit` changes after `seq`, in order; points and log entries only of the runs in `detailOf`. */
  after(seq: number, options: { detailOf: readonly string[]; limit: number }): SequencedChange[]
}

export interface SettingsStore {
  get(key: string): unknown
  set(key: string, value: unknown): void
}

export interface AlertStore {
  add(alert: Omit<Alert, 'id' | 'read'>): Alert
  /** Newest first; without those of removed runs. */
  list(): Alert[]
  markRead(upTo: number): void
}

/** One file of a home. */
export interface HomeFile {
  /** Inside the home, with `/` between folders. */
  path: string
  bytes: number
  /** Tells files apart: two names of the same file have the same. */
  inode: string
}

/** Looks at the files of a home, and removes single ones. */
export interface HomeDisk {
  /** null where the system does not tell. */
  space(): DiskSpace | null
  /** Every file below the folders of runs and data sets, and the database. */
  files(): Promise<HomeFile[]>
  /** Bytes of one file inside the home; null when it is not there. */
  size(path: string): number | null
  remove(path: string): void
  /** Removes folders of runs that hold nothing. */
  removeEmptyFolders(): Promise<void>
}

/** Writes the whole home into one file while it is being used. */
export interface BackupWriter {
  /** @throws UserError CONFLICT when the file exists, DISK */
  write(options: {
    file: string
    onProgress(progress: number | null, message: string): void
    signal: AbortSignal
  }): Promise<{ files: number; bytes: number }>
  /** @throws UserError BAD_INPUT when it is no backup, NOT_FOUND, DISK */
  inspect(file: string): Promise<BackupHead>
  /**
   * Unpacks and checks a backup, so that it takes the place of the home's content when the home is opened next.
   *
   * @throws UserError BAD_INPUT when it is no whole backup, NOT_FOUND, DISK; the home is then as it was
   */
  prepareRestore(options: { file: string; onProgress(progress: number): void; signal: AbortSignal }): Promise<{ aside: string }>
  /** Removes what backups left that did not end. */
  removeLeftovers(): Promise<void>
}

export interface DatasetStore {
  list(): Dataset[]
  get(name: string): Dataset | undefined
  put(dataset: Dataset): void
  remove(name: string): void
}

/** The files of runs and data sets. Every path is absolute. */
export interface HomeFiles {
  readonly home: string
  /** Holds a folder a data set. */
  readonly datasets: string
  datasetFolder(name: string): string
  checkpointFolder(runId: string): string
  logFolder(runId: string): string
  /** Makes the run's folders. */
  prepareRun(runId: string): void
  /** Whether that checkpoint is there. */
  hasCheckpoint(runId: string, file: string): boolean
  removeCheckpoint(runId: string, file: string): void
  /** At most `count` bytes of it from `from` on. @throws UserError DISK */
  readCheckpoint(runId: string, file: string, from: number, count: number): Promise<Uint8Array>
  /** Moves checkpoints from elsewhere on the same disk into a run's folder, which it makes. */
  adoptCheckpoints(runId: string, from: readonly { file: string; path: string }[]): void
  /** Gives a fork its own copy of a parent's checkpoint and answers the copy's file name in the fork's folder. */
  adoptWeights(fromRunId: string, file: string, runId: string): string
  /** Gives a run its own copy of another's initial weights and answers the copy's file name in the run's folder. */
  copyWeights(fromRunId: string, file: string, runId: string): string
  /** Copies a user's file of weights into the run's folder and answers the copy's name there. */
  importWeights(path: string, runId: string): string
  weightsPath(runId: string, file: string): string
  checkpointPath(runId: string, file: string): string
  removeRun(runId: string): Promise<void>
  removeDataset(name: string): Promise<void>
  /** Does nothing where it was done already. */
  renameDataset(from: string, to: string): Promise<void>
}

/** A run as it leaves this home. */
export interface OutgoingRun {
  detail: RunDetail
  log: LogEntry[]
  evaluations: Evaluation[]
  series: { key: string; count: number }[]
  points(key: string, start: number, limit: number): Points
  /** Absolute path of a checkpoint's file, which may be gone. */
  checkpointPath(file: string): string
}

/** A run as a file tells of it, checked; its files lie in a temporary folder. */
export interface IncomingRun {
  detail: RunDetail
  log: LogEntry[]
  evaluations: Evaluation[]
  series: { key: string; read(): Promise<Points> }[]
  checkpoints: { file: string; path: string }[]
}

/** Formats in which runs travel. */
export interface RunExchange {
  /** Replaces a file of that name only by a whole one. @throws UserError DISK */
  write(format: 'archive' | 'tensorboard', path: string, run: OutgoingRun): Promise<void>
  /** Reads an archive of a run or a TensorBoard event file; what was unpacked is there while `use` runs. @throws UserError BAD_INPUT, DISK */
  read<T>(path: string, signal: AbortSignal, use: (run: IncomingRun) => Promise<T>): Promise<T>
}

/** One trainer's work, from which the supervisor makes its job. */
export interface TrainerOrder {
  runId: string
  lease: number
  config: RunConfig
  datasetFolder: string
  checkpointFolder: string
  logFolder: string
  resumeFrom: string | null
  weightsFrom: string | null
  /** Which of the places of the queue it takes, from 0: trainers that work at the same time have different ones. */
  slot: number
  /** Trainers that may work at the same time, this one included. */
  slots: number
  /** A trainer of an older lease that may still be alive; it must be gone before this one starts. */
  previousPid: number | null
}

/** What a trainer reports; the supervisor has validated it. */
export type TrainerReport =
  | { kind: 'engine'; report: EngineReport }
  | { kind: 'phase'; phase: string }
  | { kind: 'started'; step: number; totalSteps: number; stepsPerEpoch: number }
  | { kind: 'points'; step: number; activeSeconds: number; medianStepSeconds: number; series: ({ key: string } & Points)[] }
  | { kind: 'log'; at: number; level: LogEntry['level']; message: string }
  | ({ kind: 'checkpoint'; checkpoint: Checkpoint['kind'] } & Omit<Checkpoint, 'runId' | 'kind'>)
  | { kind: 'evaluation'; file: string; step: number; at: number; figures: TestFigures }
  | { kind: 'ended'; outcome: TrainerOutcome; reason: string | null; result: RunResult | null }

export type TrainerOutcome = 'finished' | 'paused' | 'stopped' | 'diverged' | 'failed'

/** How a trainer's process ended. */
export interface TrainerExit {
  /** A sentence for people; null when it ended as it should. */
  reason: string | null
  /** The supervisor killed it because it did not obey a command in time. */
  overdue: boolean
}

export interface TrainerEvents {
  spawned(pid: number): void
  /** May throw: the supervisor then kills the trainer and gives the error as the reason of its end. */
  report(report: TrainerReport): void
  /** Called exactly once; nothing is reported after it. */
  exited(exit: TrainerExit): void
}

export interface TrainerHandle {
  /** Checkpoint after the current step, then exit; a trainer that does not obey in time is killed. */
  command(command: 'pause' | 'stop'): void
  kill(reason: string): void
}

/** The checkpoint of a trainer that had lost its host, with the points that the host may not have got. */
export interface LeftBehind {
  file: string
  step: number
  bytes: number
  createdAt: number
  weightsHash: string
  series: ({ key: string } & Points)[]
}

export interface TrainerLauncher {
  /** What the trainer of this lease left behind when its host was gone; null where there is nothing. */
  leftBehind(checkpointFolder: string, lease: number): LeftBehind | null
  /**
   * Resolves when the trainer of a host that died is gone: it writes a checkpoint and exits by itself, and is killed when that takes long.
   * @param pid of its process, which may be another program's by now
   */
  ended(pid: number, runId: string): Promise<void>
  /** Starts a trainer in the background; failures to start arrive as `exited`. */
  launch(order: TrainerOrder, events: TrainerEvents): TrainerHandle
}

/** Networks and presets: what `numeric` knows, without loading TensorFlow. */
export interface Catalogue {
  presets(): Awaitable<Preset[]>
  architectures(): Awaitable<Architecture[]>
  /** What is wrong with a configuration that the schema alone cannot see; empty when it can run. */
  validate(config: RunConfig): Awaitable<ConfigIssue[]>
  describe(config: RunConfig): Awaitable<NetworkSummary>
  /** Where `memoryBudget` puts it; null for stored back-propagation. */
  dial(config: RunConfig): Awaitable<ActivationDial | null>
}

/** Files of weights, by absolute path. */
export interface Weights {
  /** @throws UserError when the file is damaged or does not fit the network of the configuration */
  check(path: string, config: RunConfig): Promise<void>
  /** Writes the weights of a checkpoint alone and answers the bytes written. */
  export(checkpoint: string, target: string): Promise<number>
  /** Norms of the weights of a checkpoint. @throws UserError when the file is damaged */
  norms(checkpoint: string): Promise<WeightNorms['layers']>
}

/** Shows the weights of a checkpoint every test image, in a process of its own. */
export interface Evaluator {
  /** @throws UserError when checkpoint or data set cannot be used, or do not fit */
  evaluate(request: {
    /** Absolute paths. */
    checkpoint: string
    datasetFolder: string
    /** Trainers that work at the same time and share the machine. */
    beside: number
    onProgress(progress: number | null, message: string): void
    signal: AbortSignal
  }): Promise<TestFigures>
}

/** Measures the speed of this machine, in a process of its own, and keeps it for the catalogue's estimates. */
export interface SpeedMeter {
  /** @throws UserError when no engine can run */
  measure(request: { onProgress(progress: number | null, message: string): void; signal: AbortSignal }): Promise<void>
}

export interface ImportOptions {
  /** Holds a folder a data set; the importer makes `into/NAME`, whole or not at all. */
  into: string
  /** 0..1, or null when unknown. */
  onProgress(progress: number | null, message: string): void
  signal: AbortSignal
}

/** Reads and keeps the files of data sets. */
export interface DatasetImporter {
  /** Names of the data sets that can be made from what Retrace brings along. */
  builtins(): readonly string[]
  ensureBuiltin(name: string, options: ImportOptions): Promise<Dataset>
  /** @throws UserError CONFLICT when `into` has one of that name */
  import(request: ImportDataset, options: ImportOptions): Promise<Dataset>
  /** What that would take, without storing anything. */
  estimate(request: ImportDataset, options: Pick<ImportOptions, 'into'>): Promise<ImportEstimate>
  /** Kinds of points that can be drawn by a seed. */
  kinds(): readonly PointKind[]
  /** @throws UserError CONFLICT when `into` has one of that name */
  make(request: MakeDataset, options: ImportOptions): Promise<Dataset>
  /** Writes another name into the description that a stored folder carries. */
  rename(folder: string, name: string): Promise<void>
  /** The description that a stored folder carries. */
  read(folder: string): Promise<Dataset>
  readonly views: DatasetViews
  /** @throws when the signal ends it */
  verify(
    folder: string,
    expected: Dataset,
    options?: Partial<Pick<ImportOptions, 'onProgress' | 'signal'>>,
  ): Promise<{ ok: boolean; problems: string[] }>
}

/** Looks into stored data sets without loading them. */
export interface DatasetViews {
  classCounts(folder: string, dataset: Dataset): Promise<ClassCounts>
  images(folder: string, dataset: Dataset, request: Omit<ImagesRequest, 'name'>): Promise<ImagesPage>
  points(folder: string, dataset: Dataset, request: Omit<PointsRequest, 'name'>): Promise<PointsPage>
  chosen(folder: string, dataset: Dataset, request: Omit<ChosenRequest, 'name'>): Promise<Pixels>
  augmented(folder: string, dataset: Dataset, request: Omit<AugmentedRequest, 'name'>): Promise<Pixels>
  split(folder: string, dataset: Dataset, request: Omit<SplitRequest, 'name'>): Promise<SplitCounts>
}
