import type { Ref } from 'vue'
import { MOST_FORMULAS } from '../../../src-main/contract/comparisons.js'
import { useNotices } from '../../home/notices.js'
import { formulaOf } from './key.js'

/** Adds and removes formulas of a page; each change can be undone. */
export function useFormulas(formulas: Ref<readonly string[]>) {
  const notices = useNotices()
  return {
    add(text: string): void {
      const before = formulas.value
      if (before.includes(text)) return
      if (before.length >= MOST_FORMULAS)
        return notices.show('error', `A page draws at most ${MOST_FORMULAS} formulas. Remove one in the menu of its chart first.`)
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
