import type { Cluster } from '../../contract/cluster.js'

/** One condition for runs on the cluster. */
export interface ClusterFinding {
  what: string
  /** null where it could not be found out, because of an earlier one. */
  ok: boolean | null
  /** What was seen. */
  detail: string
  /** What to do where it is broken. */
  remedy: string | null
}

/** Finds out whether runs can be computed by the cluster, by one short job. */
export interface ClusterChecker {
  check(cluster: Cluster, seconds: number): Promise<ClusterFinding[]>
}
