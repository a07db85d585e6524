import { defineComponent, h } from 'vue'

/** Replaces the ECharts component: its props can be read, and nothing is drawn. */
export const VChart = defineComponent({ props: { option: { type: Object, required: true } }, setup: () => () => h('canvas') })
