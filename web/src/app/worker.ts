import { workerURL } from '@/lib/html'

// Starts the service worker (public/sw.js), or lets a newer one take over. Without one, nothing but the offline page is
// missing. In development there is none: it would stand between the browser and Vite.
if (import.meta.env.PROD && 'serviceWorker' in navigator) navigator.serviceWorker.register(workerURL(), { updateViaCache: 'none' }).catch(() => undefined)
