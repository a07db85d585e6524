import { defineComponent, h } from 'vue'

/** In the place of ECharts' component: what it is told can be read, and nothing is drawn. */
export const VChart = defineComponent({ props: { option: { type: Object, required: true } }, setup: () => () => h('canvas') })
