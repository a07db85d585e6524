import type { Component } from 'vue'

/** A page of the window. Each is declared in the folder of its feature and listed in `app/pages.ts`. */
export interface Page {
  name: string
  /** In vue-router's syntax; its parameters become props of the component. */
  path: string
  /** Used as the title of the window and of its link. */
  title: string
  /** Shown in the page's help. */
  help: {
    /** What the page is for and what can be done on it, in sentences. */
    about: string
    /** Glossary terms that appear on the page. */
    terms: readonly string[]
  }
  /** Created with `lazy()`. */
  load: () => Promise<{ default: Component }>
  /** For pages in the navigation. */
  link?: {
    /** An SVG path of @mdi/js. */
    icon: string
    /** The letter that opens it after `g`. */
    key: string
  }
}
