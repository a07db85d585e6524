import type { z } from 'zod'

/** A reason why a form cannot be submitted. */
export interface Obstacle {
  /** `data-field` of the element that holds its inputs. */
  field: string
  label: string
  /** The error, as a sentence that follows the label. */
  message: string
}

const INPUTS = 'input:not([type=hidden]):not([disabled]), textarea, select, button:not([disabled])'

/** Scrolls to the field and focuses its first input. */
export function jumpTo({ field }: Obstacle): void {
  const element = document.querySelector<HTMLElement>(`[data-field="${CSS.escape(field)}"]`)
  element?.scrollIntoView({ block: 'center' })
  element?.querySelector<HTMLElement>(INPUTS)?.focus({ preventScroll: true })
}

/** The schema's error for a value, as a sentence; null if there is none. */
export function problemOf(schema: z.ZodType, value: unknown): string | null {
  const result = schema.safeParse(value)
  return result.success ? null : (result.error.issues[0]?.message ?? 'Invalid value.')
}
