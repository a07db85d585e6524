import { watchThrottled } from '@vueuse/core'
import { watch, type Ref } from 'vue'
import type { Points } from '../../../src-main/contract/metrics.js'
import { SeriesBuffer } from '../series/series-buffer.js'
import { storedFormula } from './formula.js'
import { formulaKey, formulaOf } from './key.js'

/** The minimum time in milliseconds between recomputations while the metrics grow, and the least multiple of the time that one takes. */
const [COMPUTE_EVERY, REST] = [500, 9]

/** Makes a buffer hold exactly these points. The common prefix is kept, so that a chart only draws what is new. */
function update(buffer: SeriesBuffer, { steps, values, times }: Points): void {
  let same = 0
  const most = Math.min(buffer.length, steps.length)
  while (same < most && buffer.step(same) === steps[same] && Object.is(buffer.value(same), values[same])) same += 1
  if (same < buffer.length) buffer.truncate(same > 0 ? buffer.step(same - 1) : -Infinity)
  if (same < steps.length) buffer.append({ steps: steps.subarray(same), values: values.subarray(same), times: times.subarray(same) })
}

/**
 * Maintains the series of formulas next to those of a run's metrics as these grow, are truncated or become complete. A formula has no
 * series if the run lacks one of its metrics.
 * @param version see `RunSeries`; it is incremented by each recomputation, too
 */
export function keepFormulas(series: Map<string, SeriesBuffer>, version: Ref<number>, formulas: () => readonly string[]): void {
  let computedAt = -1
  let took = 0
  /** The metrics of which a formula was last computed, as they were then. */
  const computedOf = new Map<string, { buffer: SeriesBuffer; generation: number; length: number }[]>()
  function compute(): void {
    const began = performance.now()
    const wanted = formulas()
    const gone = [...series.keys()].filter((key) => formulaOf(key) !== null && !wanted.some((text) => formulaKey(text) === key))
    let changed = gone.length > 0
    for (const key of gone) {
      series.delete(key)
      computedOf.delete(key)
    }
    for (const text of wanted) {
      const key = formulaKey(text)
      const formula = storedFormula(text)
      if (!formula?.metrics.every((metric) => series.has(metric))) {
        changed = series.delete(key) || changed
        continue
      }
      const sources = formula.metrics.map((metric) => {
        const buffer = series.get(metric)!
        return { buffer, generation: buffer.generation, length: buffer.length }
      })
      const before = computedOf.get(key)
      const same = sources.every(({ buffer, generation, length }, i) => {
        const source = before?.[i]
        return source?.buffer === buffer && source.generation === generation && source.length === length
      })
      if (same && series.has(key)) continue
      computedOf.set(key, sources)
      changed = true
      const points = formula.points((metric) => series.get(metric)!.toPoints())
      let buffer = series.get(key)
      if (!buffer) series.set(key, (buffer = new SeriesBuffer()))
      update(buffer, points)
    }
    if (changed) version.value += 1
    computedAt = version.value
    took = performance.now() - began
  }
  watch(formulas, compute, { immediate: true })
  watchThrottled(
    version,
    (now) => {
      if (now !== computedAt) compute()
    },
    { throttle: () => Math.max(COMPUTE_EVERY, REST * took), trailing: true, leading: true },
  )
}
