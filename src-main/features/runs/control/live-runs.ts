import type { LiveRun } from './live-run.js'

/** The runs with trainers, by id. */
export class LiveRuns extends Map<string, LiveRun> {
  /** Number of those on this machine. */
  get here(): number {
    return [...this.values()].filter(({ onCluster }) => !onCluster).length
  }

  /** Number of those that jobs compute. */
  get there(): number {
    return this.size - this.here
  }

  /** The first slot that no trainer on this machine has. */
  freeSlot(): number {
    const taken = new Set([...this.values()].filter(({ onCluster }) => !onCluster).map(({ slot }) => slot))
    let slot = 0
    while (taken.has(slot)) slot++
    return slot
  }

  /** Lets jobs go on without this host; whoever opens the home next follows them. */
  detachJobs(): void {
    for (const live of [...this.values()]) {
      if (!live.onCluster) continue
      live.detach()
      this.delete(live.id)
    }
  }
}
