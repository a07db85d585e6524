import type { ImageShape, Schedule, Stage } from '../../src-main/contract/config.js'

const isStages = (value: unknown): value is Stage[] =>
  Array.isArray(value) && value.every((item) => item && 'channels' in item && 'units' in item)
const isImage = (value: object): value is ImageShape => 'height' in value && 'width' in value
const isSchedule = (value: object): value is Schedule => 'kind' in value && 'warmup' in value

/** A value of a configuration as a person would write it. */
export function showConfigValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return String(value)
  if (isStages(value)) return value.map(({ channels, units }) => `${units} × ${channels}`).join(', ') + ' (units × channels)'
  if (typeof value !== 'object' || value === null) return String(value)
  if (isImage(value)) return `${value.height} × ${value.width} × ${value.channels}`
  if (isSchedule(value)) {
    const warmup = value.warmup > 0 ? `, warm-up ${value.warmup} steps` : ''
    return value.kind === 'piecewise' ? `× ${value.factor} at steps ${value.drops.join(', ')}${warmup}` : value.kind + warmup
  }
  return Object.entries(value)
    .map(([key, part]) => `${key} ${showConfigValue(part)}`)
    .join(', ')
}
