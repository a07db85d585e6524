import { HISTOGRAM_BINS, type Histogram } from '../contract/datasets.js'
import { rangeHistogram } from './range-histogram.js'

const LEVELS = 256
const LEVELS_PER_BIN = LEVELS / HISTOGRAM_BINS

/** Mean, standard deviation and histogram of each channel of a stream of values, independent of how the stream is divided into chunks. */
export interface ChannelStatistics {
  add(values: Uint8Array | Float32Array): void
  result(): { mean: number[]; deviation: number[]; histogram: Histogram[] }
}

/**
 * For uint8 pixels, channels last, scaled to 0..1: computed from the counts of every level, hence exact. Chunks contain complete pixels.
 */
export function pixelStatistics(channels: number): ChannelStatistics {
  const levels = new Float64Array(channels * LEVELS)
  return {
    add(values) {
      for (let i = 0; i < values.length;) for (let c = 0; c < channels; c++, i++) levels[c * LEVELS + values[i]!]!++
    },
    result() {
      const mean: number[] = []
      const deviation: number[] = []
      const histogram: Histogram[] = []
      for (let c = 0; c < channels; c++) {
        const counts = levels.subarray(c * LEVELS, (c + 1) * LEVELS)
        const total = counts.reduce((a, b) => a + b, 0)
        const average = counts.reduce((sum, n, value) => sum + n * value, 0) / (total || 1)
        const variance = counts.reduce((sum, n, value) => sum + n * (value - average) ** 2, 0) / (total || 1)
        mean.push(average / 255)
        deviation.push(Math.sqrt(variance) / 255)
        histogram.push({ low: 0, width: LEVELS_PER_BIN / 255, counts: binned(counts) })
      }
      return { mean, deviation, histogram }
    },
  }
}

const binned = (counts: Float64Array): number[] =>
  Array.from({ length: HISTOGRAM_BINS }, (_, bin) =>
    counts.subarray(bin * LEVELS_PER_BIN, (bin + 1) * LEVELS_PER_BIN).reduce((sum, n) => sum + n, 0),
  )

/** For finite coordinates, by Welford's recurrence. Chunks contain complete points. */
export function pointStatistics(dimensions: number): ChannelStatistics {
  let count = 0
  const mean = new Float64Array(dimensions)
  const squares = new Float64Array(dimensions)
  const histograms = Array.from({ length: dimensions }, rangeHistogram)
  return {
    add(values) {
      for (let i = 0; i < values.length;) {
        count++
        for (let d = 0; d < dimensions; d++, i++) {
          const before = values[i]! - mean[d]!
          mean[d] = mean[d]! + before / count
          squares[d] = squares[d]! + before * (values[i]! - mean[d]!)
          histograms[d]!.add(values[i]!)
        }
      }
    },
    result: () => ({
      mean: [...mean],
      deviation: Array.from(squares, (sum) => Math.sqrt(sum / (count || 1))),
      histogram: histograms.map((one) => one.result(Math.max(...histograms.map(({ width }) => width)))),
    }),
  }
}
