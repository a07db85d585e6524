import type { Alert } from '../../src-main/contract/alerts.js'

/** Alerts that are shown together: those of the runs of one study, or a single one. */
export interface AlertGroup {
  key: string
  studyId: string | null
  /** Most important first. */
  alerts: Alert[]
  unread: boolean
}

/** Most important first: blocked hosts, then crashes, divergence, warnings, and successes. */
const ORDER: readonly Alert['kind'][] = ['homeLost', 'diskFull', 'failed', 'diverged']
const LEVELS: readonly Alert['level'][] = ['error', 'warn', 'info']

function rankOf({ kind, level, read }: Alert): number {
  const urgent = ORDER.indexOf(kind)
  const rank = urgent >= 0 ? urgent : ORDER.length + LEVELS.indexOf(level)
  return rank + (read ? ORDER.length + LEVELS.length : 0)
}
const before = (a: Alert, b: Alert): number => rankOf(a) - rankOf(b) || b.id - a.id

/**
 * Groups the alerts of each study. Unread alerts come first, among them crashes, and otherwise the newest. A group is ranked by the most
 * important of its alerts.
 * @param studyOf the study of a run; null if it belongs to none
 */
export function groupAlerts(alerts: readonly Alert[], studyOf: (runId: string) => string | null): AlertGroup[] {
  const groups = new Map<string, AlertGroup>()
  for (const alert of [...alerts].sort(before)) {
    const studyId = alert.runId === null ? null : studyOf(alert.runId)
    const key = studyId === null ? `alert ${alert.id}` : `study ${studyId}`
    const group = groups.get(key)
    if (group) group.alerts.push(alert)
    else groups.set(key, { key, studyId, alerts: [alert], unread: false })
  }
  // In insertion order, that is the order of each group's first alert.
  return [...groups.values()].map((group) => ({ ...group, unread: group.alerts.some(({ read }) => !read) }))
}

/** The number of alerts of each kind, in the order of the group: "2 runs failed, 9 runs finished". */
export function countKinds(alerts: readonly Alert[], titleOf: (alert: Alert) => string): string {
  const counts = new Map<string, number>()
  for (const alert of alerts) counts.set(titleOf(alert), (counts.get(titleOf(alert)) ?? 0) + 1)
  return [...counts].map(([title, count]) => `${title}: ${count}`).join(', ')
}
