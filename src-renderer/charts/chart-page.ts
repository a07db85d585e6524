import { inject, provide, ref, shallowRef, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import type { ChartModel } from './chart-model.js'
import type { SeriesBuffer } from './series/series-buffer.js'
import { Smoothed } from './series/smoothed.js'
import type { Span } from './zoom.js'

/** State shared by the charts of one page. */
export interface ChartPage {
  /** Incremented when points are appended to the buffers, which are not reactive themselves. */
  version: Readonly<Ref<number>>
  /** The visible range, in the units of the axis; null: all of it. */
  zoom: ShallowRef<Span | null>
  /** The position of the pointer on the axis, in whichever chart it is. */
  cursor: ShallowRef<number | null>
  /** The hidden lines, by chart. */
  hidden: ShallowRef<ReadonlyMap<string, ReadonlySet<string>>>
  /** The chart shown in full size over the window. */
  large: ShallowRef<string | null>
  /** Functions that return the current model of each chart, by its id. */
  models: Map<string, () => ChartModel>
  /** The smoothed values of a series, as far as they have been computed. */
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

/** Links the charts below the calling component, which share one zoom and one cursor. */
export function provideChartPage(version: Readonly<Ref<number>>): ChartPage {
  const page = createChartPage(version)
  provide(key, page)
  return page
}

/** The chart page of the calling component; a chart outside a page has one of its own. */
export const useChartPage = (): ChartPage => inject(key, () => createChartPage(), true)
