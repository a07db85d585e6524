import { currentEngine } from '../../engine.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson } from '../format.js'

export function engine(context: Context, options: CommonOptions): void {
  const report = currentEngine()
  if (options.json) return context.print(asJson(report))
  const { versions, threads, oneDNN } = report
  const rows = [
    ['Engine', report.engine],
    ['Device', `${report.device}: ${report.deviceName}`],
    [
      'Library',
      `tfjs ${versions.tfjs}${versions.tensorflow === null ? ' (WebAssembly)' : `, TensorFlow ${versions.tensorflow}`}, Node ${versions.node}`,
    ],
    ['Threads', String(threads)],
    ['oneDNN', oneDNN === null ? 'not available' : oneDNN ? 'on' : 'off'],
    ['Why', report.reason],
    ...(report.remedy === null ? [] : [['To speed up', report.remedy]]),
  ]
  for (const [label, value] of rows) context.print(`${`${label}:`.padEnd(18)}${value}`)
}
