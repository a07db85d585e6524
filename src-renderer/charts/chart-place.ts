import { inject, provide, type InjectionKey } from 'vue'

/** What a chart can do about its place among the others. */
export interface ChartPlace {
  /** The position of the chart, and the number of charts. */
  of(id: string): { at: number; count: number }
  move(id: string, to: number): void
  /** Whether it is one of the large charts; null if all have the same size. */
  large: boolean | null
  setLarge(id: string, large: boolean): void
}

const key: InjectionKey<ChartPlace> = Symbol('place')

export const provideChartPlace = (place: ChartPlace): void => provide(key, place)
/** Null for a chart alone. */
export const useChartPlace = (): ChartPlace | null => inject(key, null)

/** What is dragged is known by this, so that nothing else is taken for a chart. */
export const DRAGGED = 'application/x-retrace-chart'
