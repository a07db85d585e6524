import { ClusterSchema, type Cluster } from '../../contract/cluster.js'
import { UserError } from '../../contract/errors.js'
import type { SettingsStore } from '../home/settings.js'

const KEY = 'cluster'

/** The cluster of the home; null before it was set up. */
export function clusterOf(settings: SettingsStore): Cluster | null {
  const stored = ClusterSchema.safeParse(settings.get(KEY))
  return stored.success ? stored.data : null
}

/** @throws UserError before it was set up */
export function requireCluster(settings: SettingsStore): Cluster {
  const cluster = clusterOf(settings)
  if (cluster) return cluster
  throw new UserError('CONFLICT', 'No cluster is set up in this home. Run `retrace cluster setup FOLDER` on a login node.')
}

export const setCluster = (settings: SettingsStore, cluster: Cluster): void => settings.set(KEY, cluster)
