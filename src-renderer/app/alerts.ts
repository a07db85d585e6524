import { defineStore } from 'pinia'
import { computed, ref, shallowReactive } from 'vue'
import type { Alert } from '../../src-main/contract/alerts.js'
import type { Change } from '../../src-main/contract/changes.js'
import { useConnection } from '../home/api.js'
import { Replica } from '../home/replica.js'
import { useFeed } from '../home/feed.js'
import { useNotices } from '../home/notices.js'
import { usePreferences } from '../home/preferences.js'

const TITLES: Record<Alert['kind'], string> = {
  finished: 'Run finished',
  failed: 'Run failed',
  diverged: 'Run diverged',
  reconstruction: 'Reconstruction error',
  gradients: 'Unreliable gradients',
  diskLow: 'Disk space is low',
  diskFull: 'Disk is almost full',
  homeLost: 'Home folder lost',
  repaired: 'Recovered after a crash',
  restored: 'Backup restored',
  rights: 'Permissions of the home folder',
  logging: 'Log of another program',
}
export const alertTitle = ({ kind }: Alert): string => TITLES[kind]

/** The permission of this window to show system notifications; null if the platform has none. */
const permission = (): NotificationPermission | null => (typeof Notification === 'undefined' ? null : Notification.permission)

/** Alerts: shown in the window and, if allowed, as system notifications while the window is not focused. */
export const useAlerts = defineStore('alerts', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const notices = useNotices()
  const preferences = usePreferences()
  const byId = shallowReactive(new Map<number, Alert>())
  const allowed = ref(permission())

  function announce(alert: Alert): void {
    if (alert.level === 'error') notices.show('error', alert.message)
    else if (alert.level === 'warn') notices.show('info', alert.message)
    if (!preferences.systemNotifications || permission() !== 'granted' || document.hasFocus()) return
    const shown = new Notification(alertTitle(alert), { body: alert.message, tag: `retrace-${alert.id}` })
    shown.onclick = () => window.focus()
  }

  const replica = new Replica<Alert[], Change>(
    (alerts) => {
      byId.clear()
      for (const alert of alerts) byId.set(alert.id, alert)
    },
    (change) => {
      if (change.kind === 'alert') {
        // Alerts that could not be stored are stored together with the next one that can be.
        for (const id of byId.keys()) if (id < 0) byId.delete(id)
        byId.set(change.alert.id, change.alert)
        announce(change.alert)
      } else if (change.kind === 'alertsRead') {
        for (const [id, alert] of byId) if (id <= change.upTo && !alert.read) byId.set(id, { ...alert, read: true })
      } else if (change.kind === 'runRemoved') for (const [id, { runId }] of byId) if (runId === change.runId) byId.delete(id)
    },
  )
  feed.listen((seq, change) => {
    if (change.kind === 'reset') void load()
    else if (change.kind === 'alert' && change.alert.id < 0) {
      // An alert that could not be stored has no sequence number of its own among the changes.
      byId.set(change.alert.id, change.alert)
      announce(change.alert)
    } else replica.change(seq, change)
  })

  async function load(): Promise<void> {
    const request = replica.request()
    const { alerts, seq } = await feed.ask(() => client.alerts.list.query())
    replica.snapshot(request, seq, alerts)
  }

  /** Newest first. */
  const rows = computed(() => [...byId.values()].sort((a, b) => b.id - a.id))
  /** Sent by a host for as long as it lives, and never stored: the next host has its home again. */
  const lostHome = computed(() => rows.value.find(({ kind }) => kind === 'homeLost'))
  const unread = computed(() => rows.value.filter(({ read }) => !read).length)

  async function markRead(): Promise<void> {
    const newest = rows.value[0]?.id
    if (newest !== undefined && unread.value > 0) await client.alerts.markRead.mutate({ upTo: newest })
  }

  /** Asks for permission only when the user turns notifications on. */
  async function setNotifications(on: boolean): Promise<void> {
    if (on && permission() === 'default') await Notification.requestPermission()
    allowed.value = permission()
    preferences.systemNotifications = on && allowed.value === 'granted'
    if (on && allowed.value === 'denied')
      notices.show('info', 'Notifications are blocked. Allow them for this page in your browser’s settings.')
  }

  return { rows, lostHome, unread, allowed, load, markRead, setNotifications }
})
