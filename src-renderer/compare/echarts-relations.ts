import { ParallelChart, ScatterChart } from 'echarts/charts'
import { ParallelComponent } from 'echarts/components'
import { use } from 'echarts/core'

// What only the page of comparisons draws with ECharts itself.
use([ParallelChart, ScatterChart, ParallelComponent])

export { VChart } from '../charts/echarts.js'
