import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatDuration, formatMetric, formatPercent, formatValue } from '../../src-renderer/ui/format.js'

describe('numbers as people read them', () => {
  it.each([
    [null, '–'],
    [undefined, '–'],
    [0, '0'],
    [0.1, '0.1000'],
    [2.302585, '2.303'],
    [-1.5, '−1.500'],
    [3, '3.000'],
    [1234.567, '1,235'],
    [123456.7, '123,457'],
    [2.634e-6, '2.634e−6'],
    [3.2e9, '3.200e9'],
    [NaN, 'NaN'],
    [Infinity, '∞'],
    [-Infinity, '−∞'],
  ])('value %s is %s', (value, text) => expect(formatValue(value)).toBe(text))

  it.each([
    [0.97255, '97.25%'],
    [1, '100.00%'],
    [NaN, 'NaN'],
    [undefined, '–'],
  ])('fraction %s is %s', (value, text) => expect(formatPercent(value)).toBe(text))

  it.each([
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.6, '1:00 min'],
    [187, '3:07 min'],
    [3599.7, '1:00:00 h'],
    [3723, '1:02:03 h'],
    [2 * 86_400 + 3 * 3600 + 59 * 60, '2 d 3 h'],
    [NaN, '–'],
    [null, '–'],
  ])('%s seconds are %s', (seconds, text) => expect(formatDuration(seconds).replaceAll(/\s/g, ' ')).toBe(text))

  it.each([
    [512, '512 B'],
    [7_840_000, '7.48 MiB'],
    [38_400_000, '36.6 MiB'],
    [200 * 2 ** 30, '200 GiB'],
  ])('%s bytes are %s', (bytes, text) => expect(formatBytes(bytes).replaceAll(/\s/g, ' ')).toBe(text))

  it('writes counts with separators and metrics in their units', () => {
    expect(formatCount(428538)).toBe('428,538')
    expect(formatMetric(0.5, 'fraction')).toBe('50.00%')
    expect(formatMetric(950.4, 'images/s').replaceAll(/\s/g, ' ')).toBe('950 images/s')
    expect(formatMetric(0.5, 'nats')).toBe('0.5000')
  })
})
