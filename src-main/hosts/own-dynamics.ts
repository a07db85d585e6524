import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isUserError } from '../contract/errors.js'
import { OwnSourceSchema, type OwnDynamicsFile, type OwnFile, type OwnSource } from '../contract/own-dynamics.js'
import { replaceTextSync } from '../durable/replace-file.js'
import type { OwnDynamics } from '../features/runs/own-dynamics.js'
import { NUMERICS_REVISION } from '../numeric/revision.js'
import type { Dynamics } from '../numeric/dynamics.js'
import { hashOf, OWN_DYNAMICS, readKept } from '../training/own-dynamics/kept.js'
import { runToolProcess } from './tool-process.js'
import { VERSION } from './version.js'
import type { Awaitable } from '../features/shared/clock.js'

/** Maximum file size in bytes: a dynamics is a page of text. */
const MOST = 2 ** 20
/** Time limit for the check of one file, in milliseconds; it takes about a second. */
const PATIENCE = 60_000
/** The program version that has checked a text: another version may require more. */
const CHECKER = `${VERSION}, numerics ${NUMERICS_REVISION}`

/** A text stored under its hash, and the result of its check. */
const KeptSchema = OwnSourceSchema.extend({ checked: z.strictObject({ by: z.string(), arch: z.string() }).nullable() })

/**
 * @returns the id of the architecture. @throws UserError BAD_INPUT that names the file and the failed check, or another error when it could
 *   not be checked
 */
export type DynamicsCheck = (kept: string) => Promise<string>

/**
 * Checks a dynamics file in a process of its own, so that a file that never ends or crashes the engine does not harm the workbench.
 * @param entry absolute path of the trainer program
 * @param environment the engine's variables
 */
export const createDynamicsCheck =
  (entry: string, environment: () => Awaitable<Record<string, string | undefined>>): DynamicsCheck =>
  async (kept) => {
    const env = { ...process.env, ...(await environment()) }
    const signal = AbortSignal.timeout(PATIENCE)
    const request = { tool: 'check-dynamics', request: { kept } } as const
    const { result } = await runToolProcess(request, { entry, env, onProgress: () => undefined, signal })
    return z.string().parse(result['arch'])
  }

interface Known extends OwnDynamicsFile {
  /** Path of the stored text; null if it could not be read. */
  kept: string | null
}

export interface HostedDynamics extends OwnDynamics {
  /** Environment variables that tell the processes of this host what is registered. */
  variables(): Record<string, string | undefined>
}

/**
 * The dynamics files of a home: `dynamics/NAME.ts` or `.js`. Each version of a file's text is checked once, and registered in this process;
 * its text is stored under its hash, so that every process uses exactly the text that was checked, whatever happens to the file meanwhile.
 * @param changed called when the registered dynamics have changed
 */
export function openOwnDynamics(home: string, check: DynamicsCheck, changed: () => void = () => undefined): HostedDynamics {
  const folder = join(home, 'dynamics')
  const keptFolder = join(folder, '.checked')
  let known: readonly Known[] = []
  let going: Promise<void> | null = null

  const names = (): string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /^[^.].*\.m?[jt]s$/.test(name) && !/\.d\.m?ts$/.test(name))
          .sort()
      : []

  async function judge(file: string): Promise<Known> {
    const path = join(folder, file)
    const refused = (problem: string, hash = hashOf('')): Known => ({ file, hash, arch: null, problem, kept: null })
    let text: string
    try {
      if (statSync(path).size > MOST) return refused(`The dynamics file ${file} was refused: it is larger than 1 MiB. Split it.`)
      text = readFileSync(path, 'utf8')
    } catch (error) {
      return refused(`The dynamics file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}). Check its permissions.`)
    }
    const source: OwnSource = { file, hash: hashOf(text), text }
    const before = known.find((each) => each.file === file && each.hash === source.hash)
    if (before) return before
    const kept = join(keptFolder, `${source.hash}.json`)
    const knownArch = archOf(kept, file)
    if (knownArch !== null) return { file, hash: source.hash, arch: knownArch, problem: null, kept }
    try {
      mkdirSync(keptFolder, { recursive: true, mode: 0o700 })
      replaceTextSync(kept, JSON.stringify({ ...source, checked: null }), { mode: 0o600 })
      const arch = await check(kept)
      replaceTextSync(kept, JSON.stringify({ ...source, checked: { by: CHECKER, arch } }), { mode: 0o600 })
      return { file, hash: source.hash, arch, problem: null, kept }
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      if (isUserError(error) && error.code === 'BAD_INPUT') return refused(said, source.hash)
      const late = error instanceof DOMException && error.name === 'TimeoutError'
      return refused(
        late
          ? `The dynamics file ${file} was refused: its check took longer than ${PATIENCE / 1000} s. Look for a loop that does not end.`
          : `The dynamics file ${file} could not be checked. ${said} Look again when that is mended.`,
        source.hash,
      )
    }
  }

  /** The architecture of a text that this program has checked before; null if it has not. */
  function archOf(kept: string, file: string): string | null {
    if (!existsSync(kept)) return null
    const read = KeptSchema.safeParse(parse(readFileSync(kept, 'utf8')))
    return read.success && read.data.file === file && read.data.checked?.by === CHECKER ? read.data.checked.arch : null
  }

  async function look(): Promise<void> {
    const found: Known[] = []
    for (const file of names()) {
      const next = await judge(file)
      const other = next.arch === null ? undefined : found.find(({ arch }) => arch === next.arch)
      const problem = other && `The dynamics file ${file} was refused: ${other.file} has the same id '${next.arch}'. Choose another id.`
      found.push(problem ? { ...next, arch: null, problem } : next)
    }
    const before = state(known)
    known = found
    if (state(found) === before) return
    // Imported only if there is something to register, because it loads tensors.
    const { setOwnDynamics } = await import('../numeric/registry.js')
    setOwnDynamics(await loaded())
    changed()
  }

  /** The dynamics of all texts that passed the check; one that this process nevertheless cannot load is rejected. */
  async function loaded(): Promise<Dynamics[]> {
    const { loadOwnDynamics } = await import('../training/own-dynamics/load.js')
    const all: Dynamics[] = []
    known = known.map((each) => {
      if (each.kept === null || each.arch === null) return each
      try {
        all.push(loadOwnDynamics(readKept(each.kept)))
        return each
      } catch (error) {
        if (!isUserError(error)) throw error
        return { ...each, arch: null, problem: error.message }
      }
    })
    return all
  }

  const sound = (): Known[] => known.filter(({ arch }) => arch !== null)
  const refresh = (): Promise<void> => (going ??= look().finally(() => (going = null)))

  return {
    refresh,
    of(arch) {
      const found = known.find((each) => each.arch === arch)
      return found ? { file: found.file, hash: found.hash } : null
    },
    missing(arch) {
      const problems = known.flatMap(({ problem }) => problem ?? [])
      return problems.length === 0 ? null : `there is no architecture ${arch}. ${problems.join(' ')}`
    },
    hashNow(file) {
      // Checked against the folder, because names come from records of runs, which may be imported.
      const path = names().includes(file) ? join(folder, file) : null
      return path === null ? null : hashOf(readFileSync(path, 'utf8'))
    },
    async list({ again }) {
      if (again) known = sound()
      await refresh()
      return { folder, files: known.map(({ file, hash, arch, problem }) => ({ file, hash, arch, problem })) }
    },
    variables: () => ({ ...(sound().length > 0 && { [OWN_DYNAMICS]: JSON.stringify(sound().map(({ kept }) => kept)) }) }),
  }
}

/** The registered dynamics as one text, for comparison. */
const state = (known: readonly Known[]): string =>
  known.flatMap(({ arch, hash }: Pick<OwnDynamicsFile, 'arch'> & OwnFile) => (arch === null ? [] : `${arch} ${hash}`)).join()

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A damaged file is treated as missing: its text is checked again.
    return null
  }
}
