import type { Picture } from '../charts/export/picture-svg.js'
import type { EChartsOption } from '../charts/echarts.js'
import type { RunInfo } from './groups.js'

/** The chart of relations with a title, a legend of the runs and the light background of paper, and its size. Pure. */
export function relationPicture(option: EChartsOption, title: string, runs: readonly RunInfo[], least = 0): Picture {
  const width = Math.max(960, least)
  const letters = runs.reduce((sum, { name }) => sum + 6.5 * Math.min(60, name.length) + 50, 0)
  const foot = 22 * (1 + Math.ceil(letters / (width - 200)))
  const lower = (box: unknown) => {
    const { top, bottom, ...rest } = box as { top: number; bottom: number }
    return { ...rest, top: top + 28, bottom: bottom + foot }
  }
  return {
    option: {
      ...option,
      ...('parallel' in option ? { parallel: lower(option.parallel) } : { grid: lower(option.grid) }),
      backgroundColor: '#ffffff',
      title: { text: title, left: 12, top: 8, textStyle: { fontSize: 14 } },
      legend: { type: 'plain', left: 12, right: 12, bottom: 4, itemWidth: 22, itemHeight: 8, textStyle: { fontSize: 11 } },
    },
    width,
    height: 428 + foot,
  }
}
