import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { patientState } from '../../src-renderer/home/patient-state.js'
import type { ConnectionState } from '../../src-renderer/home/client/transport.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function watched(first: ConnectionState) {
  const scope = effectScope()
  const state = ref(first)
  const told = scope.run(() => patientState(state))
  const set = async (next: ConnectionState): Promise<void> => {
    state.value = next
    await nextTick()
  }
  return { told: () => told?.value, set, stop: () => scope.stop() }
}

it('says nothing while a window opens slowly, and speaks when that takes too long', async () => {
  const slow = watched('connecting')
  vi.advanceTimersByTime(4000)
  expect(slow.told()).toBe('open')
  await slow.set('open')
  vi.advanceTimersByTime(10_000)
  expect(slow.told()).toBe('open')

  const never = watched('connecting')
  vi.advanceTimersByTime(5001)
  expect(never.told()).toBe('connecting')
})

it('passes over a blink, tells of a loss, and of its end at once', async () => {
  const { told, set } = watched('open')
  await set('connecting')
  vi.advanceTimersByTime(400)
  await set('open')
  vi.advanceTimersByTime(10_000)
  expect(told()).toBe('open')
  await set('connecting')
  vi.advanceTimersByTime(501)
  expect(told()).toBe('connecting')
  await set('open')
  expect(told()).toBe('open')
})

it('tells at once that the window is no longer known, and nothing after its end', async () => {
  const { told, set, stop } = watched('connecting')
  await set('refused')
  expect(told()).toBe('refused')
  await set('open')
  await set('connecting')
  stop()
  vi.advanceTimersByTime(10_000)
  expect(told()).toBe('open')
})
