import { z } from 'zod'
import { RunIdSchema } from './runs.js'

/** Bytes of the disk that holds the home. */
export interface DiskSpace {
  free: number
  total: number
}

/** Bytes on the disk, by what they are for. Files that two runs share are counted once. */
export interface StorageUsage {
  /** null where the system does not tell. */
  disk: DiskSpace | null
  /** The database with its write-ahead log: series, logs, configurations. */
  database: number
  runs: { id: string; name: string; removed: boolean; checkpoints: number; logs: number; weights: number }[]
  datasets: { name: string; bytes: number }[]
  /** Whatever no run and no data set of this home claims. */
  leftovers: number
  total: number
}

/** Which checkpoints a clean-up leaves. Runs that are queued or at work are never touched. */
export const RetentionSchema = z.strictObject({
  /** Of each run, the one that its validation split selected. */
  best: z.boolean().default(true),
  /** Of each run, the newest: without it a run cannot be resumed. */
  last: z.boolean().default(true),
  /** All of pinned runs and of the baseline, and those that are pinned themselves. */
  pinned: z.boolean().default(true),
  /** Files that belong to nothing: left by crashes, or of runs that are gone. */
  leftovers: z.boolean().default(false),
})
export type Retention = z.infer<typeof RetentionSchema>

export const CleanupSchema = z.strictObject({
  keep: RetentionSchema.default({ best: true, last: true, pinned: true, leftovers: false }),
  /** Only these runs; absent: all. */
  runIds: z.array(RunIdSchema).max(10_000).optional(),
  /** Only tells what would go. */
  dryRun: z.boolean(),
})
export type Cleanup = z.input<typeof CleanupSchema>

export interface CleanupItem {
  /** null for what belongs to no run. */
  runId: string | null
  runName: string | null
  /** Path inside the home. */
  path: string
  bytes: number
  what: string
}

export interface CleanupPlan {
  items: CleanupItem[]
  bytes: number
}

/** What is wrong with a home, and what is only odd. */
export interface CheckReport {
  at: number
  problems: string[]
  remarks: string[]
}

/** What a backup says about itself. */
export interface BackupHead {
  /** Milliseconds since 1970. */
  createdAt: number
  files: number
  bytes: number
}

/** What was found and mended at the first start after a crash. */
export interface RepairReport {
  at: number
  /** Runs that were active; they can be resumed. */
  interrupted: { id: string; name: string; step: number }[]
  /** Checkpoints that were listed without their file, and are listed no more. */
  missingCheckpoints: { runId: string; file: string }[]
  /** What the database's own check found, which is not mended; null while that has not been completed. */
  problems: string[] | null
}
