/**
 * An exception in a timer, listener or stream callback of a host has no caller to catch it and would terminate the host and all its work.
 * Therefore every such callback must be wrapped in `guarded` of `src-main/processes/guarded.ts`, inline or through a constant. Settling a
 * promise cannot throw and is exempt.
 */
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
const LISTENERS = new Set(['on', 'once', 'addListener', 'prependListener', 'addEventListener'])
const SETTLERS = new Set(['resolve', 'reject'])

/** @param {any} node @param {Set<string>} names */
const calls = (node, names) => node?.type === 'CallExpression' && node.callee.type === 'Identifier' && names.has(node.callee.name)
const GUARDED = new Set(['guarded'])

module.exports = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { bare: 'What this throws would end the host: pass it through guarded() of processes/guarded.ts.' },
  },
  /** @param {any} context */
  create(context) {
    /** @param {any} node */
    const constant = (node) => {
      for (let scope = context.sourceCode.getScope(node); scope; scope = scope.upper) {
        const variable = scope.set.get(node.name)
        if (variable) return variable.defs[0]?.node?.init
      }
    }
    /** @param {any} node @returns {boolean} */
    const isSafe = (node) =>
      calls(node, GUARDED) ||
      (node.type === 'ArrowFunctionExpression' && calls(node.body, SETTLERS)) ||
      (node.type === 'Identifier' && (SETTLERS.has(node.name) || calls(constant(node), GUARDED)))
    return {
      /** @param {any} node */
      CallExpression(node) {
        const { callee, arguments: given } = node
        if (callee.type === 'Identifier' && TIMERS.has(callee.name) && given[0] && !isSafe(given[0]))
          context.report({ node, messageId: 'bare' })
        if (callee.type === 'MemberExpression' && LISTENERS.has(callee.property.name) && given.length > 1 && !isSafe(given[1]))
          context.report({ node, messageId: 'bare' })
      },
    }
  },
}
