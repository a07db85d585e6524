import { expect, it } from 'vitest'
import { channelHistogramOption, describeHistograms } from '../../src-renderer/datasets/channel-histogram.js'

const channels = ['red', 'green', 'blue'].map((name, i) => ({ name, histogram: { low: 0, width: 0.25, counts: [0, 1 + i, 5, 0] } }))

it('the values of channels are drawn as a step line each, in the colour of the name, with units on the axes', () => {
  const option = channelHistogramOption({ channels, kind: 'images', logarithmic: false, dark: false })
  const red = [[0, 0], [0.25, 1], [0.5, 5], [0.75, 0], [1, 0]] // prettier-ignore
  expect(option).toMatchObject({
    xAxis: { name: 'pixel value (0 to 1)' },
    yAxis: { name: 'pixels per bin' },
    series: [
      { name: 'red', step: 'end', data: red, lineStyle: { color: '#d55e00' } },
      { name: 'green', lineStyle: { color: '#235017' } },
      { name: 'blue', lineStyle: { color: '#0072b2' } },
    ],
  })
  expect(channelHistogramOption({ channels, kind: 'images', logarithmic: true, dark: false })).toMatchObject({
    yAxis: { type: 'log', min: 1 },
    series: [{ data: [[0, NaN], [0.25, 1], [0.5, 5], [0.75, NaN], [1, NaN]] }, {}, {}], // prettier-ignore
  })
  expect(channelHistogramOption({ channels, kind: 'points', logarithmic: false, dark: true })).toMatchObject({
    yAxis: { name: 'points per bin' },
  })
})

it('the values of channels are told in a sentence to those who cannot see them', () => {
  expect(describeHistograms(channels.slice(0, 1))).toBe('red: between 0.250 and 0.750, most often from 0.500 to 0.750 (83.3%)')
})
