import type { Unsubscribable } from '@trpc/server/observable'
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import { useConnection, type ConnectionState } from './api.js'
import { isRefusal } from './errors.js'

type Listener = (seq: number, change: Change) => void

const RETRY_MS = 1000

/**
 * The app's single subscription to changes. Stores listen to it; pages choose the runs whose details they need. After a change of this
 * choice, a lost connection or an error, it continues from the last change that was received, so that listeners see every change once and
 * in order.
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
          // A reset may have a smaller number, because the home behind the connection can be another one. A change that could not be stored
          // has the number of the last stored one.
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

  /** Starts after a snapshot's sequence number. A second call has no effect. */
  function start(seq: number): void {
    if (lastSeq !== null) return
    lastSeq = seq
    subscribe()
  }

  /** Calls the listener with every change from now on; returns a function that unsubscribes it. */
  function listen(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  let switching = false
  /** Resubscribes once, however many runs a page starts or stops following at once. */
  function subscribeSoon(): void {
    if (switching) return
    switching = true
    queueMicrotask(() => {
      switching = false
      subscribe()
    })
  }

  /** Also subscribes to a run's points and log entries until the returned function is called. */
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

  /** Retries until there is an answer, because a call is lost with its connection. @throws the server's error */
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
