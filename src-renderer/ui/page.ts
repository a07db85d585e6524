import type { Component } from 'vue'

/** A page of the window. Each stands in the folder of its feature; `app/pages.ts` lists them. */
export interface Page {
  name: string
  /** As vue-router has it; what it holds in place of names becomes properties of the component. */
  path: string
  /** In the title of the window, and of its link. */
  title: string
  /** Made with `lazy()`. */
  load: () => Promise<{ default: Component }>
  /** For those that the navigation leads to. */
  link?: {
    /** An SVG path of @mdi/js. */
    icon: string
    /** The letter that leads there after g. */
    key: string
  }
}
