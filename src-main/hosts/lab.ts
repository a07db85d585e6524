import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { LabResultSchema, type LabRequest } from '../contract/lab.js'
import { FittedImageSchema, PredictionSchema, type GivenImage } from '../contract/predictions.js'
import type { Lab } from '../features/lab/laboratory.js'
import { runToolProcess } from './tool-process.js'
import { knownSpeed } from './speed.js'

/**
 * Diagnostics in processes of their own.
 * @param entry absolute path of the trainer program
 * @param environment variables of a process that uses one of several shares of the machine
 */
export function createLab(
  entry: string,
  environment: (share: { slot: number; slots: number }) => Promise<Record<string, string | undefined>> | Record<string, string | undefined>,
): Lab {
  return {
    // Imported here, because the diagnostics load tensors, which a host needs only for this list.
    async diagnostics() {
      const { allDiagnostics, describeDiagnostic } = await import('../lab/registry.js')
      return allDiagnostics().map(describeDiagnostic)
    },
    async run({ diagnostic, source, options, beside, onProgress, signal }) {
      const env = { ...process.env, ...(await environment({ slot: beside, slots: beside + 1 })) }
      const { result } = await runToolProcess(
        { tool: 'lab', request: { diagnostic, source, options, speed: await speedFigures() } },
        { entry, env, onProgress: ({ message, fraction = null }) => onProgress(fraction, message), signal },
      )
      return LabResultSchema.strip().parse(result)
    },
    async fitImage({ image, beside, signal, ...request }) {
      const env = { ...process.env, ...(await environment({ slot: beside, slots: beside + 1 })) }
      return withImage(image, async (path, name) => {
        const { result } = await runToolProcess(
          { tool: 'fit-image', request: { ...request, image: path, name } },
          { entry, env, onProgress: () => undefined, signal },
        )
        return FittedImageSchema.strip().parse(result)
      })
    },
    async predict({ image, beside, onProgress, signal, ...request }) {
      const env = { ...process.env, ...(await environment({ slot: beside, slots: beside + 1 })) }
      return withImage(image, async (path, name) => {
        const { result } = await runToolProcess(
          { tool: 'predict', request: { ...request, image: path, name } },
          { entry, env, onProgress: ({ message, fraction = null }) => onProgress(fraction, message), signal },
        )
        return PredictionSchema.strip().parse(result)
      })
    },
  }
}

/** An image that was sent is stored in a file while it is used. */
async function withImage<T>(image: GivenImage, use: (path: string, name: string) => Promise<T>): Promise<T> {
  if ('path' in image) return use(image.path, basename(image.path))
  const folder = await mkdtemp(join(tmpdir(), 'retrace-image-'))
  try {
    const path = join(folder, 'image')
    await writeFile(path, Buffer.from(image.bytes, 'base64'))
    return await use(path, 'The image')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The known speed of this machine, in the format of a request. */
async function speedFigures(): Promise<LabRequest['speed']> {
  const known = await knownSpeed()
  return known && { operationsPerSecond: known.operationsPerSecond, secondsPerForce: known.secondsPerForce }
}
