import { defineStore } from 'pinia'
import { computed, ref, watch, type Ref } from 'vue'
import type { Project, SaveProject } from '../../src-main/contract/projects.js'
import { useConnection } from '../home/api.js'
import { followList } from '../home/followed-list.js'
import { useNotices } from '../home/notices.js'
import { usePreferences } from '../home/preferences.js'

/** The projects of this home, kept up to date by the feed, and the one that is open in this window. */
export const useProjects = defineStore('projects', () => {
  const { client } = useConnection()
  const notices = useNotices()
  const preferences = usePreferences()
  const { byId, loaded, load } = followList<Project>(
    async () => {
      const { projects: rows, seq } = await client.projects.list.query()
      return { rows, seq }
    },
    (all, change) => {
      if (change.kind === 'project') all.set(change.project.id, change.project)
      else if (change.kind === 'projectRemoved') all.delete(change.id)
    },
  )
  const rows = computed(() => [...byId.values()].sort((a, b) => a.name.localeCompare(b.name)))
  const nameOf = (id: string | null): string | null => (id === null ? null : (byId.get(id)?.name ?? null))

  /**
   * The project whose runs the table shows, to which new runs and studies are added. Null if it shows all runs, or those without a project.
   */
  const open = computed<Project | null>(() => {
    const { project } = preferences.runsView
    return typeof project === 'string' ? (byId.get(project) ?? null) : null
  })

  /** Saves a project; a change of its name or description can be undone. */
  async function save(request: SaveProject): Promise<Project> {
    const before = request.id === undefined ? undefined : byId.get(request.id)
    const saved = await client.projects.save.mutate(request)
    if (before) {
      const { id, name, view } = before
      const what = name === saved.name ? `Changed the description of “${name}”.` : `Renamed the project “${name}” to “${saved.name}”.`
      notices.changed(what, () => client.projects.save.mutate({ id, name, view }))
    }
    return saved
  }

  /** Removes a project, keeping its runs, and offers to undo it. */
  async function remove({ id, name }: Project): Promise<void> {
    await client.projects.remove.mutate({ id })
    notices.changed(`Removed the project “${name}”. Its runs stay.`, () => client.projects.restore.mutate({ id }))
  }

  return { byId, rows, loaded, load, nameOf, open, save, remove }
})

/** The project for the runs created by a form: the open one, until another is chosen. */
export function useOpenProject(): Ref<string | null> {
  const projects = useProjects()
  const chosen = ref<string | null>(projects.open?.id ?? null)
  // Projects may load after the form has opened.
  watch(
    () => projects.open,
    (open, before) => {
      if (chosen.value === (before?.id ?? null)) chosen.value = open?.id ?? null
    },
  )
  return chosen
}
