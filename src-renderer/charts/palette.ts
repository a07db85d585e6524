/** Okabe and Ito's colours, told apart with every common colour vision; darkened or lightened for three to one on the surface. */
const LIGHT = ['#0072b2', '#d55e00', '#00815c', '#a8518a', '#9a6a00', '#2b7fae']
const DARK = ['#56b4e9', '#f0883e', '#2fbf96', '#e09cc3', '#e6b93f', '#9cc9ea']
/** A second cue beside colour, in the order of the colours. */
const DASHES = ['solid', 'dashed', 'dotted', [8, 3, 2, 3], [12, 4], [4, 4]] as const

export interface LineStyle {
  color: string
  dash: 'solid' | 'dashed' | 'dotted' | number[]
}

/** Colour and dash of the i-th line of a chart. */
export function lineStyle(i: number, dark: boolean): LineStyle {
  const colors = dark ? DARK : LIGHT
  const dash = DASHES[i % DASHES.length] ?? 'solid'
  return { color: colors[i % colors.length] ?? LIGHT[0]!, dash: typeof dash === 'string' ? dash : [...dash] }
}

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
