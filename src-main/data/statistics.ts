/** Mean and deviation of each channel of a stream of values, the same however the stream is cut into pieces. */
export interface ChannelStatistics {
  add(values: Uint8Array | Float32Array): void
  result(): { mean: number[]; deviation: number[] }
}

/** Of uint8 pixels, channel last, scaled to 0..1: from a histogram, hence exact. Pieces hold whole pixels. */
export function pixelStatistics(channels: number): ChannelStatistics {
  const histogram = new Float64Array(channels * 256)
  return {
    add(values) {
      for (let i = 0; i < values.length;) for (let c = 0; c < channels; c++, i++) histogram[c * 256 + values[i]!]!++
    },
    result() {
      const mean: number[] = []
      const deviation: number[] = []
      for (let c = 0; c < channels; c++) {
        const counts = histogram.subarray(c * 256, (c + 1) * 256)
        const total = counts.reduce((a, b) => a + b, 0)
        const average = counts.reduce((sum, n, value) => sum + n * value, 0) / (total || 1)
        const variance = counts.reduce((sum, n, value) => sum + n * (value - average) ** 2, 0) / (total || 1)
        mean.push(average / 255)
        deviation.push(Math.sqrt(variance) / 255)
      }
      return { mean, deviation }
    },
  }
}

/** Of coordinates, by Welford's recurrence. Pieces hold whole points. */
export function pointStatistics(dimensions: number): ChannelStatistics {
  let count = 0
  const mean = new Float64Array(dimensions)
  const squares = new Float64Array(dimensions)
  return {
    add(values) {
      for (let i = 0; i < values.length;) {
        count++
        for (let d = 0; d < dimensions; d++, i++) {
          const before = values[i]! - mean[d]!
          mean[d] = mean[d]! + before / count
          squares[d] = squares[d]! + before * (values[i]! - mean[d]!)
        }
      }
    },
    result: () => ({ mean: [...mean], deviation: Array.from(squares, (sum) => Math.sqrt(sum / (count || 1))) }),
  }
}
