import './app/styles/reset.css'
import './app/zod-setup.js'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './app/App.vue'
import { connectionKey } from './home/api.js'
import { installKeeper } from './home/client/keeper.js'
import { takeKey } from './home/client/tab-key.js'
import { connect } from './home/client/transport.js'
import { createAppRouter, loadPagesWhenIdle } from './app/router.js'
import { createTheme } from './app/theme.js'
import './app/styles/main.css'

takeKey()
const router = createAppRouter()
createApp(App).provide(connectionKey, connect()).use(createPinia()).use(router).use(createTheme()).mount('#app')
void router.isReady().then(loadPagesWhenIdle).then(installKeeper)
