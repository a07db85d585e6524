import { HeatmapChart } from 'echarts/charts'
import { MarkAreaComponent, VisualMapContinuousComponent } from 'echarts/components'
import { use } from 'echarts/core'

// What only evaluations and weights draw with ECharts itself.
use([HeatmapChart, MarkAreaComponent, VisualMapContinuousComponent])

export { VChart, type EChartsOption } from '../charts/echarts.js'
