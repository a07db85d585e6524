import type { Unsubscribable } from '@trpc/server/observable'
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import { useConnection, type ConnectionState } from './api.js'
import { isRefusal } from './errors.js'

type Listener = (seq: number, change: Change) => void

const RETRY_MS = 1000

/**
 * The app's one subscription to changes. Stores listen; pages say whose details they want. Switching details, a lost connection or
 * an error continue from the last change that was seen, so that listeners see every change once and in order.
 */
export const useFeed = defineStore('feed', () => {
  const { client, onState } = useConnection()
  const state = ref<ConnectionState>('connecting')
  const listeners = new Set<Listener>()
  const details = new Map<string, number>()
  let lastSeq: number | null = null
  let current: Unsubscribable | null = null
  let retry: ReturnType<typeof setTimeout> | undefined
  const waiting: (() => void)[] = []

  onState((next) => {
    state.value = next
    if (next === 'open') for (const go of waiting.splice(0)) go()
  })

  function subscribe(): void {
    current?.unsubscribe()
    clearTimeout(retry)
    if (lastSeq === null) return
    let mine = true
    const again = (): void => {
      if (!mine) return
      mine = false
      retry = setTimeout(subscribe, RETRY_MS)
    }
    const subscription = client.changes.subscribe(
      { lastEventId: lastSeq, detailOf: [...details.keys()].sort() },
      {
        onData: ({ id, data }) => {
          if (!mine) return
          const seq = Number(id)
          // A reset may carry a smaller number: the home behind the connection can be another one.
          // What could not be stored has the number of what was stored last.
          const unsaved = data.kind === 'alert' && data.alert.id < 0
          if (data.kind !== 'reset' && !unsaved && lastSeq !== null && seq <= lastSeq) return
          lastSeq = seq
          for (const listener of [...listeners]) listener(seq, data)
        },
        onError: again,
        onComplete: again,
      },
    )
    current = {
      unsubscribe: () => {
        mine = false
        subscription.unsubscribe()
      },
    }
  }

  /** Begins with what follows a snapshot's sequence number. A second call changes nothing. */
  function start(seq: number): void {
    if (lastSeq !== null) return
    lastSeq = seq
    subscribe()
  }

  /** Hears every change from now on; returns how to stop. */
  function listen(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  let switching = false
  /** However many runs a page begins or ends to follow at once, the subscription is made anew once. */
  function subscribeSoon(): void {
    if (switching) return
    switching = true
    queueMicrotask(() => {
      switching = false
      subscribe()
    })
  }

  /** Asks for a run's points and log entries as well, until the returned function is called. */
  function follow(runId: string): () => void {
    const before = details.get(runId) ?? 0
    details.set(runId, before + 1)
    if (before === 0) subscribeSoon()
    return () => {
      const left = (details.get(runId) ?? 1) - 1
      if (left > 0) details.set(runId, left)
      else if (details.delete(runId)) subscribeSoon()
    }
  }

  /** Asks until there is an answer: a call that a lost connection swallowed is made again. @throws the server's refusal. */
  async function ask<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if (isRefusal(error)) throw error
        await (state.value === 'open'
          ? new Promise((resolve) => setTimeout(resolve, RETRY_MS))
          : new Promise<void>((resolve) => waiting.push(resolve)))
      }
    }
  }

  return { state, start, listen, follow, ask }
})
