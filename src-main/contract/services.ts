import type { Architecture, ConfigIssue, NetworkSummary, Preset } from './catalogue.js'
import type { SequencedChange } from './changes.js'
import type { RunConfig } from './config.js'
import type { Dataset, ImportDataset } from './datasets.js'
import type { SeriesPoints } from './metrics.js'
import type { CreateRun, LogEntry, RunDetail, RunSummary } from './runs.js'
import type { SystemInfo } from './system.js'

/** What the back end offers; the router exposes exactly this. Methods reject with UserError for what a user can mend. */
export interface Services {
  system: {
    info(): Promise<SystemInfo>
  }
  catalogue: {
    presets(): Promise<Preset[]>
    architectures(): Promise<Architecture[]>
    /** Resolves a configuration without creating a run: what the form shows. */
    preview(
      request: CreateRun,
    ): Promise<{ config: RunConfig | null; summary: NetworkSummary | null; issues: ConfigIssue[]; stepsPerEpoch: number | null }>
  }
  datasets: {
    list(): Promise<Dataset[]>
    /** Resolves when done; progress is published as task changes with this id. */
    import(request: ImportDataset & { taskId?: string }): Promise<Dataset>
    cancelImport(taskId: string): Promise<void>
    verify(name: string): Promise<{ ok: boolean; problems: string[] }>
    remove(name: string): Promise<void>
  }
  runs: {
    /** The rows and the sequence number up to which they are true. */
    list(): Promise<{ runs: RunSummary[]; seq: number }>
    get(id: string): Promise<RunDetail>
    create(request: CreateRun): Promise<RunSummary>
    pause(id: string): Promise<RunSummary>
    /** From the last checkpoint. */
    resume(id: string): Promise<RunSummary>
    stop(id: string): Promise<RunSummary>
    fork(
      id: string,
      request: { step?: number | undefined; overrides: CreateRun['overrides']; name?: string | undefined },
    ): Promise<RunSummary>
    rename(id: string, name: string): Promise<RunSummary>
    remove(id: string): Promise<void>
    /** Every stored point of the wanted series (all when keys is absent), and the sequence number up to which that is true. */
    series(id: string, keys?: string[]): Promise<{ series: SeriesPoints[]; seq: number }>
    log(id: string, options: { limit: number }): Promise<{ entries: LogEntry[]; seq: number }>
  }
  changes: {
    /** Replays what follows `since` (only new changes when null), then goes on until the signal aborts. Never skips, never doubles. */
    subscribe(options: { since: number | null; detailOf: string[]; signal: AbortSignal }): AsyncIterable<SequencedChange>
  }
}
