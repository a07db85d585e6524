import { compileFunction } from 'node:vm'
import * as tf from '@tensorflow/tfjs-core'
import { transform } from 'sucrase'
import * as zod from 'zod'
import { describeOptions } from '../../contract/architecture-options.js'
import { isUserError, UserError } from '../../contract/errors.js'
import type { OwnSource } from '../../contract/own-dynamics.js'
import type { Dynamics } from '../../numeric/dynamics.js'
import * as exposed from '../../numeric/exposed.js'
import { isBuiltIn, isDynamics } from '../../numeric/registry.js'

/**
 * The modules that a dynamics file may import, by name. A dynamics is arithmetic, so files, network and other packages are not available.
 */
const MODULES: Readonly<Record<string, unknown>> = { retrace: exposed, '@tensorflow/tfjs-core': tf, zod }

/** The id of a dynamics in configurations, files and on the command line. */
const ID = /^[a-z][a-z0-9-]{0,39}$/

const TEXTS = ['label', 'summary', 'source'] as const
const FUNCTIONS = ['parameters', 'open', 'close', 'substeps', 'force'] as const
const MAYBE = ['shortcut', 'forceAndVjp', 'solvePrevious'] as const
/** Fields with a fixed set of values. */
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  channelMultiple: [1, 2],
  widening: ['between', 'unit'],
  norms: ['none', 'optional', 'always'],
  dense: [true, false],
  reversible: [true, false],
  twoStep: [true, false],
  mapsPerKernel: [1, 2],
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * The dynamics exported by a user's file. The text is compiled here, which needs no compiler on the machine and works on every version of
 * Node: types are stripped, not checked. It runs with all permissions of the user.
 * @throws UserError BAD_INPUT that names the file and the error in it
 */
export function loadOwnDynamics({ file, hash, text }: OwnSource): Dynamics {
  const refuse = (why: string): UserError => new UserError('BAD_INPUT', `The dynamics file ${file} was refused: ${why}`)
  const exported: Record<string, unknown> = {}
  try {
    const { code } = transform(text, {
      transforms: /\.m?ts$/.test(file) ? ['typescript', 'imports'] : ['imports'],
      filePath: file,
      disableESTransforms: true,
      preserveDynamicImport: true,
    })
    const run = compileFunction(code, ['exports', 'require'], { filename: `dynamics/${file}` })
    run(exported, (name: string) => {
      const found = MODULES[name]
      if (found === undefined) throw new Error(`it imports '${name}'; it can import from ${Object.keys(MODULES).join(', ')} alone`)
      return found
    })
  } catch (error) {
    throw refuse(`it cannot be read. ${messageOf(error)}.`)
  }
  const found = [...new Set(Object.values(exported))].filter(isDynamics)
  const [dynamics] = found
  if (!dynamics || found.length > 1)
    throw refuse(
      `it exports ${found.length} dynamics. Export one object with id, substeps and force, as docs/adding-a-dynamics.md describes.`,
    )
  const wrong = wrongField(dynamics)
  if (wrong !== null) throw refuse(`${wrong}.`)
  if (isBuiltIn(dynamics.id)) throw refuse(`its id '${dynamics.id}' is that of a built-in architecture. Choose another id.`)
  try {
    describeOptions(dynamics.options ?? {})
  } catch (error) {
    throw refuse(`${messageOf(error)}.`)
  }
  return guard(dynamics, { file, hash })
}

/** The first invalid field, as a clause. */
function wrongField(dynamics: Dynamics): string | null {
  const fields = dynamics as unknown as Record<string, unknown>
  if (typeof dynamics.id !== 'string' || !ID.test(dynamics.id))
    return 'its id must be small letters, digits and hyphens, at most 40, and begin with a letter'
  for (const key of TEXTS) if (typeof fields[key] !== 'string' || fields[key] === '') return `its ${key} must be a text`
  for (const key of FUNCTIONS) if (typeof fields[key] !== 'function') return `its ${key} must be a function`
  for (const key of MAYBE) if (!['function', 'undefined'].includes(typeof fields[key])) return `its ${key} must be a function, or absent`
  for (const [key, allowed] of Object.entries(CHOICES))
    if (!allowed.includes(fields[key])) return `its ${key} must be ${allowed.map((each) => JSON.stringify(each)).join(' or ')}`
  if (!Number.isInteger(fields['layersPerUnit'])) return 'its layersPerUnit must be a whole number'
  if (!Array.isArray(fields['smoothKernels'])) return 'its smoothKernels must be an array of names of kernels'
  return null
}

/** Adds the name of the file to errors thrown by its functions, because only its author can fix them. */
function guard(dynamics: Dynamics, own: NonNullable<Dynamics['own']>): Dynamics {
  const guarded = Object.entries(dynamics).map(([key, value]: [string, unknown]) => {
    if (typeof value !== 'function') return [key, value]
    const call = (...args: unknown[]): unknown => {
      try {
        return value.apply(dynamics, args)
      } catch (error) {
        if (isUserError(error)) throw error
        throw new UserError('BAD_INPUT', `The dynamics file ${own.file} failed in ${key}(): ${messageOf(error)}.`, { cause: error })
      }
    }
    return [key, call]
  })
  return { ...(Object.fromEntries(guarded) as unknown as Dynamics), own }
}
