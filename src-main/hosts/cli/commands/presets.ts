import type { Preset } from '../../../contract/catalogue.js'
import { isUserError } from '../../../contract/errors.js'
import { MEMORY, ratioText, storedToReversible } from '../../../contract/memory.js'
import { computeEnvironment, currentEngine } from '../../engine.js'
import { keepMeasured } from '../../speed-meter.js'
import { knownSpeed, type MeasuredSpeed } from '../../speed.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson, bytes, duration, table } from '../format.js'
import { runTool } from '../tool.js'
import { withWorkbench } from '../workbench.js'

export interface PresetsOptions extends CommonOptions {
  /** Measure the speed of the machine again. */
  measure?: boolean
}

/** Formats a step time: "0.12 s", "12 s", "3 min 20 s". */
const stepTime = (seconds: number | null | undefined): string =>
  seconds == null ? '-' : seconds < 10 ? `${seconds.toPrecision(2)} s` : duration(seconds)

/** The speed of the machine, measured if necessary, which takes seconds; null when no engine can run. */
async function speedHere(context: Context, measure: boolean): Promise<MeasuredSpeed | null> {
  const known = measure ? null : await knownSpeed()
  if (known) return known
  try {
    return await keepMeasured(await runTool({ tool: 'speed', request: {} }, computeEnvironment(), context))
  } catch (error) {
    if (!isUserError(error)) throw error
    context.note(`Step times cannot be estimated: ${error.message}`)
    return null
  }
}

function storedToReversibleText(activationBytes: Preset['activationBytes']): string {
  const ratio = storedToReversible(activationBytes)
  return ratio === null ? '-' : `${ratioText(ratio)}x`
}

export async function presets(context: Context, { measure = false, ...options }: PresetsOptions): Promise<void> {
  const speed = await speedHere(context, measure)
  const found: Preset[] = await withWorkbench(context, options, ({ client }) => client.catalogue.presets.query())
  if (options.json) return context.print(asJson(found))
  const rows = found.map(
    ({ name, parameters, paperParameters, depth, config, activationBytes: { reversible, stored }, secondsPerStep }) => [
      name,
      String(parameters),
      paperParameters === null ? '-' : `${(paperParameters / 1e6).toFixed(2)}M`,
      String(depth),
      String(config.batch ?? 100),
      reversible === null ? '-' : bytes(reversible),
      bytes(stored),
      storedToReversibleText({ reversible, stored }),
      stepTime(secondsPerStep?.reversible),
      stepTime(secondsPerStep?.stored),
    ],
  )
  const head = ['NAME', 'PARAMETERS', '(PAPER)', 'DEPTH', 'BATCH', 'ACTIVATIONS', '(STORED)', 'RATIO', 'STEP', '(STORED)']
  table(head, rows).forEach(context.print)
  context.print('For 32x32x3 images and 10 classes (mlp: 2-D points, 2 classes).')
  context.print(
    `ACTIVATIONS: ${MEMORY.activations.label.toLowerCase()}, reversible and (stored), with the ratio stored : reversible. ${MEMORY.activations.help}`,
  )
  if (!speed) return
  const rate = `${(speed.operationsPerSecond / 1e9).toFixed(1)} GFLOPS and ${(speed.secondsPerForce * 1000).toFixed(2)} ms per force`
  const day = new Date(speed.measuredAt).toISOString().slice(0, 10)
  context.print(
    `STEP: estimated from ${rate}, measured on ${day} with the ${currentEngine().engine} engine. \`retrace bench step\` times real steps; --measure repeats the measurement.`,
  )
}
