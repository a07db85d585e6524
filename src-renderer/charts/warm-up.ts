import { SeriesBuffer } from './series/series-buffer.js'
import { chartModel } from './chart-model.js'
import { drawLines } from './draw.js'
import { init } from './echarts.js'
import { frameOption } from './frame-option.js'
import { xMap } from './x-axis.js'

/** Draws an invisible chart, so that code compiled at first use is ready before a user waits for a chart. */
export function warmUp(): void {
  const buffer = new SeriesBuffer()
  const steps = Float64Array.from({ length: 5000 }, (_, i) => i + 1)
  buffer.append({ steps, values: steps.map((step) => Math.sin(step * step)), times: steps })
  const map = xMap('step', buffer, { stepsPerEpoch: null, batch: null, startedAt: null, active: null, elapsed: null })
  const model = chartModel({
    title: '',
    lines: [{ key: 'line', label: 'line', buffer, map }],
    unit: '',
    xAxis: 'step',
    from: 0,
    to: steps.length,
    columns: 600,
    dark: false,
    logarithmic: false,
    logarithmicX: false,
    outlierProof: false,
  })
  const [width, height] = [700, 280]
  const chart = init(document.createElement('div'), null, { width, height })
  chart.setOption(frameOption(model))
  chart.dispose()
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const pen = canvas.getContext('2d')
  if (pen) drawLines(pen, model, { left: 0, top: 0, width, height }, 1)
}
