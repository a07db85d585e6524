import { computed, reactive, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { ActivationDial, ConfigIssue, NetworkSummary, Preview } from '../../src-main/contract/catalogue.js'
import type { RunConfig, RunOverrides } from '../../src-main/contract/config.js'
import { messageOf } from '../client/errors.js'
import { checkField, formFields, type FieldKey } from './fields.js'

/** What differs from where a draft began. */
export interface Changes {
  overrides: RunOverrides
  epochs?: number
}

export interface DraftOrigin {
  /** What the back end makes of changes to the origin; null while nothing is chosen. */
  ask: ComputedRef<((changes: Changes) => Promise<Preview>) | null>
  /** Whose values stand where nothing is changed: "the preset". */
  title: string
}

/** The state of a form of a configuration: what was changed, what the back end makes of it, and what is wrong. */
export interface Draft {
  origin: string
  /** Length in steps or epochs; null takes the origin's. */
  length: Ref<number | null>
  lengthUnit: Ref<'steps' | 'epochs'>
  overrides: Partial<Record<FieldKey, unknown>>
  set(key: FieldKey, value: unknown): void
  /** Back to the origin's value. */
  reset(key: FieldKey): void
  /** The value in force: the change, else the origin's. */
  valueOf(key: FieldKey): unknown
  /** What is wrong with a key, from the schema at once, from the back end after a moment. */
  problemOf(key: FieldKey): string | null
  /** Issues that belong to no key of the form. */
  general: ComputedRef<string[]>
  changes(): Changes
  /** Makes the form show a whole configuration, given what it would be without changes. */
  take(config: RunConfig, base: RunConfig): void
  /** The origin without changes. */
  base: ShallowRef<RunConfig | null>
  /** With the changes; null while they are wrong. */
  config: ShallowRef<RunConfig | null>
  summary: ShallowRef<NetworkSummary | null>
  dial: ShallowRef<ActivationDial | null>
  stepsPerEpoch: Ref<number | null>
  totalSteps: ComputedRef<number | null>
  totalEpochs: ComputedRef<number | null>
  /** Asks the back end again, which may know more now. */
  refresh(): Promise<void>
  /** The preview does not answer to the present values yet. */
  checking: Ref<boolean>
  ready: ComputedRef<boolean>
}

const DEBOUNCE_MS = 250

/** Keys that follow from what a draft begins with. */
const GIVEN: ReadonlySet<string> = new Set(['preset', 'dataset', 'image', 'classes'])

const FIELDS: ReadonlySet<string> = new Set([...formFields().map(({ key }) => key), 'steps', 'seed'])
const keyOf = ({ path }: ConfigIssue): string => path.split('.')[0] ?? ''

/** To be called in a component's setup: it watches until that is left. */
export function useDraft({ ask, title }: DraftOrigin): Draft {
  const length = ref<number | null>(null)
  const lengthUnit = ref<'steps' | 'epochs'>('steps')
  const overrides = reactive<Partial<Record<FieldKey, unknown>>>({})
  const base = shallowRef<RunConfig | null>(null)
  const config = shallowRef<RunConfig | null>(null)
  const summary = shallowRef<NetworkSummary | null>(null)
  const dial = shallowRef<ActivationDial | null>(null)
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

  function changes(): Changes {
    const inSteps = lengthUnit.value === 'steps'
    return {
      overrides: {
        ...(JSON.parse(JSON.stringify(overrides)) as RunOverrides),
        ...(length.value !== null && inSteps ? { steps: length.value } : {}),
      },
      ...(length.value !== null && !inSteps ? { epochs: length.value } : {}),
    }
  }

  function clear(): void {
    config.value = null
    summary.value = null
    dial.value = null
  }

  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function preview(): Promise<void> {
    const mine = ++asked
    if (!ask.value || localProblems.value.size > 0 || lengthProblem.value) {
      checking.value = false
      clear()
      return
    }
    try {
      const answer = await ask.value(changes())
      if (mine !== asked) return
      config.value = answer.config
      summary.value = answer.summary
      dial.value = answer.dial
      issues.value = answer.issues
      stepsPerEpoch.value = answer.stepsPerEpoch
    } catch (error) {
      if (mine !== asked) return
      clear()
      issues.value = [{ path: '', message: messageOf(error) }]
    }
    checking.value = false
  }

  let baseAsked = 0
  watch(
    ask,
    async (now) => {
      const mine = ++baseAsked
      base.value = null
      if (!now) return
      try {
        const answer = await now({ overrides: {} })
        if (mine === baseAsked) base.value = answer.config
      } catch (error) {
        if (mine === baseAsked) issues.value = [{ path: '', message: messageOf(error) }]
      }
    },
    { immediate: true },
  )

  watch(
    [ask, length, lengthUnit, overrides],
    () => {
      checking.value = true
      // What was asked before answers to other values.
      asked++
      issues.value = []
      clearTimeout(timer)
      timer = setTimeout(() => void preview(), DEBOUNCE_MS)
    },
    { immediate: true },
  )

  const totalSteps = computed(() => {
    if (length.value === null) return base.value?.steps ?? null
    if (lengthUnit.value === 'steps') return length.value
    return stepsPerEpoch.value === null ? null : Math.max(1, Math.round(length.value * stepsPerEpoch.value))
  })

  return {
    origin: title,
    length,
    lengthUnit,
    overrides,
    set: (key, value) => {
      // What is set back by hand is no change.
      if (base.value && JSON.stringify(value) === JSON.stringify(base.value[key])) delete overrides[key]
      else overrides[key] = value
    },
    reset: (key) => {
      delete overrides[key]
    },
    valueOf: (key) => (key in overrides ? overrides[key] : (base.value ?? config.value)?.[key]),
    problemOf: (key) =>
      localProblems.value.get(key) ??
      (key === 'steps' ? lengthProblem.value : null) ??
      issues.value.find((issue) => keyOf(issue) === key)?.message ??
      null,
    general: computed(() =>
      issues.value
        .filter((issue) => !FIELDS.has(keyOf(issue)))
        .map(({ path, message }) => (path === '' || path === 'preset' || path === 'dataset' ? message : `${path}: ${message}`)),
    ),
    changes,
    take(whole, plain) {
      for (const key of Object.keys(overrides) as FieldKey[]) delete overrides[key]
      lengthUnit.value = 'steps'
      length.value = whole.steps === plain.steps ? null : whole.steps
      for (const key of Object.keys(whole) as FieldKey[])
        if (!GIVEN.has(key) && key !== 'steps' && JSON.stringify(whole[key]) !== JSON.stringify(plain[key])) overrides[key] = whole[key]
    },
    base,
    config,
    summary,
    dial,
    stepsPerEpoch,
    totalSteps,
    totalEpochs: computed(() =>
      totalSteps.value !== null && stepsPerEpoch.value ? Number((totalSteps.value / stepsPerEpoch.value).toFixed(2)) : null,
    ),
    refresh: preview,
    checking,
    ready: computed(
      () =>
        ask.value !== null &&
        !checking.value &&
        summary.value !== null &&
        issues.value.length === 0 &&
        localProblems.value.size === 0 &&
        !lengthProblem.value,
    ),
  }
}
