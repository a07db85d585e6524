import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../durable/replace-file.js'
import { cacheFolder } from '../engine/location.js'
import { currentEngine } from './engine.js'
import { VERSION } from './version.js'

export const SpeedFiguresSchema = z.strictObject({
  operationsPerSecond: z.number().positive(),
  secondsPerForce: z.number().min(0),
})
const SpeedSchema = SpeedFiguresSchema.extend({
  /** Milliseconds since 1970. */
  measuredAt: z.number(),
})
export type MeasuredSpeed = z.infer<typeof SpeedSchema>

/** One file for each engine, device and number of threads, because each has its own speed. */
function fileOfSpeed(): string {
  const { engine, device, deviceName, threads, oneDNN, versions } = currentEngine()
  const identity = JSON.stringify({ engine, device, deviceName, threads, oneDNN, versions, VERSION })
  return join(cacheFolder(), 'speed', `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.json`)
}

/** The last measurement of this machine with the engine that runs would use; null if there is none. */
export async function knownSpeed(): Promise<MeasuredSpeed | null> {
  try {
    return SpeedSchema.parse(JSON.parse(await readFile(fileOfSpeed(), 'utf8')))
  } catch {
    // Missing, of an older version or damaged: it is measured again on request.
    return null
  }
}

/** Stores a measurement in the machine's cache folder. */
export async function keepSpeed(speed: Omit<MeasuredSpeed, 'measuredAt'>): Promise<MeasuredSpeed> {
  const measured: MeasuredSpeed = { ...speed, measuredAt: Date.now() }
  const file = fileOfSpeed()
  await mkdir(join(file, '..'), { recursive: true })
  await replaceFile(file, (temporary) => writeFile(temporary, `${JSON.stringify(measured)}\n`))
  return measured
}
