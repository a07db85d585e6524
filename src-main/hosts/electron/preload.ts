import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { BRIDGE } from '../../contract/bridge.js'
import { createBridge } from './bridge.js'

contextBridge.exposeInMainWorld(
  BRIDGE,
  createBridge(ipcRenderer, (file) => webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0])),
)
