import { describe, expect, it } from 'vitest'
import { classBalanceOption, describeBalance } from '../../src-renderer/datasets/class-balance.js'
import { pointCloudOption } from '../../src-renderer/datasets/point-cloud.js'

const classNames = ['cat', 'dog', 'eel']
const parts = [
  { name: 'training', counts: [5, 2, 9] },
  { name: 'test', counts: [1, 1, 1] },
]

describe('the class balance', () => {
  it('is drawn with a bar a part and class, and its unit on the axis', () => {
    const option = classBalanceOption({ classNames, parts, stacked: false, unit: 'images', dark: false, animate: false })
    expect(option).toMatchObject({
      xAxis: { data: classNames },
      yAxis: { name: 'images' },
      series: [
        { type: 'bar', name: 'training', data: [5, 2, 9] },
        { type: 'bar', name: 'test', data: [1, 1, 1] },
      ],
    })
    const stacks = (stacked: boolean): unknown[] =>
      [classBalanceOption({ classNames, parts, stacked, unit: 'images', dark: true, animate: false }).series]
        .flat()
        .map((series) => (series as { stack?: string }).stack)
    expect(stacks(false)).toEqual([undefined, undefined])
    expect(stacks(true)).toEqual(['all', 'all'])
  })

  it('is told in a sentence to those who cannot see it', () => {
    expect(describeBalance(classNames, parts)).toBe('training: from 2 (dog) to 9 (eel) per class; test: 1 per class')
  })
})

it('points are drawn by class, each with its colour and shape', () => {
  const points = [
    { x: 1, y: 2, label: 1 },
    { x: 3, y: 4, label: 0 },
    { x: 5, y: 6, label: 1 },
  ]
  const series = [pointCloudOption({ points, classNames: ['a', 'b'], dark: false }).series].flat() as {
    data: number[][]
    symbol: string
    itemStyle: { color: string }
  }[]
  const { xAxis, yAxis } = pointCloudOption({ points, classNames: ['a', 'b'], dark: false }) as Record<string, { min: number; max: number }>
  // In a square element, a unit is equally long on both axes, and every point is inside.
  expect(xAxis!.max - xAxis!.min).toBeCloseTo(yAxis!.max - yAxis!.min)
  for (const { x, y } of points) for (const [at, axis] of [[x, xAxis!], [y, yAxis!]] as const) expect(at > axis.min && at < axis.max).toBe(true) // prettier-ignore
  expect(series.map(({ data }) => data)).toEqual([[[3, 4]], [[1, 2], [5, 6]]]) // prettier-ignore
  expect(new Set(series.map(({ symbol }) => symbol)).size).toBe(2)
  expect(new Set(series.map(({ itemStyle }) => itemStyle.color)).size).toBe(2)
})
