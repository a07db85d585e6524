import { cellOf, type Cell, type LabFigure, type LabResult, type LabTable, type NumericKey } from '../contract/lab.js'
import type { Quantities } from './quantities.js'

type Figure<Kind extends LabFigure['kind']> = Extract<LabFigure, { kind: Kind }>
type Axes = 'kind' | 'xAxis' | 'yAxis' | 'valueAxis'
/** A figure without the parts that are derived from the columns that it draws. */
type Drawn<Kind extends LabFigure['kind'], More = unknown> = Omit<Figure<Kind>, Axes> & { logX?: boolean; logY?: boolean } & More

/** Collects the findings of a diagnostic. Labels, symbols and units come exclusively from the definitions of its quantities. */
export class Findings<Q extends Quantities = Quantities> {
  readonly found: Pick<LabResult, 'summary' | 'tables' | 'figures' | 'notes' | 'suggestion'> = {
    summary: [],
    tables: [],
    figures: [],
    notes: [],
  }

  constructor(private readonly quantities: Q) {}

  /** Adds a key figure, which a summary in one sentence would contain. */
  say(key: keyof Q & string, value: number | string | null): void {
    this.found.summary.push({ ...this.labelled(key), value: typeof value === 'number' ? cellOf(value) : value })
  }

  /** Adds a table of numbers and texts by the keys of their quantities. */
  table(key: string, title: string, columns: Partial<Record<keyof Q & string, readonly (number | string | null)[]>>): void {
    const cells = (values: readonly (number | string | null)[]): Cell[] =>
      values.map((value) => (typeof value === 'number' ? cellOf(value) : value))
    const named = Object.entries(columns) as [keyof Q & string, readonly (number | string | null)[]][]
    this.found.tables.push({ key, title, columns: named.map(([of, values]) => ({ ...this.labelled(of), values: cells(values) })) })
  }

  line({ logX = false, logY = false, ...figure }: Drawn<'line'>): void {
    this.found.figures.push({ kind: 'line', ...figure, xAxis: this.axis(figure.x, logX), yAxis: this.axis(figure.y[0]!, logY) })
  }

  scatter({ logX = false, logY = false, ...figure }: Drawn<'scatter'>): void {
    this.found.figures.push({ kind: 'scatter', ...figure, xAxis: this.axis(figure.x, logX), yAxis: this.axis(figure.y, logY) })
  }

  heatmap({ logX = false, logY = false, logValue = false, ...figure }: Drawn<'heatmap', { logValue?: boolean }>): void {
    const axes = { xAxis: this.axis(figure.x, logX), yAxis: this.axis(figure.y, logY), valueAxis: this.axis(figure.value, logValue) }
    this.found.figures.push({ kind: 'heatmap', ...figure, ...axes })
  }

  strip(figure: Omit<Figure<'strip'>, 'kind'>): void {
    this.found.figures.push({ kind: 'strip', ...figure })
  }

  /** Suggests the value of a configuration key for a new run of this network. */
  suggest(key: NumericKey, value: number): void {
    this.found.suggestion = { key, value }
  }

  note(text: string): void {
    this.found.notes.push({ level: 'info', text })
  }

  warn(text: string): void {
    this.found.notes.push({ level: 'warning', text })
  }

  private axis(key: string, log: boolean): { label: string; unit: string; log: boolean } {
    const { label, unit } = this.labelled(key)
    return { label, unit, log }
  }

  private labelled(key: string): Omit<LabTable['columns'][number], 'values'> {
    const quantity = this.quantities[key]
    if (!quantity) throw new Error(`the diagnostic does not define the quantity ${key}`)
    const { label, symbol, unit } = quantity
    return { key, label, symbol, unit }
  }
}
