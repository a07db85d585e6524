// Tests in Node name pages, whose components only the window's type check reads.
declare module '*.vue' {
  import type { Component } from 'vue'
  const component: Component
  export default component
}
