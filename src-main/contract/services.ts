import type { Alert } from './alerts.js'
import type { BackupHead, CheckReport, Cleanup, CleanupPlan, RepairReport, StorageUsage } from './storage.js'
import type { Architecture, Preset, Preview } from './catalogue.js'
import type { SequencedChange } from './changes.js'
import type { Comparison, RemovedComparison, SaveComparison } from './comparisons.js'
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
} from './dataset-views.js'
import type { Dataset, ImportDataset, ImportEstimate, MakeDataset, PointKind } from './datasets.js'
import type { Evaluation, EvaluationSummary, WeightNorms } from './evaluations.js'
import type { PackedPoints, SeriesOverview, SeriesPoints } from './metrics.js'
import type {
  BulkAction,
  BulkResult,
  Checkpoint,
  CreateRun,
  EditRuns,
  ForkRun,
  LogEntry,
  RemovedRun,
  RunDetail,
  RunSummary,
} from './runs.js'
import type { SavedRunView, SaveRunView } from './run-views.js'
import type { Settings, SettingsPatch } from './settings.js'
import type { SystemInfo } from './system.js'

/** A checkpoint of a run by its step or its file; the last one where neither is given. */
export interface CheckpointChoice {
  step?: number | undefined
  file?: string | undefined
}

/** What the back end offers; the router exposes exactly this. Methods reject with UserError for what a user can mend. */
export interface Services {
  system: {
    info(): Promise<SystemInfo>
  }
  catalogue: {
    presets(): Promise<Preset[]>
    architectures(): Promise<Architecture[]>
    /** Resolves a configuration without creating a run: what the form shows. */
    preview(request: CreateRun): Promise<Preview>
    /**
     * Measures how fast this machine makes training steps, in a process of its own; times are estimated from that from then on, also by
     * other windows. Resolves when it is kept; progress is published as changes of the task `SPEED_TASK`. Refused beside runs at work.
     */
    measureSpeed(): Promise<void>
    cancelMeasurement(): Promise<void>
  }
  datasets: {
    list(): Promise<Dataset[]>
    /** Resolves when done; progress is published as task changes with this id. */
    import(request: ImportDataset & { taskId?: string }): Promise<Dataset>
    estimate(request: ImportDataset): Promise<ImportEstimate>
    kinds(): Promise<readonly PointKind[]>
    make(request: MakeDataset): Promise<Dataset>
    /** Runs on it follow. */
    rename(name: string, to: string): Promise<Dataset>
    classCounts(name: string): Promise<ClassCounts>
    images(request: ImagesRequest): Promise<ImagesPage>
    chosen(request: ChosenRequest): Promise<Pixels>
    points(request: PointsRequest): Promise<PointsPage>
    augmented(request: AugmentedRequest): Promise<Pixels>
    split(request: SplitRequest): Promise<SplitCounts>
    /** Ends an import or a verification. */
    cancelTask(taskId: string): Promise<void>
    /** Reads it whole; progress is published as task changes with this id. */
    verify(request: { name: string; taskId?: string | undefined }): Promise<{ ok: boolean; problems: string[] }>
    remove(name: string): Promise<void>
  }
  runs: {
    /** The rows and the sequence number up to which they are true. */
    list(): Promise<{ runs: RunSummary[]; seq: number }>
    /** The same rows as one text (`contract/run-table.ts`), for who shows thousands of them. */
    table(): Promise<{ rows: string; seq: number }>
    /** Configurations of these runs, or of all, as the JSON of a `ConfigTable`. What a run was configured with never changes. */
    configs(ids?: readonly string[]): Promise<{ columns: string }>
    get(id: string): Promise<RunDetail>
    create(request: CreateRun): Promise<RunSummary>
    /** One run a seed, queued together in this order. */
    createSeveral(request: CreateRun, seeds: number[]): Promise<RunSummary[]>
    /** A new run with the same configuration, and the same initial weights where it was a fork. */
    again(id: string): Promise<RunSummary>
    /** Discards what the run has done and queues it from its beginning. */
    retry(id: string): Promise<RunSummary>
    /** Puts queued runs, in the order given, at this place of the queue (0 is next); answers the whole queue in order. */
    move(ids: string[], position: number): Promise<RunSummary[]>
    pause(id: string): Promise<RunSummary>
    /** From the last checkpoint. */
    resume(id: string): Promise<RunSummary>
    stop(id: string): Promise<RunSummary>
    /** A new run that begins with the weights of a checkpoint (the last by default) of this one, at step 0. */
    fork(id: string, request: ForkRun): Promise<RunSummary>
    /** What would become of a fork with these changes; the checkpoint does not matter. */
    previewFork(id: string, changes: Pick<ForkRun, 'overrides' | 'epochs'>): Promise<Preview>
    /** Writes parameters and running statistics of a checkpoint (the last by default) as .safetensors; an existing file is replaced. */
    exportWeights(id: string, request: { step?: number | undefined; path: string }): Promise<{ path: string; bytes: number; step: number }>
    /** A stretch of a checkpoint's file in base64, so that a window can save it wherever it runs. */
    readCheckpoint(id: string, request: { file: string; from: number; count: number }): Promise<{ bytes: string }>
    /** Norms of a checkpoint's weights (the last by default) over the depth of the network. */
    weightNorms(id: string, request: { file?: string | undefined }): Promise<WeightNorms>
    /**
     * Shows the weights of a checkpoint (the last by default) every test image, in a process of its own, and keeps what came of it.
     * Resolves when it is kept; progress is published as changes of the task `evaluationTask`. One at a time, in the order asked.
     */
    evaluate(id: string, request: CheckpointChoice): Promise<Evaluation>
    cancelEvaluation(id: string, file: string): Promise<void>
    /** Those of this run, and the sequence number up to which that is true. */
    evaluations(id: string): Promise<{ evaluations: EvaluationSummary[]; seq: number }>
    evaluation(id: string, file: string): Promise<Evaluation>
    rename(id: string, name: string): Promise<RunSummary>
    /** Tags, colour, pin, baseline and archive of many runs in one transaction. */
    edit(request: EditRuns): Promise<RunSummary[]>
    setNotes(id: string, notes: string): Promise<RunSummary>
    /** A pinned checkpoint (the last by default) is kept by every clean-up that keeps what is pinned. */
    pinCheckpoint(id: string, request: CheckpointChoice & { pinned: boolean }): Promise<Checkpoint>
    /** Out of the list; it can be brought back until the setting `runs.keepRemovedHours` has passed, then its files go too. */
    remove(id: string): Promise<void>
    restore(id: string): Promise<RunSummary>
    /** Deletes a removed run and its files at once and for good. */
    purge(id: string): Promise<void>
    /** Those that can be brought back, newest removal first. */
    removed(): Promise<RemovedRun[]>
    /** The same command for many runs; what one refuses does not keep the others from it. */
    bulk(ids: string[], action: BulkAction): Promise<BulkResult[]>
    /** Every stored point of the wanted series (all when keys is absent), and the sequence number up to which that is true. */
    series(id: string, keys?: string[]): Promise<{ series: SeriesPoints[]; seq: number }>
    /** Every series in little, and the sequence number up to which that is true. Costs the same however long the series are. */
    overview(id: string): Promise<{ series: SeriesOverview[]; seq: number }>
    /** At most `limit` stored points of one series, beginning with the one of index `start`. */
    stretch(id: string, request: { key: string; start: number; limit: number }): Promise<{ points: PackedPoints; seq: number }>
    /** Writes a run to a file of the machine that holds the home: everything as an archive, or its scalars as a TensorBoard event file. */
    exportFile(id: string, request: { path: string; format: 'archive' | 'tensorboard' }): Promise<void>
    /** A new run from such a file, which keeps its id where that is free. */
    importFile(path: string): Promise<RunSummary>
    log(id: string, options: { limit: number }): Promise<{ entries: LogEntry[]; seq: number }>
  }
  alerts: {
    /** The newest, and the sequence number up to which that is true. */
    list(): Promise<{ alerts: Alert[]; seq: number }>
    markRead(upTo: number): Promise<void>
  }
  storage: {
    usage(): Promise<StorageUsage>
    clean(request: Cleanup): Promise<CleanupPlan>
    /** @param deep also reads every data set and compares it with its hash */
    check(deep: boolean): Promise<CheckReport>
    /** The whole home in one new file, made while it works; progress is published as task changes with this id. */
    backup(request: { file: string; taskId?: string | undefined }): Promise<{ files: number; bytes: number }>
    /** Ends a backup, or a restore that has not begun to replace the home. */
    cancelBackup(taskId: string): Promise<void>
    inspectBackup(file: string): Promise<BackupHead>
    /**
     * Puts a backup in the place of the home's content, which is kept in another folder. It is unpacked and checked first, with progress
     * as task changes with this id; then runs at work write a checkpoint, and everything is opened anew: 'now', or at the next start.
     */
    restore(request: { file: string; taskId?: string | undefined }): Promise<{ when: 'now' | 'next start'; kept: string }>
    /** What the last start after a crash found; null when there was none. */
    lastRepair(): Promise<RepairReport | null>
  }
  settings: {
    get(): Promise<Settings>
    update(patch: SettingsPatch): Promise<Settings>
  }
  /** Comparisons that were given a name; they follow their runs. */
  comparisons: {
    list(): Promise<{ comparisons: Comparison[]; seq: number }>
    /** A new one, or what is now in place of one. */
    save(request: SaveComparison): Promise<Comparison>
    /** Out of the list; it can be brought back until the setting `runs.keepRemovedHours` has passed. */
    remove(id: string): Promise<void>
    restore(id: string): Promise<Comparison>
    /** What can be brought back, the last first. */
    removed(): Promise<RemovedComparison[]>
  }
  /** Views of the table of runs that were given a name. */
  runViews: {
    list(): Promise<{ views: SavedRunView[]; seq: number }>
    /** A new one, or what is now in place of one. */
    save(request: SaveRunView): Promise<SavedRunView>
    /** It can be brought back for a while, as runs can. */
    remove(id: string): Promise<void>
    restore(id: string): Promise<SavedRunView>
  }
  changes: {
    /** Replays what follows `since` (only new changes when null), then goes on until the signal aborts. Never skips, never doubles. */
    subscribe(options: { since: number | null; detailOf: string[]; signal: AbortSignal }): AsyncIterable<SequencedChange>
  }
}
