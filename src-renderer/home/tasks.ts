import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import type { Task } from '../../src-main/contract/changes.js'
import { useFeed } from './feed.js'

/** Long-running tasks reported by the back end, by id. */
export const useTasks = defineStore('tasks', () => {
  const byId = shallowReactive(new Map<string, Task>())
  useFeed().listen((_seq, change) => {
    if (change.kind === 'task') byId.set(change.task.id, change.task)
  })
  const forget = (id: string): boolean => byId.delete(id)
  return { byId, forget }
})
