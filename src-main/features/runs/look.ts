import { z } from 'zod'
import { MAX_STRETCH } from '../../contract/metrics.js'
import { procedure } from '../procedure.js'
import { packForWire } from '../shared/packing.js'
import { detailOf } from './detail.js'
import { ById } from './input.js'

/** Maximum number of points in the overview of a series: four for each pixel column of a chart. */
const SKETCH = 4096

const KeySchema = z.string().max(200)

/** Reads runs and their series. Each answer has the sequence number of the last change that it includes. */
export const look = {
  list: procedure.query(({ ctx: { ports } }) => ({ runs: ports.runs.list(), seq: ports.journal.last() })),

  get: procedure.input(ById).query(({ ctx: { control, ports }, input: { id } }) => detailOf(ports, control.require(id))),

  /** All stored points of the requested series, or of all series when `keys` is absent. */
  series: procedure
    .input(ById.extend({ keys: z.array(KeySchema).max(256).optional() }))
    .query(({ ctx: { control, ports }, input: { id, keys } }) => {
      control.require(id)
      const series = ports.series.read(id, keys).map(({ key, points }) => ({ key, points: packForWire(points) }))
      return { series, seq: ports.journal.last() }
    }),

  /** An overview of every series. The cost does not depend on the lengths of the series. */
  overview: procedure.input(ById).query(({ ctx: { control, ports }, input: { id } }) => {
    control.require(id)
    const series = ports.series.counts(id).map(({ key, count }) => {
      const whole = count <= SKETCH
      const points = whole ? ports.series.stretch(id, key, 0, count) : ports.series.sketch(id, key, SKETCH)
      return { key, count, whole, points: packForWire(points) }
    })
    return { series, seq: ports.journal.last() }
  }),

  /** At most `limit` stored points of one series, starting at index `start`. */
  stretch: procedure
    .input(ById.extend({ key: KeySchema, start: z.int().min(0), limit: z.int().min(1).max(MAX_STRETCH) }))
    .query(({ ctx: { control, ports }, input: { id, key, start, limit } }) => {
      control.require(id)
      return { points: packForWire(ports.series.stretch(id, key, start, limit)), seq: ports.journal.last() }
    }),

  /** The predictions of a run for a problem in the plane over its inputs, at evaluations; empty for other runs. */
  regions: procedure.input(ById).query(({ ctx: { control, ports }, input: { id } }) => {
    control.require(id)
    return { regions: ports.regions.list(id), seq: ports.journal.last() }
  }),

  /** Histograms of every unit over training; empty for runs that collect none. */
  histograms: procedure.input(ById).query(({ ctx: { control, ports }, input: { id } }) => {
    control.require(id)
    return { histograms: ports.histograms.list(id), seq: ports.journal.last() }
  }),

  /** The newest entries, in the order in which they were written. */
  log: procedure
    .input(ById.extend({ limit: z.int().min(1).max(10_000).default(1000) }))
    .query(({ ctx: { control, ports }, input: { id, limit } }) => {
      control.require(id)
      return { entries: ports.log.tail(id, limit), seq: ports.journal.last() }
    }),
}
