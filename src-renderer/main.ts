import './styles/reset.css'
import './zod-setup.js'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { connectionKey } from './client/api.js'
import { connect } from './client/transport.js'
import { createAppRouter, loadPagesWhenIdle } from './router.js'
import { createTheme } from './theme.js'
import './styles/main.css'

const router = createAppRouter()
createApp(App).provide(connectionKey, connect()).use(createPinia()).use(router).use(createTheme()).mount('#app')
void router.isReady().then(loadPagesWhenIdle)
