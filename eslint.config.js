import { join } from 'node:path'
import boundaries from 'eslint-plugin-boundaries'
import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'
import guarded from './eslint-guarded.cjs'

/** The allowed imports between the layers of docs/architecture.md. Any layer may import `contract`. */
const ALLOWED = {
  contract: [],
  processes: [],
  durable: ['processes'],
  sqlite: [],
  numeric: [],
  engine: ['durable', 'processes'],
  // `numeric` only for its random numbers; see below.
  data: ['numeric', 'durable', 'processes'],
  // Reads stored data sets directly; everything else is accessed through ports.
  features: ['data'],
  storage: ['features', 'sqlite', 'durable', 'processes'],
  // Inspects networks; `training` reads the checkpoints and data for it.
  lab: ['numeric'],
  // Expands studies into cells and reports their results; `features` runs the cells.
  studies: ['lab', 'numeric'],
  training: ['numeric', 'engine', 'data', 'features', 'lab', 'durable', 'processes'],
  transport: ['processes'],
  // Exchange formats for runs; archives are unpacked with the code for those of data sets.
  exchange: ['features', 'data', 'durable'],
  setup: ['engine', 'sqlite', 'durable', 'processes'],
  hosts: [
    'numeric',
    'engine',
    'data',
    'features',
    'storage',
    'lab',
    'studies',
    'training',
    'transport',
    'exchange',
    'setup',
    'sqlite',
    'durable',
    'processes',
  ],
}

/** The folders of the window from the top layer down: each may import those below it, and `contract`. */
const WINDOW = [
  'app',
  'settings',
  'glossary',
  'idea',
  'studies',
  'compare',
  'run',
  'runs',
  'lab',
  'configure',
  'datasets',
  'projects',
  'charts',
  'home',
  'ui',
]
const WINDOW_ALLOWED = Object.fromEntries(
  WINDOW.map((folder, at) => [`window-${folder}`, WINDOW.slice(at + 1).map((below) => `window-${below}`)]),
)

/** Layers that use the features only through procedures: of the features, they may import only the router's file, and only its type. */
const CLIENTS = ['transport', ...Object.keys(WINDOW_ALLOWED)]

const IS_NOW = "[callee.object.name='Date'][callee.property.name='now']"
/** The system clock may be changed at any time, so it may only label records, never measure durations or determine an order. */
const LABELS_ALONE = [
  {
    selector: `CallExpression${IS_NOW}:not(Property[key.name=/^(at|.+At)$/] > CallExpression)`,
    message: 'Measure by performance.now(). As a label write it into a field that is called at or …At, or say beside it why it is one.',
  },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']:not(CallExpression > MemberExpression)",
    message: 'Measure by performance.now(), or say beside it why this is a label.',
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Say beside it why this is a label.' },
  ...["[callee.object.name='clock']", "[callee.object.property.name='clock']"].map((clock) => ({
    selector: `BinaryExpression > CallExpression[callee.property.name='now']${clock}`,
    message: 'Measure by elapsed(): now() is the clock of the machine, which may be set.',
  })),
]

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
      'vue/no-restricted-static-attribute': ['error', { key: 'autofocus', message: 'Use v-begin, which takes the focus once.' }],
      'vue/no-restricted-v-bind': ['error', { argument: 'autofocus', message: 'Use v-begin, which takes the focus once.' }],
    },
  },
  {
    files: ['src-main/**/*.{ts,mjs}'],
    rules: { 'no-restricted-syntax': ['error', ...LABELS_ALONE] },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['src-main/**/*.{ts,mjs}', 'src-renderer/**/*.{ts,vue}'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { [join(import.meta.dirname, 'eslint-resolver.cjs')]: {} },
      'boundaries/elements': [
        ...Object.keys(ALLOWED).map((type) => ({ type, pattern: `src-main/${type}` })),
        ...WINDOW.map((folder) => ({ type: `window-${folder}`, pattern: `src-renderer/${folder}` })),
      ],
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            ...Object.entries({ ...ALLOWED, ...WINDOW_ALLOWED }).map(([from, to]) => ({
              from: { element: { type: from } },
              allow: { to: { element: { type: [from, 'contract', ...to] } } },
            })),
            { from: { element: { type: CLIENTS } }, allow: { to: { element: { type: 'features', fileInternalPath: 'router.ts' } } } },
          ],
        },
      ],
    },
  },
  {
    files: ['src-renderer/**/*.{ts,vue}', 'src-main/transport/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ group: ['**/features/router*'], allowTypeImports: true }] }],
    },
  },
  {
    // Code that lives as long as a host. Other processes end with their own work, and the launcher and the preload bridge are not hosts.
    files: [
      'src-main/{hosts,transport,storage}/**/*.ts',
      'src-main/training/{supervisor,output-log,orphans}.ts',
      'src-main/data/import-remote.ts',
      'src-main/processes/{end-request,say-when-slow}.ts',
    ],
    ignores: ['src-main/hosts/electron/{bridge,preload}.ts'],
    plugins: { retrace: { rules: { guarded } } },
    rules: { 'retrace/guarded': 'error' },
  },
  {
    // numeric is pure arithmetic: no files, database or window.
    files: ['src-main/numeric/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['node:*', 'fs', 'electron', 'better-sqlite3*', '@tensorflow/tfjs-node*'] }] },
  },
  {
    // Code that a window loads lazily must come from the workbench, not from another program that has taken its port.
    files: ['src-renderer/**/*.{ts,vue}'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...LABELS_ALONE,
        { selector: 'ImportExpression:not(CallExpression[callee.name="lazy"] ImportExpression)', message: 'Load code by lazy().' },
      ],
    },
  },
  {
    // ECharts silently draws nothing for components that are not registered.
    files: ['src-renderer/**/*.{ts,vue}'],
    ignores: ['src-renderer/charts/echarts.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['echarts', 'echarts/*', 'vue-echarts'], message: 'Import from src-renderer/charts/echarts.ts.' }] },
      ],
    },
  },
  {
    // Batches and initial weights use the same random number generator, but reading data must not load TensorFlow.
    files: ['src-main/data/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['**/numeric/*', '!**/numeric/random.js', '@tensorflow/*'] }] }],
    },
  },
  {
    files: [
      'src-main/{contract,durable,processes,sqlite,numeric,engine,data,features,storage,lab,training,transport,setup}/**/*.ts',
      'src-renderer/**/*.{ts,vue}',
    ],
    rules: { 'no-console': 'error' },
  },
)
