import { inject, provide, type InjectionKey } from 'vue'

/** How a chart can be moved among the others. */
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
/** Null for a chart outside a grid. */
export const useChartPlace = (): ChartPlace | null => inject(key, null)

/** The data type of a dragged chart, so that nothing else is taken for one. */
export const DRAGGED = 'application/x-retrace-chart'
