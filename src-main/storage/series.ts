import { bestOf, type Points } from '../contract/metrics.js'
import type { Database } from './database.js'
import { concat, countUpTo, fromBlob, NO_POINTS, rising, slice, toBlob } from './points.js'
import type { RowOf } from './tables.js'
import { CHUNK, GROUP, merge, packSummaries, summarize, summarizeGroups, unpackSummaries, type Summary } from './summary.js'
import type { SeriesStore } from '../features/runs/series-store.js'

type SeriesRow = RowOf<'series'>
type TailRow = RowOf<'tails'>
type ChunkRow = RowOf<'chunks'>
type PointColumns = Pick<TailRow, 'steps' | 'vals' | 'times'>

/** Number of rows at which a tail is merged into one, so that reading never has to handle thousands of small rows. */
const TAIL_ROWS = 64

export interface SummarisedSeries extends SeriesStore {
  /**
   * At most `limit` summaries that together cover the series: of single points if that many fit, otherwise of multiples of 64 or 4,096
   * points. The cost grows only with the number of chunks, not with the number of points.
   */
  overview(runId: string, key: string, limit: number): Summary[]
}

/**
 * Metric series as packed chunks of 4,096 points with summaries of them. Points that do not fill a chunk yet are stored in a tail of a few
 * small rows: an append writes one, and every 64th merges them. Appending is meant to be called inside a transaction.
 */
export function createSeriesStore(db: Database): SummarisedSeries {
  const find = db.prepare<SeriesRow>('SELECT * FROM series WHERE runId = ? AND key = ?')
  const ofRun = db.prepare<SeriesRow>('SELECT * FROM series WHERE runId = ? ORDER BY key')
  const insert = db.prepare(
    'INSERT INTO series (runId, key, count, lastStep, lastValue, tailRows, tailCount) VALUES (?, ?, 0, -9e999, NULL, 0, 0)',
  )
  const update = db.prepare('UPDATE series SET count = ?, lastStep = ?, lastValue = ?, tailRows = ?, tailCount = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM series WHERE id = ?')
  const insertTail = db.prepare(
    'INSERT INTO tails (seriesId, start, count, firstStep, lastStep, steps, vals, times) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const insertChunk = db.prepare(
    'INSERT INTO chunks (seriesId, start, count, firstStep, lastStep, whole, groups, steps, vals, times) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const tailOf = db.prepare<TailRow>('SELECT * FROM tails WHERE seriesId = ? ORDER BY start')
  const clearTail = db.prepare('DELETE FROM tails WHERE seriesId = ?')
  const chunksOf = db.prepare<PointColumns>('SELECT steps, vals, times FROM chunks WHERE seriesId = ? ORDER BY start')
  const within = (table: 'chunks' | 'tails') =>
    db.prepare<PointColumns & { start: number }>(
      `SELECT start, steps, vals, times FROM ${table} WHERE seriesId = ? AND start < ? AND start + count > ? ORDER BY start`,
    )
  const chunksWithin = within('chunks')
  const tailsWithin = within('tails')
  const wholes = db.prepare<Pick<ChunkRow, 'whole'>>('SELECT whole FROM chunks WHERE seriesId = ? ORDER BY start')
  const groups = db.prepare<Pick<ChunkRow, 'groups'>>('SELECT groups FROM chunks WHERE seriesId = ? ORDER BY start')
  const around = (table: 'chunks' | 'tails') =>
    db.prepare<PointColumns>(`SELECT steps, vals, times FROM ${table} WHERE seriesId = ? AND firstStep <= ? AND lastStep >= ?`)
  const chunkAround = around('chunks')
  const tailAround = around('tails')
  const cutTails = db.prepare('DELETE FROM tails WHERE seriesId = ? AND firstStep > ?')
  const cutChunks = db.prepare('DELETE FROM chunks WHERE seriesId = ? AND firstStep > ?')
  const crossingTail = db.prepare<TailRow>('SELECT * FROM tails WHERE seriesId = ? AND lastStep > ?')
  const crossingChunk = db.prepare<TailRow>(
    'SELECT id, seriesId, start, count, firstStep, lastStep, steps, vals, times FROM chunks WHERE seriesId = ? AND lastStep > ?',
  )
  const deleteTail = db.prepare('DELETE FROM tails WHERE id = ?')
  const deleteChunk = db.prepare('DELETE FROM chunks WHERE id = ?')
  const lastTail = db.prepare<TailRow>('SELECT * FROM tails WHERE seriesId = ? ORDER BY start DESC LIMIT 1')
  const lastChunk = db.prepare<TailRow>(
    'SELECT id, seriesId, start, count, firstStep, lastStep, steps, vals, times FROM chunks WHERE seriesId = ? ORDER BY start DESC LIMIT 1',
  )
  const tailSize = db.prepare<{ rows: number; count: number }>(
    'SELECT count(*) AS rows, coalesce(sum(count), 0) AS count FROM tails WHERE seriesId = ?',
  )

  const unpack = ({ steps, vals, times }: PointColumns): Points => ({
    steps: fromBlob(steps),
    values: fromBlob(vals),
    times: fromBlob(times),
  })
  const readTail = (row: SeriesRow): Points => concat(tailOf.all(row.id).map(unpack), row.tailCount)

  function addTail(seriesId: number, start: number, points: Points): void {
    const { steps } = points
    const count = steps.length
    insertTail.run(seriesId, start, count, steps[0] as number, steps[count - 1] as number, ...blobs(points))
  }

  function addChunk(seriesId: number, start: number, points: Points): void {
    const { steps } = points
    const whole = packSummaries([summarize(points, 0, CHUNK)])
    const fine = packSummaries(summarizeGroups(points, GROUP))
    insertChunk.run(seriesId, start, CHUNK, steps[0] as number, steps[CHUNK - 1] as number, whole, fine, ...blobs(points))
  }

  /** Turns all complete groups of 4,096 points of the tail into chunks, and the rest into one row; returns the new size of the tail. */
  function compact(row: SeriesRow): { rows: number; count: number } {
    const all = readTail(row)
    clearTail.run(row.id)
    let start = row.count - row.tailCount
    let at = 0
    for (; row.tailCount - at >= CHUNK; at += CHUNK, start += CHUNK) addChunk(row.id, start, slice(all, at, at + CHUNK))
    const rest = slice(all, at)
    if (rest.steps.length) addTail(row.id, start, rest)
    return { rows: rest.steps.length ? 1 : 0, count: rest.steps.length }
  }

  function store(row: SeriesRow): void {
    update.run(row.count, row.lastStep, row.lastValue, row.tailRows, row.tailCount, row.id)
  }

  function truncate(row: SeriesRow, step: number): void {
    cutTails.run(row.id, step)
    cutChunks.run(row.id, step)
    const chunk = crossingChunk.get(row.id, step)
    const cut = chunk ?? crossingTail.get(row.id, step)
    if (cut) {
      const points = unpack(cut)
      if (chunk) deleteChunk.run(cut.id)
      else deleteTail.run(cut.id)
      addTail(row.id, cut.start, slice(points, 0, countUpTo(points.steps, step)))
    }
    const last = lastTail.get(row.id) ?? lastChunk.get(row.id)
    if (!last) {
      remove.run(row.id)
      return
    }
    const { rows, count } = tailSize.get(row.id) ?? { rows: 0, count: 0 }
    const lastValue = fromBlob(last.vals).at(-1) as number
    store({ ...row, count: last.start + last.count, lastStep: last.lastStep, lastValue, tailRows: rows, tailCount: count })
  }

  function overview(runId: string, key: string, limit: number): Summary[] {
    const row = find.get(runId, key)
    if (!row || limit < 1) return []
    const tail = readTail(row)
    if (row.count <= limit)
      return [...chunksOf.iterate(row.id)]
        .map(unpack)
        .concat(tail)
        .flatMap((part) => summarizeGroups(part, 1))
    // The coarsest level with at least as many groups as needed, so that at most 64 times as many are read.
    const level = row.count / CHUNK >= limit ? CHUNK : GROUP
    const stored =
      level === GROUP
        ? groups.all(row.id).flatMap((chunk) => unpackSummaries(fromBlob(chunk.groups)))
        : wholes.all(row.id).flatMap((chunk) => unpackSummaries(fromBlob(chunk.whole)))
    const all = stored.concat(summarizeGroups(tail, level))
    const together = Math.ceil(all.length / limit)
    return Array.from({ length: Math.ceil(all.length / together) }, (_, i) => merge(all.slice(i * together, (i + 1) * together)))
  }

  return {
    append(runId, key, points) {
      let row = find.get(runId, key)
      const fresh = rising(points, row?.lastStep ?? -Infinity)
      const added = fresh.steps.length
      if (added === 0) return NO_POINTS
      if (!row) {
        insert.run(runId, key)
        row = find.get(runId, key) as SeriesRow
      }
      addTail(row.id, row.count, fresh)
      const grown: SeriesRow = {
        ...row,
        count: row.count + added,
        lastStep: fresh.steps[added - 1] as number,
        lastValue: fresh.values[added - 1] as number,
        tailRows: row.tailRows + 1,
        tailCount: row.tailCount + added,
      }
      const tail = grown.tailRows >= TAIL_ROWS || grown.tailCount >= CHUNK ? compact(grown) : null
      store(tail ? { ...grown, tailRows: tail.rows, tailCount: tail.count } : grown)
      return fresh
    },

    read(runId, keys) {
      const wanted = keys && new Set(keys)
      return ofRun
        .all(runId)
        .filter(({ key }) => !wanted || wanted.has(key))
        .map((row) => {
          const points: Points = concat([], row.count)
          let at = 0
          const put = (part: Points): void => {
            points.steps.set(part.steps, at)
            points.values.set(part.values, at)
            points.times.set(part.times, at)
            at += part.steps.length
          }
          for (const chunk of chunksOf.iterate(row.id)) put(unpack(chunk))
          for (const tail of tailOf.iterate(row.id)) put(unpack(tail))
          return { key: row.key, points }
        })
    },

    counts: (runId) => ofRun.all(runId).map(({ key, count }) => ({ key, count })),

    stretch(runId, key, start, limit) {
      const row = find.get(runId, key)
      if (!row) return NO_POINTS
      const end = Math.min(row.count, start + limit)
      if (start >= end) return NO_POINTS
      const parts = [...chunksWithin.all(row.id, end, start), ...tailsWithin.all(row.id, end, start)].map((part) =>
        slice(unpack(part), Math.max(0, start - part.start), end - part.start),
      )
      return concat(parts, end - start)
    },

    sketch: (runId, key, limit) => sketch(overview(runId, key, Math.max(1, Math.floor(limit / 4)))),

    truncateAfter(runId, step) {
      for (const row of ofRun.all(runId)) if (row.lastStep > step) truncate(row, step)
    },

    latest(runId) {
      return Object.fromEntries(ofRun.all(runId).map(({ key, lastValue }) => [key, lastValue ?? NaN]))
    },

    at(runId, step, only) {
      const found = ofRun.all(runId).flatMap(({ id, key, lastStep }) => {
        const part =
          lastStep < step || key !== (only ?? key) ? undefined : (chunkAround.get(id, step, step) ?? tailAround.get(id, step, step))
        if (!part) return []
        const { steps, values } = unpack(part)
        const place = countUpTo(steps, step) - 1
        return steps[place] === step ? [[key, values[place]!] as const] : []
      })
      return Object.fromEntries(found)
    },

    best(runId) {
      const found = ofRun.all(runId).flatMap(({ id, key }) => {
        const extremes = wholes.all(id).flatMap(({ whole }) => unpackSummaries(fromBlob(whole)).flatMap(({ min, max }) => [min, max]))
        const chunked = bestOf(key, undefined, extremes)
        const best = tailOf.all(id).reduce((before, { vals }) => bestOf(key, before, fromBlob(vals)), chunked)
        return best === undefined ? [] : [[key, best] as const]
      })
      return Object.fromEntries(found)
    },

    overview,
  }
}

/** Points that represent groups: the extremes are placed in the middle, which draws the same picture. */
function sketch(groups: readonly Summary[]): Points {
  const steps: number[] = []
  const values: number[] = []
  for (const { count, firstStep, lastStep, first, last, min, max, nans, infinities } of groups) {
    const middle = (firstStep + lastStep) / 2
    steps.push(firstStep)
    values.push(first)
    if (count > 2) {
      // Shows one NaN or infinite value per group, which does not hide the extremes of the others.
      if (nans + infinities > 0) add((firstStep * 3 + lastStep) / 4, nans > 0 ? NaN : Infinity)
      if (min <= max) {
        add(middle, min)
        if (max > min) add((middle + lastStep) / 2, max)
      }
    }
    if (count > 1) add(lastStep, last)
  }
  return { steps: Float64Array.from(steps), values: Float64Array.from(values), times: new Float64Array(steps.length).fill(NaN) }

  function add(step: number, value: number): void {
    if (step <= (steps.at(-1) ?? -Infinity)) return
    steps.push(step)
    values.push(value)
  }
}

const blobs = ({ steps, values, times }: Points): [Buffer, Buffer, Buffer] => [toBlob(steps), toBlob(values), toBlob(times)]
