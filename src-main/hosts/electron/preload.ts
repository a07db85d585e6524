import { contextBridge, ipcRenderer } from 'electron'
import { BRIDGE } from '../../contract/bridge.js'
import { createBridge } from './bridge.js'

contextBridge.exposeInMainWorld(BRIDGE, createBridge(ipcRenderer))
