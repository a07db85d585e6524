import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { instrumentCommand } from '../../../src-main/contract/command-lines.js'
import type { InstrumentSetting, InstrumentView } from '../../../src-main/contract/instruments.js'
import type { LabTargetInput } from '../../../src-main/contract/lab.js'
import { useConnection } from '../../home/api.js'
import { messageOf } from '../../home/errors.js'

/** Milliseconds without a change after which the complete answer is requested. */
const REST = 350

interface Asked<Setting> {
  target: LabTargetInput
  setting: Setting
  /** Requested when the setting is at rest, if that gives more information and takes longer. */
  whole?: Setting
}

export interface InstrumentState<View> {
  view: ShallowRef<View | null>
  /** Why there is no answer, as a sentence. */
  problem: Ref<string | null>
  busy: Ref<boolean>
  /** The shell command that reproduces the view. */
  command: Ref<string>
}

/**
 * Queries an instrument after every change of its setting. One request is pending at a time, and of those that come meanwhile only the last
 * is sent, so that a slider is followed as fast as answers arrive.
 * @param asked the current request; null if there is nothing to show
 */
export function useInstrument<Setting extends InstrumentSetting>(
  asked: () => Asked<Setting> | null,
): InstrumentState<Extract<InstrumentView, { instrument: Setting['instrument'] }>> {
  type View = Extract<InstrumentView, { instrument: Setting['instrument'] }>
  const { client } = useConnection()
  const view = shallowRef(null) as ShallowRef<View | null>
  const problem = ref<string | null>(null)
  const busy = ref(false)
  const command = ref('')
  let next: Asked<Setting> | null = null
  let rest: ReturnType<typeof setTimeout> | undefined
  let gone = false

  async function ask(question: Asked<Setting>): Promise<void> {
    next = question
    clearTimeout(rest)
    if (busy.value) return
    busy.value = true
    while (next && !gone) {
      const { target, setting, whole }: Asked<Setting> = next
      next = null
      try {
        view.value = (await client.lab.look.query({ target, setting })) as View
        problem.value = null
        command.value = instrumentCommand(target, whole ?? setting)
      } catch (error) {
        // The previous picture belongs to another setting.
        view.value = null
        problem.value = messageOf(error)
        continue
      }
      if (whole) rest = setTimeout(() => void ask({ target, setting: whole }), REST)
    }
    busy.value = false
  }

  watch(
    asked,
    (question) => {
      if (question) void ask(question)
      else view.value = null
    },
    { immediate: true, deep: true },
  )
  onScopeDispose(() => {
    gone = true
    clearTimeout(rest)
  })
  return { view, problem, busy, command }
}
