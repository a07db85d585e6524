import type { Resources } from '../contract/cluster.js'
import type { JobStore, StoredJob } from '../features/cluster/job-store.js'
import type { Database } from './database.js'
import type { RowOf } from './tables.js'

type Row = RowOf<'jobs'>

const toJob = ({ firstLease, lease, submittedAt, ...row }: Row): StoredJob | undefined =>
  firstLease === null
    ? undefined
    : {
        ...row,
        resources: JSON.parse(row.resources) as Resources,
        took: row.took === null ? null : (JSON.parse(row.took) as StoredJob['took']),
        firstLease,
        lease: lease ?? firstLease,
        submittedAt: submittedAt ?? 0,
      }

export function createJobStore(db: Database): JobStore {
  const place = db.prepare(
    'INSERT INTO jobs (runId, resources) VALUES (?, ?) ON CONFLICT (runId) DO UPDATE SET resources = excluded.resources',
  )
  const displace = db.prepare('DELETE FROM jobs WHERE runId = ?')
  const placed = db.prepare<{ runId: string }>("SELECT runId FROM jobs JOIN runs ON runs.id = jobs.runId WHERE runs.status = 'queued'")
  const one = db.prepare<Row>('SELECT * FROM jobs WHERE runId = ?')
  const all = db.prepare<Row>(
    'SELECT jobs.* FROM jobs JOIN runs ON runs.id = jobs.runId WHERE firstLease IS NOT NULL AND removedAt IS NULL ORDER BY submittedAt DESC',
  )
  const begin = db.prepare(
    'UPDATE jobs SET firstLease = ?, submittedAt = ?, jobId = NULL, lease = NULL, readTo = 0, node = NULL, took = NULL, endedAt = NULL WHERE runId = ?',
  )
  const update = db.prepare('UPDATE jobs SET jobId = ?, lease = ?, readTo = ?, node = ?, took = ?, endedAt = ? WHERE runId = ?')
  const placeStudy = db.prepare('UPDATE studies SET place = ? WHERE id = ?')
  const ofStudy = db.prepare<{ place: string | null }>('SELECT place FROM studies WHERE id = ?')
  const get = (runId: string): StoredJob | undefined => {
    const row = one.get(runId)
    return row && toJob(row)
  }
  return {
    place: (runId, resources) => void (resources ? place.run(runId, JSON.stringify(resources)) : displace.run(runId)),
    resourcesOf(runId) {
      const row = one.get(runId)
      return row ? (JSON.parse(row.resources) as Resources) : null
    },
    placeStudy: (studyId, resources) => void placeStudy.run(JSON.stringify(resources), studyId),
    resourcesOfStudy(studyId) {
      const place = ofStudy.get(studyId)?.place ?? null
      return place === null ? null : (JSON.parse(place) as Resources)
    },
    placed: () => new Set(placed.all().map(({ runId }) => runId)),
    begin: ({ runId, firstLease, submittedAt }) => void begin.run(firstLease, submittedAt, runId),
    get,
    update(runId, patch) {
      const job = get(runId)
      if (!job) return
      const { jobId, lease, readTo, node, took, endedAt } = { ...job, ...patch }
      update.run(jobId, lease, readTo, node, took && JSON.stringify(took), endedAt, runId)
    },
    list: () =>
      all.all().map((row) => {
        const { runId, firstLease, jobId, resources, submittedAt, node, endedAt, lease } = toJob(row)!
        return { runId, firstLease, jobId, resources, submittedAt, node, endedAt, attempt: node === null ? null : lease - firstLease + 1 }
      }),
  }
}
