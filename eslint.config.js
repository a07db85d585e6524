import { join } from 'node:path'
import boundaries from 'eslint-plugin-boundaries'
import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'

/** Who may import whom: the layers of docs/architecture.md. `contract` is open to all. */
const ALLOWED = {
  contract: [],
  durable: [],
  numeric: [],
  engine: [],
  // Only for its random numbers, see below.
  data: ['numeric', 'durable'],
  experiments: [],
  storage: ['experiments', 'durable'],
  training: ['numeric', 'engine', 'data', 'experiments', 'durable'],
  transport: [],
  // Formats in which runs travel: archives are unpacked as those of data sets are.
  exchange: ['experiments', 'data', 'durable'],
  setup: ['engine', 'durable'],
  hosts: ['numeric', 'engine', 'data', 'experiments', 'storage', 'training', 'transport', 'exchange', 'setup', 'durable'],
  renderer: [],
}

export default tseslint.config(
  { ignores: ['out/', 'node_modules/', 'src-renderer/auto-imports.d.ts'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
  },
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // An empty catch must say why the error may be ignored.
      'no-empty': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/attributes-order': 'off',
      'vue/valid-v-slot': ['error', { allowModifiers: true }],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['src-main/**/*.{ts,mjs}', 'src-renderer/**/*.{ts,vue}'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { [join(import.meta.dirname, 'eslint-resolver.cjs')]: {} },
      'boundaries/elements': [
        ...Object.keys(ALLOWED)
          .filter((type) => type !== 'renderer')
          .map((type) => ({ type, pattern: `src-main/${type}` })),
        { type: 'renderer', pattern: 'src-renderer' },
      ],
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: Object.entries(ALLOWED).map(([from, to]) => ({
            from: { element: { type: from } },
            allow: { to: { element: { type: [from, 'contract', ...to] } } },
          })),
        },
      ],
    },
  },
  {
    // numeric is arithmetic alone: no files, no database, no window.
    files: ['src-main/numeric/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['node:*', 'fs', 'electron', 'better-sqlite3*', '@tensorflow/tfjs-node*'] }] },
  },
  {
    // Batches and initial weights draw from the same generator, but reading data must not load TensorFlow.
    files: ['src-main/data/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['**/numeric/*', '!**/numeric/random.js', '@tensorflow/*'] }] }],
    },
  },
  {
    files: [
      'src-main/{contract,durable,numeric,engine,data,experiments,storage,training,transport,setup}/**/*.ts',
      'src-renderer/**/*.{ts,vue}',
    ],
    rules: { 'no-console': 'error' },
  },
)
