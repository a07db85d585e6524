import type { Component } from 'vue'

/** A page of the window. Each is declared in the folder of its feature; `app/pages.ts` lists them. */
export interface Page {
  name: string
  /** As vue-router has it; what it holds in place of names becomes properties of the component. */
  path: string
  /** In the title of the window, and of its link. */
  title: string
  /** What is told where help for the page is asked for. */
  help: {
    /** What it is for and what can be done on it, in sentences. */
    about: string
    /** Glossary terms that appear on the page. */
    terms: readonly string[]
  }
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
