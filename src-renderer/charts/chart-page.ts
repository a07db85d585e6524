import { inject, provide, ref, shallowRef, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import type { ChartModel } from './chart-model.js'
import type { SeriesBuffer } from './series/series-buffer.js'
import { Smoothed } from './series/smoothed.js'
import type { Span } from './zoom.js'

/** What the charts of one page share. */
export interface ChartPage {
  /** Counts what was appended to the buffers, which are not reactive themselves. */
  version: Readonly<Ref<number>>
  /** The stretch in sight, in the units of the axis; null: all of it. */
  zoom: ShallowRef<Span | null>
  /** Where the pointer is on the axis, in whichever chart. */
  cursor: ShallowRef<number | null>
  /** The lines that were switched off, by chart. */
  hidden: ShallowRef<ReadonlyMap<string, ReadonlySet<string>>>
  /** The chart that fills the window. */
  large: ShallowRef<string | null>
  /** What each chart of the page draws now, by its id. */
  models: Map<string, () => ChartModel>
  /** The smoothed values of a series, as far as they were computed. */
  smoothed(buffer: SeriesBuffer, weight: number): Smoothed
}

const key: InjectionKey<ChartPage> = Symbol('charts')

export function createChartPage(version: Readonly<Ref<number>> = ref(0)): ChartPage {
  const cache = new WeakMap<SeriesBuffer, Smoothed>()
  return {
    version,
    zoom: shallowRef(null),
    cursor: shallowRef(null),
    hidden: shallowRef(new Map()),
    large: shallowRef(null),
    models: new Map(),
    smoothed(buffer, weight) {
      let smoothed = cache.get(buffer)
      if (smoothed?.weight !== weight) cache.set(buffer, (smoothed = new Smoothed(buffer, weight)))
      return smoothed
    },
  }
}

/** Links the charts below the calling component: one zoom, one cursor. */
export function provideChartPage(version: Readonly<Ref<number>>): ChartPage {
  const page = createChartPage(version)
  provide(key, page)
  return page
}

/** The page that a chart belongs to; a chart alone is its own. */
export const useChartPage = (): ChartPage => inject(key, () => createChartPage(), true)
