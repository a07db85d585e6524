import { resolve } from 'node:path'
import { setUp, streamProgress } from '../../../setup/main.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { asJson } from '../format.js'

export interface SetupCommandOptions extends CommonOptions {
  offline?: string
}

/** Sets up the native engine, retrying what failed before. Ctrl+C cancels it cleanly. */
export async function setup(context: Context, { offline, json }: SetupCommandOptions): Promise<void> {
  const { failures } = await setUp(streamProgress(process.stderr), {
    force: true,
    skip: ['electron'],
    offline: offline === undefined ? undefined : resolve(offline),
  })
  const { native } = failures
  if (json) context.print(asJson({ installed: native === undefined, reason: native?.reason ?? null, remedy: native?.remedy ?? null }))
  else
    context.print(
      native === undefined ? 'The native engine is installed.' : `The portable engine is used. ${native.reason} ${native.remedy}`,
    )
  if (native !== undefined) throw new ExitStatus(1)
}
