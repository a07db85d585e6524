import { z } from 'zod'
import { RunIdSchema } from './runs.js'

/** Bytes of the disk that holds the home. */
export interface DiskSpace {
  free: number
  total: number
}

/** A file or folder that was not completed: it is still being written, or its writer was killed. */
export interface Unfinished {
  /** Relative to the home, or absolute when it lies elsewhere. */
  path: string
  what: 'importing' | 'backup' | 'restore-unpacking' | 'file' | 'upload'
  bytes: number
  /** Time of the last write, in milliseconds since 1970. */
  writtenAt: number
  /** Id of the process that is writing it; null when none is, so that cleaning up leftovers removes it. */
  maker: number | null
}

const WORK: Readonly<Record<Unfinished['what'], string>> = {
  importing: 'an import',
  backup: 'a backup',
  'restore-unpacking': 'a restore',
  file: 'an export',
  upload: 'an upload',
}

/** What it is, how old it is, and whether a process is writing it, in words. @param now milliseconds since 1970 */
export function describeUnfinished({ what, writtenAt, maker }: Unfinished, now: number): string {
  const minutes = Math.max(0, Math.floor((now - writtenAt) / 60_000))
  const age = minutes < 60 ? `${minutes} min` : minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`
  return maker === null ? `left by ${WORK[what]} that was interrupted ${age} ago` : `${WORK[what]} in progress (process ${maker})`
}

/** Disk usage by category, in bytes. Files that two runs share are counted once. */
export interface StorageUsage {
  /** Null when the system does not report it. */
  disk: DiskSpace | null
  /** The database with its write-ahead log: series, logs, configurations. */
  database: number
  runs: { id: string; name: string; removed: boolean; checkpoints: number; logs: number; weights: number }[]
  datasets: { name: string; bytes: number }[]
  /** Orphaned files: those that belong to no run and no data set of this home, except unfinished ones. */
  leftovers: number
  unfinished: Unfinished[]
  total: number
}

/** Which checkpoints a clean-up keeps. Queued and active runs are never touched. */
export const RetentionSchema = z.strictObject({
  /** The checkpoint of each run that was selected on its validation split. */
  best: z.boolean().default(true),
  /** The newest checkpoint of each run, without which the run cannot be resumed. */
  last: z.boolean().default(true),
  /** Pinned checkpoints, and all checkpoints of pinned runs and of the baseline. */
  pinned: z.boolean().default(true),
  /** Orphaned files: left by killed processes or by runs that no longer exist. */
  leftovers: z.boolean().default(false),
})
export type Retention = z.infer<typeof RetentionSchema>

export const CleanupSchema = z.strictObject({
  keep: RetentionSchema.default({ best: true, last: true, pinned: true, leftovers: false }),
  /** Restricts the clean-up to these runs; all runs by default. */
  runIds: z.array(RunIdSchema).max(10_000).optional(),
  /** Only reports what would be deleted. */
  dryRun: z.boolean(),
})
export type Cleanup = z.input<typeof CleanupSchema>

export interface CleanupItem {
  /** Null for files that belong to no run. */
  runId: string | null
  runName: string | null
  /** Path relative to the home. */
  path: string
  bytes: number
  what: string
}

export interface CleanupPlan {
  items: CleanupItem[]
  bytes: number
}

/** Problems found in a home, and remarks on things that are merely unusual. */
export interface CheckReport {
  at: number
  problems: string[]
  remarks: string[]
}

/** The header of a backup. */
export interface BackupHead {
  /** Milliseconds since 1970. */
  createdAt: number
  files: number
  bytes: number
}

/** What the first start after a crash found and repaired. */
export interface RepairReport {
  at: number
  /** Runs that were active; they can be resumed. */
  interrupted: { id: string; name: string; step: number }[]
  /** Checkpoints that were removed from the list because their files were missing. */
  missingCheckpoints: { runId: string; file: string }[]
  /** Problems that the integrity check of the database found, which are not repaired; null until the check has completed. */
  problems: string[] | null
}
