/** Formats numbers for display. One locale everywhere, so that a screenshot and a log agree. */
const LOCALE = 'en-US'
const NONE = '–'
const THIN = ' '

const absent = (value: number | null | undefined): value is null | undefined => value === null || value === undefined

/** A count: 428,538. */
export function formatCount(value: number | null | undefined): string {
  return absent(value) ? NONE : value.toLocaleString(LOCALE, { maximumFractionDigits: 0 })
}

/**
 * Formats a measured value with a fixed number of significant digits, including zeros, so that columns align; NaN and infinities by name.
 */
export function formatValue(value: number | null | undefined, digits = 4): string {
  if (absent(value)) return NONE
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-3 || size >= 1e7)
    return value
      .toExponential(digits - 1)
      .replace('e+', 'e')
      .replaceAll('-', '−')
  return value
    .toLocaleString(LOCALE, {
      minimumSignificantDigits: digits,
      maximumSignificantDigits: Math.max(digits, Math.ceil(Math.log10(size))),
    })
    .replace('-', '−')
}

/** A fraction as a percentage with two decimals, the precision usual for accuracies. */
export function formatPercent(fraction: number | null | undefined): string {
  if (absent(fraction)) return NONE
  return Number.isFinite(fraction) ? `${(fraction * 100).toFixed(2)}%` : formatValue(fraction)
}

/** Seconds as 42 s, 3:07 min, 1:02:03 h or 2 d 3 h. */
export function formatDuration(seconds: number | null | undefined): string {
  if (absent(seconds) || !Number.isFinite(seconds)) return NONE
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  if (whole < 60) return `${whole}${THIN}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}${THIN}min`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)}${THIN}h`
  return `${Math.floor(whole / 86_400)}${THIN}d ${Math.floor((whole % 86_400) / 3600)}${THIN}h`
}

/** Bytes in binary units with three significant digits. */
export function formatBytes(bytes: number | null | undefined): string {
  if (absent(bytes)) return NONE
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  const digits = unit === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2
  return `${size.toFixed(digits)}${THIN}${units[unit]}`
}

const dateTime = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })
const time = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' })

/** Local date and time, 2026-11-23 14:05:09. */
export const formatDateTime = (at: number | null | undefined): string => (absent(at) ? NONE : dateTime.format(at))

/** Local time of day, 14:05:09. */
export const formatTime = (at: number): string => time.format(at)

/** The value of a metric in its unit; accuracies are shown as percentages. */
export function formatMetric(value: number | null | undefined, unit: string): string {
  if (unit === 'fraction') return formatPercent(value)
  const text = formatValue(value, unit === 'images/s' || unit === 'MiB' ? 3 : 4)
  return absent(value) || unit === '' || unit === 'nats' || unit === 'relative' ? text : `${text}${THIN}${unit}`
}
