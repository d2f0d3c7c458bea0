import { createApp } from 'vue'
import OfflinePage from './OfflinePage.vue'

// The script of the page that the service worker keeps (internal/httpapi/worker.go), in place of main.ts.
createApp(OfflinePage).mount('#app')
