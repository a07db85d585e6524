import type { ChartLook } from './chart-settings.js'

/** A name with the separator characters encoded. */
export const encode = (name: string): string => encodeURIComponent(name).replaceAll('~', '%7E')

export function decode(name: string): string | undefined {
  try {
    return decodeURIComponent(name)
  } catch {
    // An invalid name hides nothing: a link must never break the page.
    return undefined
  }
}

/** The words for the y axis of a chart whose look is not the default. */
const Y_WORDS = {
  log: { logarithmic: true },
  linear: { logarithmic: false },
  typical: { outlierProof: true },
  all: { outlierProof: false },
} as const

/** The settings of y axes, as `chart~log` or `chart~typical`, separated by commas. */
export const looksText = (charts: Readonly<Record<string, ChartLook>>): string =>
  Object.entries(charts)
    .flatMap(([chart, look]) =>
      Object.entries(Y_WORDS).flatMap(([word, wanted]) =>
        Object.entries(wanted).every(([key, value]) => look[key as keyof ChartLook] === value) ? [`${encode(chart)}~${word}`] : [],
      ),
    )
    .sort()
    .join(',')

export function parseLooks(written: string): Map<string, ChartLook> {
  const looks = new Map<string, ChartLook>()
  for (const pair of written.split(',')) {
    const [chart, word] = pair.split('~').map(decode)
    if (chart && word && Object.hasOwn(Y_WORDS, word)) looks.set(chart, { ...looks.get(chart), ...Y_WORDS[word as keyof typeof Y_WORDS] })
  }
  return looks
}
