import type { CommonOptions, Context } from '../context.js'
import { lab } from './lab.js'

export interface SpikeOptions extends CommonOptions {
  step?: number
  csv?: string
  reset?: string
  junction?: string
  coding?: string
  images?: number
  steps?: number
  calibrate?: number
}

/** Maps the options of the command to those of the diagnostic. */
const KEYS = {
  reset: 'reset',
  junction: 'junction',
  coding: 'coding',
  images: 'heldOutImages',
  steps: 'timeSteps',
  calibrate: 'calibrationImages',
} as const satisfies Partial<Record<keyof SpikeOptions, string>>

/** Converts the network of a run to spiking neurons and simulates it: the diagnostic `spiking` of the lab. */
export async function spike(
  context: Context,
  run: string,
  { reset, junction, coding, images, steps, calibrate, ...common }: SpikeOptions,
): Promise<void> {
  const given = Object.entries({ reset, junction, coding, images, steps, calibrate }).filter(([, value]) => value !== undefined)
  const option = given.map(([name, value]) => `${KEYS[name as keyof typeof KEYS]}=${value}`)
  return lab(context, 'spiking', { ...common, run, option })
}
