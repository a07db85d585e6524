import type { ImageShape, Stage } from '../../src-main/contract/config.js'
import type { ScheduleInput } from '../../src-main/contract/schedule.js'

const isStages = (value: unknown): value is Stage[] =>
  Array.isArray(value) && value.every((item) => item && 'channels' in item && 'units' in item)
const isImage = (value: object): value is ImageShape => 'height' in value && 'width' in value
const isSchedule = (value: object): value is ScheduleInput => 'kind' in value && 'warmup' in value

const percent = (part: number): string => `${Number((100 * part).toFixed(2))} %`

/** A formatted value of a configuration. */
export function showConfigValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return String(value)
  if (isStages(value)) return value.map(({ channels, units }) => `${units} × ${channels}`).join(', ') + ' (units × channels)'
  if (typeof value !== 'object' || value === null) return String(value)
  if (isImage(value)) return `${value.height} × ${value.width} × ${value.channels}`
  if (isSchedule(value)) {
    const inParts = value.unit === 'fraction'
    const warmup = value.warmup ? `, warm-up ${inParts ? `${percent(value.warmup)} of the run` : `${value.warmup} steps`}` : ''
    if (value.kind !== 'piecewise') return value.kind + warmup
    const drops = inParts ? `${value.drops.map(percent).join(', ')} of the run` : `steps ${value.drops.join(', ')}`
    return `× ${value.factor} at ${drops}${warmup}`
  }
  return Object.entries(value)
    .map(([key, part]) => `${key} ${showConfigValue(part)}`)
    .join(', ')
}
