import { UserError } from '../contract/errors.js'
import type { RunSummary } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import type { RunStore } from './ports.js'
import type { RunControl } from './run-control.js'

interface QueuePorts {
  changes: Changes
  runs: RunStore
  control: RunControl
}

/** The order in which queued runs start. */
export function createQueue({ changes, runs, control }: QueuePorts): Pick<Services['runs'], 'move'> {
  return {
    async move(ids, position) {
      const wanted = [...new Set(ids)].map((id) => control.require(id))
      const started = wanted.find(({ status }) => status !== 'queued')
      if (started)
        throw new UserError('CONFLICT', `Run ${started.id} is ${started.status}: only runs that wait in the queue can be moved in it.`)
      return changes.commit((record) => {
        const queue = runs.inStatus(['queued'])
        const moving = new Set(wanted.map(({ id }) => id))
        const rest = queue.filter(({ id }) => !moving.has(id))
        const order: RunSummary[] = [...rest.slice(0, position), ...wanted, ...rest.slice(position)]
        // The same places, dealt out anew: nothing outside the queue moves.
        const places = queue.map(({ queueOrder }) => queueOrder)
        return order.map((run, at) => {
          const place = places[at] as number
          if (place === run.queueOrder) return run
          runs.setOrder(run.id, place)
          const moved = { ...run, queueOrder: place }
          record({ kind: 'run', run: moved })
          return moved
        })
      })
    },
  }
}
