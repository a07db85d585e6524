import { expect, it } from 'vitest'
import { computedOf, homeWith, played, rowsOf } from './support.js'

const home = homeWith()
const id = 'identity-landscape'
const options = { depths: '1, 2, 8', size: 4, steps: 300 }

it('checks the bounds at every step, and shows the 1/l law and the negative determinant', () => {
  const report = played(id, options, home, computedOf)
  const said = Object.fromEntries(report.summary.map(({ key, value }) => [key, value]))
  // 301 steps of residual layers and 6,001 of the negative determinant, at three depths each.
  expect(said).toMatchObject({ checked: 3 * (301 + 6001), violated: 0 })
  const rows = rowsOf(report, 'descents')
  const of = (problem: string) => rows.filter((row) => row['problem'] === problem)
  expect(of('negative determinant').map(({ determinant }) => determinant)).toEqual([-1, -1, -1])
  expect(of('residual').map(({ determinant }) => determinant)).toEqual([1, 1, 1])
  const [alone, two, eight] = of('negative determinant').map(({ excess }) => Number(excess))
  expect(alone).toBeLessThan(1e-12)
  expect(two).toBeCloseTo(1, 3)
  expect(eight).toBeCloseTo(1, 1)

  // The largest residual decreases as 1/l, below the bound of an optimum, and descent stays within its stable rate.
  const residual = of('residual')
  for (const row of residual) {
    expect(row['excess']).toBeLessThan(0.02)
    expect(row['tau']).toBeLessThan(Number(row['optimumLater']))
    expect(row['rate']).toBeLessThan(Number(row['stableRate']))
  }
  expect(Math.abs(Number(residual[2]!['tauDepth']) / Number(residual[1]!['tauDepth']) - 1)).toBeLessThan(0.5)
  expect(Number(residual[2]!['stableRate'])).toBeLessThan(Number(residual[0]!['stableRate']))

  // The theorem applies to 3 gamma layers and more, and to positive determinants.
  expect(residual.map(({ optimumFirst }) => optimumFirst === null)).toEqual([true, false, false])
  expect(of('negative determinant')[2]).toMatchObject({ optimumFirst: null, optimumLater: null })

  // A plain chain of eight small layers has not left its saddle when the residual one has converged.
  expect(Number(of('plain')[2]!['excess'])).toBeGreaterThan(10 * Number(residual[2]!['excess']))
  const [first, second] = rowsOf(report, 'counterexamples')
  expect(first!['quoted']).toBeGreaterThan(Number(first!['gradient']))
  expect(second).toMatchObject({ gradient: 384, quoted: 1536 })
  expect(report.notes.some(({ text }) => text.includes('false in the form in which it is usually quoted'))).toBe(true)
})

it('marks a negative determinant before anything has run', () => {
  const report = played(id, options, home, () => ({ state: 'queued' }))
  expect(rowsOf(report, 'descents').map(({ determinant }) => determinant)).toEqual([1, 1, -1, 1, 1, -1, 1, 1, -1])
  expect(report.notes).toContainEqual({ level: 'warning', text: expect.stringContaining('violates the hypothesis') as string })
})
