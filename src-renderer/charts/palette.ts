/**
 * Distinguishable with every common colour vision deficiency, and with a contrast of at least 3:1 to the surface; a test measures both.
 * Okabe and Ito's blue and vermilion, and the colours that a search found farthest from these and from each other.
 */
const LIGHT = ['#0072b2', '#d55e00', '#235017', '#870e51', '#a45eff', '#b8807d', '#3612d7']
const DARK = ['#56b4e9', '#f0883e', '#327c4b', '#925d88', '#cd03ff', '#a3bdb2', '#f6d300']
/** The number of different colours. */
export const COLOURS = LIGHT.length
/** A second cue besides colour. Seven colours times eight dashes: no two of 56 lines look the same. */
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [14, 4], [4, 4], [9, 3, 2, 3, 2, 3], [14, 4, 4, 4]]

export interface LineStyle {
  color: string
  /** Alternating lengths of strokes and gaps; empty for a solid line. */
  dash: number[]
}

/** Colour and dash of the i-th line of a chart; neighbours differ in both. */
export function lineStyle(i: number, dark: boolean): LineStyle {
  const colors = dark ? DARK : LIGHT
  return { color: colors[i % colors.length] as string, dash: [...(DASHES[i % DASHES.length] as readonly number[])] }
}

/**
 * A lightness scale for values shown as lines, from the lowest to the highest; both ends have a contrast of at least 3:1 to the surface.
 */
export const valueScale = (dark: boolean): readonly [string, string] => (dark ? ['#3d6f9f', '#d6ebff'] : ['#5b94c9', '#0b2f57'])

/** The colour at a fraction of that scale, 0 to 1. */
export function valueColour(part: number, dark: boolean): string {
  const [low, high] = valueScale(dark).map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))) as [number[], number[]]
  return `#${low
    .map((from, i) =>
      Math.round(from + part * (high[i]! - from))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}

/** A style of either theme converted to a white background. */
export const onWhite = ({ color, dash }: LineStyle): LineStyle => ({ color: LIGHT[DARK.indexOf(color)] ?? color, dash })

export interface ChartTheme {
  text: string
  faint: string
  grid: string
  surface: string
  error: string
}

export const chartTheme = (dark: boolean): ChartTheme =>
  dark
    ? { text: '#c9d1d9', faint: '#98a3b0', grid: '#2b323b', surface: '#181d23', error: '#ff8a80' }
    : { text: '#30363d', faint: '#5d6772', grid: '#e3e7ec', surface: '#ffffff', error: '#b3261e' }

/** The style of tooltips in every ECharts chart. */
export const tooltipStyle = ({ surface, grid, text }: ChartTheme) => ({
  confine: true,
  transitionDuration: 0,
  backgroundColor: surface,
  borderColor: grid,
  textStyle: { color: text, fontSize: 12 },
})

/** Colours of heat maps from the lowest value to the highest. The lowest is tinted, so that it differs from a cell without a value. */
export const heatColours = (dark: boolean): string[] => (dark ? ['#22384f', '#1d4f7d', '#7db8f2'] : ['#dce9f6', '#9cc2e6', '#15599c'])
