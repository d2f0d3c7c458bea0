// The service worker. The server puts one line before this file (internal/httpapi/worker.go):
// const SHELL = { version, page, assets, files }.
//
// No page and no answer of the API is ever kept: they carry tokens, and are one person's. What is kept are files of the
// build, whose names change with their contents, and one page without anybody's data for when the server cannot be
// reached. A new build is another SHELL, and so another worker with another cache.
const PREFIX = 'tandem-'
const CACHE = PREFIX + SHELL.version
const ASSETS = new URL(SHELL.assets, location.href).href
const PATIENCE = 5000

self.addEventListener('install', event => {
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll([SHELL.page, ...SHELL.files])).then(() => self.skipWaiting()))
})

self.addEventListener('activate', event => {
  event.waitUntil(take())
})
async function take() {
  // The build before this one stays: pages of it may still be open, and their files are nowhere else any more.
  const older = (await caches.keys()).filter(name => name.startsWith(PREFIX) && name !== CACHE).slice(0, -1)
  for (const name of older) await caches.delete(name)
  await self.registration.navigationPreload?.enable() // a page does not wait for the worker to start
  await self.clients.claim()
}

self.addEventListener('fetch', event => {
  const { request } = event
  if (request.method !== 'GET') return
  if (request.mode !== 'navigate') {
    if (request.url.startsWith(ASSETS)) event.respondWith(file(event))
  } else if (request.destination === 'document') {
    event.respondWith(page(event)) // frames are left to the browser, whose headers tell the server what they are
  }
})

/** The server's page, always; without a server, what says so. */
async function page(event) {
  const answer = fromServer(event)
  if (new URL(event.request.url).pathname.startsWith('/api/')) return answer // downloads are no pages, and may take long
  const late = new Promise(resolve => setTimeout(resolve, PATIENCE))
  const response = await Promise.race([answer, late]).catch(() => undefined)
  if (response && !nobodyThere(response)) return response
  const kept = await caches.match(SHELL.page, { cacheName: CACHE, ignoreVary: true })
  return kept ?? response ?? answer
}
async function fromServer(event) {
  return (await event.preloadResponse) ?? fetch(event.request)
}
/** A proxy with no server behind it. Tandem's own answers, errors too, have a policy. */
function nobodyThere(response) {
  return response.status >= 502 && response.status <= 504 && !response.headers.has('Content-Security-Policy')
}

/** A file of a build, from the cache if it was ever asked for. */
async function file(event) {
  const kept = await caches.match(event.request, { ignoreVary: true })
  if (kept) return kept
  const response = await fetch(event.request)
  if (response.ok) {
    const copy = response.clone()
    event.waitUntil(caches.open(CACHE).then(cache => cache.put(event.request, copy)).catch(() => undefined)) // a full disk is no error
  }
  return response
}
