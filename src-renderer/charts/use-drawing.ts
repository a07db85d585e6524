import { useDevicePixelRatio, useElementSize, useElementVisibility } from '@vueuse/core'
import { onBeforeUnmount, shallowRef, watch, type Ref } from 'vue'
import { chartModel, modelSteps, type ChartInput, type ChartModel } from './chart-model.js'
import type { ChartState } from './chart-state.js'
import { dontDraw, drawSoon } from './draw-queue.js'
import { drawSteps, sheetOf } from './draw.js'
import type { EChartsOption } from './echarts.js'
import { frameOption } from './frame-option.js'
import { modelLines } from './lines.js'
import { Reduction } from './reduce.js'
import type { Plot } from './scales.js'

/** The part of the ECharts component that is used. */
export interface FrameChart {
  setOption?(option: EChartsOption, update: { replaceMerge: string[] }): void
  convertToPixel?(finder: object, value: number[]): number[] | undefined
  getWidth?(): number
  getHeight?(): number
  resize?(size: { width: number; height: number }): void
}

interface Elements {
  frame: Readonly<Ref<HTMLElement | null>>
  canvas: Readonly<Ref<HTMLCanvasElement | null>>
  chart: Readonly<Ref<FrameChart | null>>
}

/** Points that are smoothed per task: about two milliseconds. */
const SMOOTHED_AT_ONCE = 65_536
/** Minimum number of columns for the reduction, also before the plot has been laid out. */
const LEAST_COLUMNS = 100
/** Space for the labels of the y axis. */
const LABELS = 60

/**
 * Keeps the picture of a chart up to date: ECharts draws the frame, and only when it changes; the lines are drawn on a canvas above it, and
 * only where they have changed.
 */
export function useDrawing(state: ChartState, { frame, canvas, chart }: Elements) {
  const { props, page, settings, span, smoothing, dark, logarithmic, outlierProof, hidden, large } = state
  const { pixelRatio } = useDevicePixelRatio()
  const { width } = useElementSize(frame)
  const visible = useElementVisibility(frame, { rootMargin: '200px' })
  const plot = shallowRef<Plot | null>(null)

  const input = (): ChartInput => ({
    title: props.title,
    lines: modelLines(props.lines, settings.axis, hidden.value, (buffer) =>
      smoothing.value > 0 ? page.smoothed(buffer, smoothing.value) : undefined,
    ),
    unit: props.unit,
    xAxis: settings.axis,
    ...span.value,
    columns: Math.max(LEAST_COLUMNS, Math.floor((width.value - LABELS) * pixelRatio.value)),
    dark: dark.value,
    logarithmic: logarithmic.value,
    logarithmicX: settings.logarithmicX,
    outlierProof: outlierProof.value,
    references: props.references,
  })

  function* smooth(): Generator<void> {
    if (smoothing.value === 0) return
    for (const { key, buffer, smoothed } of props.lines) {
      if (smoothed || hidden.value.has(key)) continue
      while (!page.smoothed(buffer, smoothing.value).update(SMOOTHED_AT_ONCE)) yield
    }
  }

  const reductions = new Map<string, Reduction>()
  /** An offscreen canvas for the lines, which is shown when it is complete. */
  const picture = document.createElement('canvas')
  let frameKey = ''
  /** The kinds of lines that are drawn; '' if unknown. */
  let drawn = ''

  function* draw(): Generator<void> {
    if (!visible.value || width.value === 0) return
    yield* smooth()
    const used = new Set<string>()
    const model = yield* modelSteps(input(), (part, values, map, stretch) => {
      used.add(part)
      let reduction = reductions.get(part)
      if (!reduction) reductions.set(part, (reduction = new Reduction()))
      return reduction.update(values, map, stretch)
    })
    for (const part of reductions.keys()) if (!used.has(part)) reductions.delete(part)
    state.beyond.value = model.beyond
    state.blank.value = model.blank
    const framed = layOut(model)
    yield* paint(model, framed)
  }

  /** Updates the frame with ECharts if it has changed; returns whether it has. */
  function layOut(model: ChartModel): boolean {
    const element = frame.value
    if (!element) return false
    const size = { width: element.clientWidth, height: element.clientHeight }
    const key = JSON.stringify([{ ...model, lines: [], beyond: 0 }, size, pixelRatio.value])
    if (key === frameKey) return false
    frameKey = key
    const echarts = chart.value
    if (echarts?.getWidth?.() !== size.width || echarts.getHeight?.() !== size.height) echarts?.resize?.(size)
    echarts?.setOption?.(frameOption(model), { replaceMerge: ['series'] })
    plot.value = measure(model)
    return true
  }

  /** The area in which ECharts has placed the plot. */
  function measure({ from, to, y }: ChartModel): Plot | null {
    if (!chart.value?.convertToPixel || !y) return plot.value
    const low = chart.value.convertToPixel({ gridIndex: 0 }, [from, y.min])
    const high = chart.value.convertToPixel({ gridIndex: 0 }, [to, y.max])
    if (!low || !high || ![...low, ...high].every(Number.isFinite)) return null
    return { left: low[0]!, top: high[1]!, width: high[0]! - low[0]!, height: low[1]! - high[1]! }
  }

  function* paint(model: ChartModel, framed: boolean): Generator<void> {
    const shown = canvas.value?.getContext?.('2d')
    const pen = picture.getContext?.('2d')
    if (!canvas.value || !shown || !pen || !frame.value) return void (drawn = '')
    const ratio = pixelRatio.value
    const [w, h] = [Math.round(frame.value.clientWidth * ratio), Math.round(frame.value.clientHeight * ratio)]
    for (const each of [picture, canvas.value]) if (each.width !== w || each.height !== h) Object.assign(each, { width: w, height: h })
    const sheet = plot.value && sheetOf(model, plot.value)
    const left = framed || !sheet || sheet.kinds !== drawn ? -Infinity : Math.floor(sheet.changedFrom * ratio) / ratio
    // The state of an unfinished picture is unknown.
    drawn = ''
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(Math.max(0, left), 0, w, h)
    if (sheet) yield* drawSteps(pen, sheet, ratio, left)
    shown.clearRect(0, 0, w, h)
    shown.drawImage(picture, 0, 0)
    drawn = sheet?.kinds ?? ''
  }

  watch(
    [
      page.version,
      () => props.lines,
      () => props.title,
      span,
      width,
      visible,
      dark,
      logarithmic,
      outlierProof,
      smoothing,
      hidden,
      large,
      pixelRatio,
      () => settings.axis,
      () => settings.logarithmicX,
      () => props.references,
      () => props.height,
    ],
    // One drawing per frame, however many batches arrive.
    () => drawSoon(draw),
    { immediate: true },
  )
  onBeforeUnmount(() => dontDraw(draw))

  /** The current model for an export, with every point smoothed. */
  const build = (): ChartModel => {
    const steps = smooth()
    while (!steps.next().done);
    return chartModel(input())
  }
  return { plot, width, build }
}
