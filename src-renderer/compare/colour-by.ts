import { chartTheme, COLOURS, lineStyle, valueColour, type LineStyle } from '../charts/palette.js'
import { hasWords, isNumber, tick, wordsOf, type Quantity } from './relations.js'

/** One entry of the legend of a colouring. */
export interface ColourGroup {
  label: string
  color: string
}

/** How the lines of runs are coloured by a quantity. */
export interface Colouring {
  styleOf(place: number): LineStyle
  /** The words with their colours, or the ends of the scale of numbers. */
  groups: ColourGroup[]
  /** Whether the groups are the ends of a scale. */
  scale: boolean
}

/** Up to this many different numbers are groups, not a scale. */
const FEW = COLOURS

/**
 * Runs with the same word, or the same of a few numbers, share a colour; other numbers use a lightness scale, logarithmic if the quantity
 * spans decades. A run without a value is dotted and faint.
 */
export function colourBy(quantity: Quantity, dark: boolean): Colouring {
  const theme = chartTheme(dark)
  const none: LineStyle = { color: theme.faint, dash: [2, 3] }
  const numbers = quantity.values.filter(isNumber).filter(Number.isFinite)
  const distinct = [...new Set(numbers)].sort((a, b) => a - b)
  const words = hasWords(quantity) ? wordsOf(quantity) : !quantity.measured && distinct.length <= FEW ? distinct.map(String) : null
  if (words) {
    // After the distinguishable colours, dashes distinguish further words.
    const styles = new Map(
      words.map((word, i) => [word, { color: lineStyle(i, dark).color, dash: i < COLOURS ? [] : lineStyle(i, dark).dash }]),
    )
    return {
      styleOf: (place) => styles.get(String(quantity.values[place])) ?? none,
      groups: words.map((word) => ({ label: hasWords(quantity) ? word : tick(quantity, Number(word)), color: styles.get(word)!.color })),
      scale: false,
    }
  }
  const logarithmic = quantity.logarithmic && distinct.every((value) => value > 0)
  const on = (value: number): number => (logarithmic ? Math.log(value) : value)
  const [low = 0, high = 0] = [distinct[0], distinct.at(-1)]
  const part = (value: number): number => (high > low ? (on(value) - on(low)) / (on(high) - on(low)) : 1)
  return {
    styleOf(place) {
      const value = quantity.values[place]
      return isNumber(value) && Number.isFinite(value) ? { color: valueColour(part(value), dark), dash: [] } : none
    },
    groups:
      distinct.length === 0 ? [] : [low, high].map((value) => ({ label: tick(quantity, value), color: valueColour(part(value), dark) })),
    scale: true,
  }
}
