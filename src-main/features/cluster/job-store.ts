import type { Job, Resources } from '../../contract/cluster.js'

/** Up to where facts are taken in: a byte of the file of a lease. */
export interface Cursor {
  lease: number
  readTo: number
}

/** The newest job of a run, as it is stored. */
export interface StoredJob extends Cursor {
  runId: string
  resources: Resources
  firstLease: number
  jobId: string | null
  submittedAt: number
  node: string | null
  /** Durations of the run before the newest attempt; null before the first. */
  took: { active: number; elapsed: number } | null
  endedAt: number | null
}

/** Where runs are computed; those without a row are computed here. */
export interface JobStore {
  /** Has a run computed by jobs with these resources from its next start on; null computes it here. */
  place(runId: string, resources: Resources | null): void
  /** What the jobs of a run ask for; null for a run that is computed here. */
  resourcesOf(runId: string): Resources | null
  /** The same for the runs of a study, those that follow later included. */
  placeStudy(studyId: string, resources: Resources): void
  resourcesOfStudy(studyId: string): Resources | null
  /** Ids of the queued runs that jobs are to compute. */
  placed(): Set<string>
  /** A new job takes the place of the one before, of which nothing is left. */
  begin(job: Pick<StoredJob, 'runId' | 'firstLease' | 'submittedAt'>): void
  get(runId: string): StoredJob | undefined
  update(runId: string, patch: Partial<Pick<StoredJob, 'jobId' | 'lease' | 'readTo' | 'node' | 'took' | 'endedAt'>>): void
  /** The newest first. */
  list(): Job[]
}
