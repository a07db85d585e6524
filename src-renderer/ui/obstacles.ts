import type { z } from 'zod'

/** Something that keeps a form from being submitted. */
export interface Obstacle {
  /** `data-field` of the element that holds its inputs. */
  field: string
  label: string
  /** What is wrong, in a sentence that follows the label. */
  message: string
}

const INPUTS = 'input:not([type=hidden]):not([disabled]), textarea, select, button:not([disabled])'

/** Scrolls to the field and focuses its first input. */
export function jumpTo({ field }: Obstacle): void {
  const element = document.querySelector<HTMLElement>(`[data-field="${CSS.escape(field)}"]`)
  element?.scrollIntoView({ block: 'center' })
  element?.querySelector<HTMLElement>(INPUTS)?.focus({ preventScroll: true })
}

/** What a schema says is wrong with a value, in a sentence; null when nothing is. */
export function problemOf(schema: z.ZodType, value: unknown): string | null {
  const result = schema.safeParse(value)
  return result.success ? null : (result.error.issues[0]?.message ?? 'Invalid value.')
}
