import { floatsFromBase64 } from './base64.js'
import type { FlowView } from './instruments.js'
import { cellOf, type Cell, type LabTable } from './lab.js'

/**
 * Every sample of a flow at every place, projected: on the way forward, and reconstructed on the way back.
 * @param nameOf name of a class by its index
 */
export function flowTable(view: FlowView, nameOf: (label: number) => string): LabTable {
  const { places, labels, predicted } = view
  const at = places.flatMap((place) => labels.map((_, point) => ({ place, point })))
  const coordinates = (packed: string | null, axis: 0 | 1): Cell[] => {
    const values = packed === null ? null : floatsFromBase64(packed)
    return at.map((_, row) => (values === null ? null : cellOf(values[2 * row + axis]!)))
  }
  const column = (key: string, label: string, values: Cell[]): LabTable['columns'][number] => ({ key, label, symbol: '', unit: '', values })
  const [x, y] = view.axes
  return {
    key: 'flow',
    title: 'Flow of points',
    columns: [
      column('stage', 'Stage', at.map(({ place }) => place.stage)), // prettier-ignore
      column('unit', 'Unit', at.map(({ place }) => place.unit)), // prettier-ignore
      column('place', 'Place', at.map(({ place }) => (place.end ? 'end' : 'before'))), // prettier-ignore
      column('sample', 'Sample', at.map(({ point }) => point + 1)), // prettier-ignore
      column('class', 'Class', at.map(({ point }) => nameOf(labels[point]!))), // prettier-ignore
      column('predicted', 'Predicted class', at.map(({ point }) => nameOf(predicted[point]!))), // prettier-ignore
      column('x', x, coordinates(view.forward, 0)),
      column('y', y, coordinates(view.forward, 1)),
      column('xRebuilt', `${x}, reconstructed`, coordinates(view.backward, 0)),
      column('yRebuilt', `${y}, reconstructed`, coordinates(view.backward, 1)),
    ],
  }
}
