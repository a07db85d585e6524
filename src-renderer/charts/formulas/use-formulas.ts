import type { Ref } from 'vue'
import { useNotices } from '../../home/notices.js'
import { formulaOf } from './key.js'

/** Adds and removes formulas of a page; each change can be undone. */
export function useFormulas(formulas: Ref<readonly string[]>) {
  const notices = useNotices()
  return {
    add(text: string): void {
      const before = formulas.value
      if (before.includes(text)) return
      formulas.value = [...before, text]
      notices.changedInSight(`Added the formula ${text}.`, () => (formulas.value = before))
    },
    /** @param chart key of a formula */
    remove(chart: string): void {
      const before = formulas.value
      const text = formulaOf(chart)
      formulas.value = before.filter((each) => each !== text)
      notices.changed(`Removed the formula ${text}.`, () => (formulas.value = before))
    },
  }
}
