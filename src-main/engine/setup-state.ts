import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { findOnPath, TENSORFLOW_VERSION, wantedVariant } from './location.js'

const FailureSchema = z.object({
  kind: z.enum(['platform', 'python', 'compiler', 'headers', 'network', 'interrupted', 'disk', 'damaged', 'build']),
  /** The reason, in one sentence. */
  reason: z.string(),
  /** What to install or do, in one sentence. */
  remedy: z.string(),
  /** The state of possible causes of the failure; if it changes, another attempt is worthwhile. */
  fingerprint: z.string(),
  at: z.number(),
})
export type RecordedFailure = z.infer<typeof FailureSchema>

const StateSchema = z.object({ native: FailureSchema.optional(), electron: FailureSchema.optional() })
export type SetupState = z.infer<typeof StateSchema>

export const stateFile = (cache: string): string => join(cache, 'setup.json')

/** Failures of earlier set-ups. An unreadable file is treated as empty: the next set-up tries again and rewrites it. */
export function readSetupState(cache: string): SetupState {
  const file = stateFile(cache)
  if (!existsSync(file)) return {}
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
  return StateSchema.safeParse(raw).data ?? {}
}

/** Everything on this machine that determines whether set-up can succeed, collected without starting a process or using the network. */
export function causesFingerprint(env: NodeJS.ProcessEnv = process.env): string {
  const commands = ['python3', 'python', 'pip3', 'pip', 'make', env.CXX ?? 'c++', 'g++', 'clang++']
  const online = Object.values(networkInterfaces())
    .flat()
    .some((address) => address !== undefined && !address.internal)
  const causes = [TENSORFLOW_VERSION, wantedVariant(env), process.version, online, ...commands.map((name) => findOnPath(name, env))]
  return createHash('sha256').update(JSON.stringify(causes)).digest('hex').slice(0, 16)
}
