import {
  binCentres,
  DISTRIBUTIONS,
  unpackHistograms,
  type DistributionKind,
  type Histograms,
  type UnitHistogram,
} from '../../../src-main/contract/histograms.js'
import { cellOf, type Cell, type LabTable } from '../../../src-main/contract/lab.js'
import type { Plot } from '../../lab/curves.js'

/** A figure with the table of its data. */
export interface TabledFigure {
  figure: Plot
  table: LabTable
}

/** All collected histograms of one kind of a run, ascending by step. */
export type UnitsByStep = readonly { step: number; bins: number; units: UnitHistogram[] }[]

export const unitsByStep = (all: readonly Histograms[], kind: DistributionKind): UnitsByStep =>
  all.map((each) => ({ step: each.step, bins: each.bins, units: unpackHistograms(each).filter((unit) => unit.kind === kind) }))

const column = (key: string, label: string, values: LabTable['columns'][number]['values'], unit = '') => ({
  key,
  label,
  symbol: '',
  unit,
  values,
})
const axis = (label: string, unit = '', log = false) => ({ label, unit, log })
const [STEP, DEPTH, VALUE, SHARE, DEVIATION] = [
  'Step',
  'Unit of the network',
  'Value',
  'Share of the values',
  'Standard deviation',
] as const

/** The histograms of all units after one step. */
export function atStep(kind: DistributionKind, { step, bins, units }: UnitsByStep[number]): TabledFigure {
  const title = `${DISTRIBUTIONS[kind]} by unit, step ${step}`
  return {
    figure: {
      kind: 'heatmap',
      title,
      table: kind,
      x: 'depth',
      y: 'value',
      value: 'share',
      xAxis: axis(DEPTH),
      yAxis: axis(VALUE),
      valueAxis: axis(SHARE),
    },
    table: {
      key: kind,
      title,
      columns: [
        column('depth', DEPTH, units.flatMap(({ depth }) => Array<number>(bins).fill(depth))), // prettier-ignore
        column('value', VALUE, units.flatMap(({ most }) => binCentres(bins, most))), // prettier-ignore
        column('share', SHARE, units.flatMap(({ shares }) => Array.from(shares, cellOf))), // prettier-ignore
      ],
    },
  }
}

/** The histograms of one unit over all steps, in the bins of the step with the widest range. */
export function ofUnit(kind: DistributionKind, all: UnitsByStep, depth: number): TabledFigure {
  const title = `${DISTRIBUTIONS[kind]} of unit ${depth} over training`
  const found = all.flatMap(({ step, units }) => units.filter((unit) => unit.depth === depth).map((unit) => ({ step, unit })))
  const most = Math.max(0, ...found.map(({ unit }) => unit.most))
  const bins = all[0]?.bins ?? 1
  return {
    figure: {
      kind: 'heatmap',
      title,
      table: kind,
      x: 'step',
      y: 'value',
      value: 'share',
      xAxis: axis(STEP, 'steps'),
      yAxis: axis(VALUE),
      valueAxis: axis(SHARE),
    },
    table: {
      key: kind,
      title,
      columns: [
        column('step', STEP, found.flatMap(({ step }) => Array<number>(bins).fill(step)), 'steps'), // prettier-ignore
        column('value', VALUE, found.flatMap(() => binCentres(bins, most))), // prettier-ignore
        column('share', SHARE, found.flatMap(({ unit }) => rebinned(unit, most).map(cellOf))), // prettier-ignore
      ],
    },
  }
}

/** The standard deviation of every unit over all steps, which shows exploding and vanishing values in one picture. */
export function deviations(kind: DistributionKind, all: UnitsByStep): TabledFigure {
  const title = `${DISTRIBUTIONS[kind]}: standard deviation by unit over training`
  const found = all.flatMap(({ step, units }) => units.map((unit) => ({ step, unit })))
  return {
    figure: {
      kind: 'heatmap',
      title,
      table: 'deviations',
      x: 'step',
      y: 'depth',
      value: 'deviation',
      xAxis: axis(STEP, 'steps'),
      yAxis: axis(DEPTH),
      valueAxis: axis(DEVIATION, '', true),
    },
    table: {
      key: 'deviations',
      title,
      columns: [
        column('step', STEP, found.map(({ step }) => step), 'steps'), // prettier-ignore
        column('depth', DEPTH, found.map(({ unit }) => unit.depth)), // prettier-ignore
        column('mean', 'Mean', found.map(({ unit }) => cellOf(unit.mean))), // prettier-ignore
        column('deviation', DEVIATION, found.map(({ unit }) => cellOf(unit.deviation))), // prettier-ignore
      ],
    },
  }
}

/** The standard deviations of several runs, and the values of all of them, which define a common colour scale. */
export function besideEachOther<Run extends { histograms: readonly Histograms[] }>(
  kind: DistributionKind,
  runs: readonly Run[],
): { each: (Run & TabledFigure)[]; scale: Cell[] } {
  const each = runs.map((run) => ({ ...run, ...deviations(kind, unitsByStep(run.histograms, kind)) }))
  return { each, scale: each.flatMap(({ table }) => table.columns.find(({ key }) => key === 'deviation')!.values) }
}

/**
 * The fractions of a histogram in the same number of bins between -most and most, at least as wide as its own range: each bin is divided
 * among those that it overlaps, assuming that its values are evenly distributed.
 */
export function rebinned({ shares, most: own }: Pick<UnitHistogram, 'shares' | 'most'>, most: number): number[] {
  const bins = shares.length
  if (own === most) return [...shares]
  const into = new Array<number>(bins).fill(0)
  const [width, from] = [(2 * most) / bins, (2 * own) / bins]
  shares.forEach((share, bin) => {
    const [low, high] = [(bin * from - own + most) / width, ((bin + 1) * from - own + most) / width]
    for (let at = Math.max(0, Math.floor(low)); at < bins && at <= high; at++) {
      const overlap = Math.min(high, at + 1) - Math.max(low, at)
      // If all values are zero, the bins have no width.
      if (high === low) return void (into[Math.min(bins - 1, at)]! += share)
      if (overlap > 0) into[at]! += (share * overlap) / (high - low)
    }
  })
  return into
}
