import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Report } from '../../src-main/training/messages.js'
import { Recorder } from '../../src-main/training/recorder.js'

afterEach(() => void vi.useRealTimers())

describe.each([
  ['back by a day', -86_400_000],
  ['forward by ten years', 10 * 365 * 86_400_000],
])('a clock that is set %s while a trainer works', (_, by) => {
  it('keeps no points back, changes no duration, and is told as it is', async () => {
    const reports: Extract<Report, { kind: 'points' }>[] = []
    const recorder = new Recorder({
      report: (report) => void (report.kind === 'points' && reports.push(report)),
      kept: 0,
      whenKept: () => Promise.resolve(),
    })
    const began = performance.now()
    const set = Date.now() + by
    for (let step = 1; step <= 12; step++) {
      if (step === 4) vi.useFakeTimers({ toFake: ['Date'], now: set })
      await sleep(30)
      recorder.record('train/loss', step, 1 / step)
      recorder.stepped(step, 0.03)
    }
    recorder.flush()
    const took = (performance.now() - began) / 1000
    const points = reports.flatMap(({ series }) => series)
    expect(points.flatMap(({ steps }) => [...steps])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(points.flatMap(({ times }) => [...times]).at(-1)).toBe(set)
    // About ten per second, before and after.
    expect(reports.length).toBeGreaterThan(2)
    const seconds = reports.map(({ activeSeconds }) => activeSeconds)
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b))
    expect(seconds.at(-1)).toBeGreaterThan(0.3)
    expect(seconds.at(-1)).toBeLessThanOrEqual(took + 0.01)
  })
})

it('counts evaluations and checkpoints as work, which are no steps', async () => {
  const recorder = new Recorder({ report: () => undefined, kept: 0, whenKept: () => Promise.resolve() })
  recorder.stepped(1, 0.001)
  await sleep(60)
  expect(recorder.activeSeconds()).toBeGreaterThan(0.05)
})
