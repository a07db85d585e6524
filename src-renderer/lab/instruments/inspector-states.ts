import { floatsFromBase64 } from '../../../src-main/contract/base64.js'
import type { InspectorView } from '../../../src-main/contract/instruments.js'
import { numberOf, type Cell } from '../../../src-main/contract/lab.js'
import { figureFormats, textFormat, type Format } from '../../charts/export/formats.js'
import { formatValue } from '../../ui/format.js'
import { paintDifference, paintGrey, rangeOf } from '../paint.js'
import { stripPicture } from '../strip-picture.js'
import { stripCsv } from '../table-files.js'

/** The name of the inspector's states, on the page and in files. */
export const STATES = 'States that enter the units'

/** The state that enters a unit, as an image and as numbers. */
export interface ShownState {
  /** Row index in the table. */
  at: number
  label: string
  /** A short label for the columns of the strip: stage.unit. */
  short: string
  error: number
  /** The range of the stored state, which also scales the reconstructed one. */
  range: { low: number; high: number }
  /** The largest difference, which scales the differences. */
  most: number
  width: number
  values: Record<'stored' | 'rebuilt' | 'difference', Float32Array>
  stored: ImageData
  rebuilt: ImageData
  difference: ImageData
}

export function statesOf({ maps, table }: Pick<InspectorView, 'maps' | 'table'>): ShownState[] {
  const cell = (key: string, row: number): Cell => table.columns.find((column) => column.key === key)?.values[row] ?? null
  return maps.map(({ at, height, width, ...packed }) => {
    const [stored, rebuilt] = [floatsFromBase64(packed.stored), floatsFromBase64(packed.rebuilt)]
    const difference = rebuilt.map((value, i) => value - stored[i]!)
    const range = rangeOf([stored])
    const { low, high } = rangeOf([difference])
    const most = Math.max(-low, high)
    const [stage, unit] = [cell('stage', at), cell('unit', at)]
    return {
      at,
      label: `stage ${stage}, unit ${unit}`,
      short: `${stage}.${unit}`,
      error: numberOf(cell('stateError', at)),
      range,
      most,
      width,
      values: { stored, rebuilt, difference },
      stored: paintGrey({ height, width, values: stored, ...range }),
      rebuilt: paintGrey({ height, width, values: rebuilt, ...range }),
      difference: paintDifference({ height, width, values: difference }, most),
    }
  })
}

/** The rows of states in exported files: forward, inverse, and the difference. */
const ROWS: { key: keyof ShownState['values']; head: [string, ...string[]]; scale(state: ShownState): string[] }[] = [
  { key: 'stored', head: ['Forward'], scale: ({ range }) => [`${formatValue(range.low, 2)} to ${formatValue(range.high, 2)}`] },
  { key: 'rebuilt', head: ['Reconstructed', 'same scales'], scale: () => [] },
  { key: 'difference', head: ['Difference'], scale: ({ most }) => [`±${formatValue(most, 2)}`] },
]

/**
 * The export formats of the states.
 * @param command the shell command that reproduces them
 */
export function stateFormats(states: () => readonly ShownState[], command: () => string): Format[] {
  const painted = () =>
    ROWS.map(({ key, head, scale }) => ({
      head,
      images: states().map((state) => ({ data: state[key], below: [state.short, ...scale(state)] })),
    }))
  const valued = () =>
    ROWS.map(({ key, head }) => ({
      label: head[0],
      images: states().map(({ short, width, values }) => ({ label: short, width, values: values[key] })),
    }))
  return [
    ...figureFormats(() => ({ title: STATES, command: command(), picture: () => stripPicture({ title: STATES, rows: painted() }) })),
    textFormat('CSV', () => stripCsv(valued())),
  ]
}
