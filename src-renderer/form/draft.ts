import { computed, reactive, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { ConfigIssue, NetworkSummary } from '../../src-main/contract/catalogue.js'
import type { RunConfig, RunOverrides } from '../../src-main/contract/config.js'
import type { CreateRun } from '../../src-main/contract/runs.js'
import type { Connection } from '../client/api.js'
import { messageOf } from '../client/errors.js'
import { checkField, type FieldKey } from './fields.js'

export interface Draft {
  preset: Ref<string | null>
  dataset: Ref<string | null>
  name: Ref<string>
  /** Path of a file of initial weights; empty for random ones. */
  weights: Ref<string>
  /** Length in steps or epochs; null takes the preset's. */
  length: Ref<number | null>
  lengthUnit: Ref<'steps' | 'epochs'>
  /** What differs from the preset. */
  overrides: Partial<Record<FieldKey, unknown>>
  set(key: FieldKey, value: unknown): void
  /** Back to the preset's value. */
  reset(key: FieldKey): void
  /** The value in force: the change, else what the preset and the data set give. */
  valueOf(key: FieldKey): unknown
  /** What is wrong with a key, from the schema at once, from the back end after a moment. */
  problemOf(key: FieldKey): string | null
  /** Issues that belong to no key of the form. */
  general: ComputedRef<string[]>
  /** Preset and data set without the changes. */
  base: ShallowRef<RunConfig | null>
  summary: ShallowRef<NetworkSummary | null>
  stepsPerEpoch: Ref<number | null>
  /** The preview does not answer to the present values yet. */
  checking: Ref<boolean>
  ready: ComputedRef<boolean>
  request(): CreateRun | null
}

const DEBOUNCE_MS = 250

/** The state of the form for a new run: what was changed, what the back end makes of it, and what is wrong. */
export function useDraft(client: Pick<Connection['client'], 'catalogue'>, isField: (key: string) => boolean): Draft {
  const preset = ref<string | null>(null)
  const dataset = ref<string | null>(null)
  const name = ref('')
  const weights = ref('')
  const length = ref<number | null>(null)
  const lengthUnit = ref<'steps' | 'epochs'>('steps')
  const overrides = reactive<Partial<Record<FieldKey, unknown>>>({})
  const base = shallowRef<RunConfig | null>(null)
  const resolved = shallowRef<RunConfig | null>(null)
  const summary = shallowRef<NetworkSummary | null>(null)
  const stepsPerEpoch = ref<number | null>(null)
  const issues = shallowRef<ConfigIssue[]>([])
  const checking = ref(false)

  const localProblems = computed(() => {
    const found = new Map<FieldKey, string>()
    for (const [key, value] of Object.entries(overrides) as [FieldKey, unknown][]) {
      const problem = checkField(key, value)
      if (problem) found.set(key, problem)
    }
    return found
  })

  const lengthProblem = computed(() => {
    if (length.value === null) return null
    return lengthUnit.value === 'steps' ? checkField('steps', length.value) : length.value > 0 ? null : 'Give a number of epochs above 0.'
  })

  function request(): CreateRun | null {
    if (!preset.value || !dataset.value) return null
    const trimmed = name.value.trim()
    const file = weights.value.trim()
    return {
      preset: preset.value,
      dataset: dataset.value,
      ...(trimmed ? { name: trimmed } : {}),
      ...(file ? { weights: file } : {}),
      overrides: {
        ...(JSON.parse(JSON.stringify(overrides)) as RunOverrides),
        ...(length.value !== null && lengthUnit.value === 'steps' ? { steps: length.value } : {}),
      },
      ...(length.value !== null && lengthUnit.value === 'epochs' ? { epochs: length.value } : {}),
    }
  }

  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function preview(): Promise<void> {
    const mine = ++asked
    const wanted = request()
    if (!wanted || localProblems.value.size > 0 || lengthProblem.value) {
      checking.value = false
      summary.value = null
      return
    }
    try {
      const answer = await client.catalogue.preview.query(wanted)
      if (mine !== asked) return
      resolved.value = answer.config
      summary.value = answer.summary
      issues.value = answer.issues
      stepsPerEpoch.value = answer.stepsPerEpoch
    } catch (error) {
      if (mine !== asked) return
      summary.value = null
      issues.value = [{ path: '', message: messageOf(error) }]
    }
    checking.value = false
  }

  let baseAsked = 0
  watch([preset, dataset], async () => {
    const mine = ++baseAsked
    base.value = null
    if (!preset.value || !dataset.value) return
    try {
      const answer = await client.catalogue.preview.query({ preset: preset.value, dataset: dataset.value })
      if (mine === baseAsked) base.value = answer.config
    } catch (error) {
      if (mine === baseAsked) issues.value = [{ path: '', message: messageOf(error) }]
    }
  })

  watch([preset, dataset, length, lengthUnit, overrides], () => {
    checking.value = true
    issues.value = []
    clearTimeout(timer)
    timer = setTimeout(() => void preview(), DEBOUNCE_MS)
  })

  const keyOf = ({ path }: ConfigIssue): string => path.split('.')[0] ?? ''

  return {
    preset,
    dataset,
    name,
    weights,
    length,
    lengthUnit,
    overrides,
    set: (key, value) => {
      overrides[key] = value
    },
    reset: (key) => {
      delete overrides[key]
    },
    valueOf: (key) => (key in overrides ? overrides[key] : (base.value ?? resolved.value)?.[key]),
    problemOf: (key) =>
      localProblems.value.get(key) ??
      (key === 'steps' ? lengthProblem.value : null) ??
      issues.value.find((issue) => keyOf(issue) === key)?.message ??
      null,
    general: computed(() => issues.value.filter((issue) => !isField(keyOf(issue))).map((issue) => issue.message)),
    base,
    summary,
    stepsPerEpoch,
    checking,
    ready: computed(
      () =>
        !!preset.value &&
        !!dataset.value &&
        !checking.value &&
        summary.value !== null &&
        issues.value.length === 0 &&
        localProblems.value.size === 0 &&
        !lengthProblem.value,
    ),
    request,
  }
}
