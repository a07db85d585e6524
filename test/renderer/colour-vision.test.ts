import { describe, expect, it } from 'vitest'
import { chartTheme, lineStyle, valueColour, valueScale } from '../../src-renderer/charts/palette.js'

/** Simulated linear RGB: Machado, Oliveira and Fernandes 2009, table 1, severity 1. */
const VISIONS = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
} // prettier-ignore

const linear = (hex: string): number[] =>
  [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))

const times = (matrix: number[][], vector: number[]): number[] =>
  matrix.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, factor, i) => sum + factor * vector[i]!, 0),
      ),
    ),
  )

/** CIE L*a*b* of linear sRGB, for the white of D65. */
function lab(rgb: number[]): number[] {
  const [x, y, z] = [
    [0.4124 / 0.95047, 0.3576 / 0.95047, 0.1805 / 0.95047],
    [0.2126, 0.7152, 0.0722],
    [0.0193 / 1.08883, 0.1192 / 1.08883, 0.9505 / 1.08883],
  ].map((row) => row.reduce((sum, factor, i) => sum + factor * rgb[i]!, 0))
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
  return [116 * f(y!) - 16, 500 * (f(x!) - f(y!)), 200 * (f(y!) - f(z!))]
}

const luminance = (hex: string): number => linear(hex).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0)

it.each([false, true])('a scale of values can be read on the surface over its whole length, and is lightness alone, dark: %s', (dark) => {
  const of = (hex: string): number => luminance(hex)
  const ground = of(chartTheme(dark).surface)
  const parts = [0, 0.25, 0.5, 0.75, 1].map((part) => of(valueColour(part, dark)))
  for (const light of parts) {
    const [high, low] = [Math.max(light, ground), Math.min(light, ground)]
    expect((high + 0.05) / (low + 0.05)).toBeGreaterThanOrEqual(3)
  }
  expect([...parts].sort((a, b) => (dark ? a - b : b - a))).toEqual(parts)
  expect([valueColour(0, dark), valueColour(1, dark)]).toEqual(valueScale(dark))
})

describe.each([false, true])('colours of lines, dark: %s', (dark) => {
  const colours = [...new Set(Array.from({ length: 56 }, (_, i) => lineStyle(i, dark).color))]

  it.each(Object.entries(VISIONS))('are far from each other with %s', (_, matrix) => {
    const seen = colours.map((colour) => lab(times(matrix, linear(colour))))
    const distances = seen.flatMap((one, i) => seen.slice(i + 1).map((other) => Math.hypot(...one.map((c, k) => c - other[k]!))))
    // Ten times the just noticeable difference of adjacent patches.
    expect(Math.min(...distances)).toBeGreaterThan(23)
  })

  it('stand out from the surface as graphics must (WCAG 2.2, 1.4.11)', () => {
    const surface = luminance(chartTheme(dark).surface)
    for (const colour of colours) {
      const [low, high] = [luminance(colour), surface].sort((a, b) => a - b)
      expect((high! + 0.05) / (low! + 0.05), colour).toBeGreaterThanOrEqual(3)
    }
  })
})
