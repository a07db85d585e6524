import { LineChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent } from 'echarts/components'
import { use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

// Only the parts that the charts use.
use([LineChart, GridComponent, MarkLineComponent, CanvasRenderer])

export { default as VChart } from 'vue-echarts'
export type { EChartsOption } from 'echarts'
