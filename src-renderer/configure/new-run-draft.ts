import { computed, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { ConfigIssue } from '../../src-main/contract/catalogue.js'
import type { RunOverrides } from '../../src-main/contract/config.js'
import type { CreateRun } from '../../src-main/contract/runs.js'
import type { Connection } from '../home/api.js'
import { useDraft, type Changes, type Draft } from './draft.js'

export interface NewRunDraft extends Draft {
  preset: Ref<string | null>
  dataset: Ref<string | null>
  name: Ref<string>
  /** Path of a file of initial weights; empty for random ones. */
  weights: Ref<string>
  /** Names of the presets whose networks fit the samples of the data set; null while unknown. */
  fitting: ShallowRef<ReadonlySet<string> | null>
  request(): CreateRun | null
  /**
   * Makes the form show a configuration; missing keys are taken from its preset, and a missing preset or data set is the one currently
   * chosen. Returns its errors, if any, in which case the form is unchanged.
   */
  load(config: RunOverrides): Promise<ConfigIssue[]>
}

/** The draft of a new run: a preset on a data set, with changes. */
export function useNewRunDraft(client: Pick<Connection['client'], 'catalogue'>): NewRunDraft {
  const preset = ref<string | null>(null)
  const dataset = ref<string | null>(null)
  const name = ref('')
  const weights = ref('')

  const of = (chosen: { preset: string; dataset: string }) => (changes: Changes) =>
    client.catalogue.preview.query({ ...chosen, ...changes })
  const ask = computed(() => (preset.value && dataset.value ? of({ preset: preset.value, dataset: dataset.value }) : null))
  const draft = useDraft({ ask, title: 'the preset' })

  const fitting = shallowRef<ReadonlySet<string> | null>(null)
  watch(dataset, async (name) => {
    fitting.value = null
    if (!name) return
    // If the data set is missing, the preview reports it.
    const names = await client.catalogue.fitting.query({ dataset: name }).catch(() => null)
    if (dataset.value === name && names) fitting.value = new Set(names)
  })

  return {
    ...draft,
    preset,
    dataset,
    name,
    weights,
    fitting,
    request() {
      if (!preset.value || !dataset.value) return null
      const trimmed = name.value.trim()
      const file = weights.value.trim()
      return {
        preset: preset.value,
        dataset: dataset.value,
        ...(trimmed ? { name: trimmed } : {}),
        ...(file ? { weights: file } : {}),
        ...draft.changes(),
      }
    },
    async load({ preset: itsPreset, dataset: itsDataset, ...overrides }) {
      const chosen = { preset: itsPreset ?? preset.value, dataset: itsDataset ?? dataset.value }
      if (!chosen.preset) return [{ path: 'preset', message: 'is missing. Select one first.' }]
      if (!chosen.dataset) return [{ path: 'dataset', message: 'is missing. Select one first.' }]
      const both = { preset: chosen.preset, dataset: chosen.dataset }
      const [whole, plain] = await Promise.all([of(both)({ overrides }), of(both)({ overrides: {} })])
      if (whole.issues.length > 0 || !whole.config || !plain.config) return whole.issues
      preset.value = both.preset
      dataset.value = both.dataset
      draft.take(whole.config, plain.config)
      return []
    },
  }
}
