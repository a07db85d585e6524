// Tests in Node import page components, which are type-checked only for the window.
declare module '*.vue' {
  import type { Component } from 'vue'
  const component: Component
  export default component
}
