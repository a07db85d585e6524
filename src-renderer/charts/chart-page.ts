import { inject, provide, shallowRef, type InjectionKey, type ShallowRef } from 'vue'
import type { SeriesBuffer } from '../series/series-buffer.js'
import { Smoothed } from '../series/smoothed.js'
import type { Span } from './zoom.js'

/** What the charts of one page share. */
export interface ChartPage {
  /** The stretch in sight, in the units of the axis; null: all of it. */
  zoom: ShallowRef<Span | null>
  /** Where the pointer is on the axis, in whichever chart. */
  cursor: ShallowRef<number | null>
  /** The smoothed values of a series, up to its end. */
  smoothed(buffer: SeriesBuffer, weight: number): Smoothed
}

const key: InjectionKey<ChartPage> = Symbol('charts')

export function createChartPage(): ChartPage {
  const cache = new WeakMap<SeriesBuffer, Smoothed>()
  return {
    zoom: shallowRef(null),
    cursor: shallowRef(null),
    smoothed(buffer, weight) {
      let smoothed = cache.get(buffer)
      if (smoothed?.weight !== weight) cache.set(buffer, (smoothed = new Smoothed(buffer, weight)))
      else smoothed.update()
      return smoothed
    },
  }
}

/** Links the charts below the calling component: one zoom, one cursor. */
export function provideChartPage(): ChartPage {
  const page = createChartPage()
  provide(key, page)
  return page
}

/** The page that a chart belongs to; a chart alone is its own. */
export const useChartPage = (): ChartPage => inject(key, createChartPage, true)
