import { existsSync } from 'node:fs'
import { UserError } from '../../../contract/errors.js'
import { computeEnvironment } from '../../engine.js'
import { userPath } from '../../home.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { asJson } from '../format.js'
import { runTool } from '../tool.js'

export interface ParityOptions extends CommonOptions {
  mode?: 'reversible' | 'stored'
  engine?: string
}

export async function parity(context: Context, path: string, { mode, engine, json }: ParityOptions): Promise<void> {
  const file = userPath(path)
  if (!existsSync(file)) throw new UserError('NOT_FOUND', `${file} does not exist. Give the path of a reference case (.safetensors).`)
  const { ok, text, result } = await runTool({ tool: 'parity', request: { file, mode: mode ?? null } }, computeEnvironment(engine), context)
  if (json) context.print(asJson(result))
  else text.forEach(context.print)
  if (!ok) throw new ExitStatus(1)
}
