import { withXla } from '../../../engine/environment.js'
import { findPreset } from '../../../numeric/presets.js'
import { computeEnvironment } from '../../engine.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { asJson } from '../format.js'
import { parseSetting, toOverrides } from '../settings.js'
import { runTool } from '../tool.js'

export interface BenchStepOptions extends CommonOptions {
  preset: string
  batch?: number
  size?: number
  units?: number
  mode?: 'reversible' | 'stored'
  engine?: string
  steps?: number
  execution?: 'compiled' | 'eager'
  plain?: boolean
  kept?: number
  xla?: boolean
  set?: string[]
}

export async function benchStep(context: Context, options: BenchStepOptions): Promise<void> {
  const { preset, batch = null, size = null, units = null, mode = null, steps = null, engine, json } = options
  const { execution = null, plain = false, kept = null, xla = false } = options
  const set = await toOverrides((options.set ?? []).map(parseSetting), async () => ({ ...findPreset(preset).config }))
  const request = { preset, batch, size, units, mode, steps, execution, fused: !plain, kept, set }
  const { ok, text, result } = await runTool(
    { tool: 'bench-step', request },
    xla ? withXla(computeEnvironment(engine)) : computeEnvironment(engine),
    context,
  )
  if (json) context.print(asJson(result))
  else text.forEach(context.print)
  if (!ok) throw new ExitStatus(1)
}
