import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import ResizablePanes from '../../src-renderer/ui/ResizablePanes.vue'

const width = ref(1016)
vi.mock('@vueuse/core', async (original) => ({ ...(await original<object>()), useElementSize: () => ({ width }) }))

let panes: VueWrapper
const open = (): VueWrapper =>
  mount(ResizablePanes, { props: { name: 'test', label: 'Width of the images', initial: 0.6 }, attachTo: document.body })
const separator = () => panes.find('[role=separator]')
const now = (): number => Number(separator().attributes('aria-valuenow'))
const press = (key: string): Promise<void> => separator().trigger('keydown', { key })

beforeEach(() => {
  localStorage.clear()
  width.value = 1016
  panes = open()
})
afterEach(() => panes.unmount())

it('is moved by the keyboard within its bounds, which it tells', async () => {
  expect([now(), separator().attributes('aria-valuemin'), separator().attributes('aria-valuemax')]).toEqual([60, '28', '72'])
  await press('ArrowRight')
  expect(now()).toBe(62)
  await press('ArrowLeft')
  await press('ArrowLeft')
  expect(now()).toBe(58)
  await press('Home')
  expect(now()).toBe(28)
  await press('End')
  expect(now()).toBe(72)
})

it('is dragged, keeps its place over a restart, and loses it by a double click', async () => {
  const { element } = panes
  element.getBoundingClientRect = () => ({ left: 100, width: 1016 }) as DOMRect
  await separator().trigger('pointerdown', { button: 0 })
  window.dispatchEvent(new MouseEvent('pointermove', { clientX: 100 + 8 + 400 }))
  window.dispatchEvent(new MouseEvent('pointerup'))
  window.dispatchEvent(new MouseEvent('pointermove', { clientX: 900 }))
  await nextTick()
  expect(now()).toBe(40)
  panes.unmount()
  panes = open()
  expect(now()).toBe(40)
  await separator().trigger('dblclick')
  expect(now()).toBe(60)
  panes.unmount()
  panes = open()
  expect(now()).toBe(60)
})

it('stands one below the other where there is no room for both', async () => {
  width.value = 500
  await nextTick()
  expect(separator().exists()).toBe(false)
  expect(panes.findAll('.pane')).toHaveLength(2)
})

it('has a least width of each pane, and no separator while there is one pane', async () => {
  await panes.setProps({ least: [500, 200] })
  expect(['aria-valuemin', 'aria-valuemax'].map((end) => separator().attributes(end))).toEqual(['50', '80'])
  const first = panes.find('.pane').element
  await panes.setProps({ open: false })
  expect(separator().exists()).toBe(false)
  expect(panes.findAll('.pane')).toHaveLength(1)
  expect(panes.find('.pane').element).toBe(first)
})
