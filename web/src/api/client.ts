import { reached, unreachable } from '@/lib/online'
import { newKey } from '@/lib/key'
import { ApiError, networkError } from './errors'
import { access, fresh, refresh } from './token'
import type { Problem } from './types'

export interface RequestOptions {
  query?: Record<string, string | number | boolean | string[] | null | undefined>
  body?: unknown
  /** A file or text that goes as it is. */
  raw?: BodyInit
  type?: string
  /** Idempotency key. Every write has one; pass your own to be able to send the same write again. */
  key?: string
  signal?: AbortSignal
  timeout?: number
  /** Goes on when the page ends. */
  keepalive?: boolean
  /** Send without a token, and do not refresh on 401. */
  anonymous?: boolean
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
const TIMEOUT = 20_000
const RETRY_AFTER = [400, 1500]

export const get = <T>(path: string, options?: RequestOptions): Promise<T> => request<T>('GET', path, options)
export const post = <T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> => request<T>('POST', path, { body, ...options })
export const put = <T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> => request<T>('PUT', path, { body, ...options })
export const patch = <T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> => request<T>('PATCH', path, { body, ...options })
export const del = <T = undefined>(path: string, options?: RequestOptions): Promise<T> => request<T>('DELETE', path, options)

/** Sends a request and gives its JSON. Throws ApiError, nothing else (except AbortError when `signal` fired). */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options)
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

/** The same, for answers that are files. */
export async function download(path: string, options: RequestOptions = {}): Promise<Blob> {
  return (await send('GET', path, { timeout: 120_000, ...options })).blob()
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const key = method === 'GET' ? undefined : (options.key ?? newKey())
  // The same key makes it safe to send a write again whose answer was lost.
  for (let attempt = 0; ; attempt++) {
    try {
      return await authorised(method, path, options, key)
    } catch (error) {
      const passing = error instanceof ApiError && (error.isNetwork || error.status === 502 || error.status === 503 || error.status === 504)
      const wait = RETRY_AFTER[attempt]
      if (!passing || wait === undefined || options.anonymous || options.signal?.aborted) throw error
      await new Promise(resolve => setTimeout(resolve, wait))
    }
  }
}

async function authorised(method: Method, path: string, options: RequestOptions, key?: string): Promise<Response> {
  if (options.anonymous) return check(await attempt(method, path, options, key, null))
  const token = fresh()?.token ?? (await renewed())
  const response = await attempt(method, path, options, key, token)
  if (response.status !== 401) return check(response)
  const again = await renewed(token ?? undefined)
  return check(again ? await attempt(method, path, options, key, again) : response)
}

async function renewed(spent?: string): Promise<string | null> {
  try {
    return (await refresh(spent))?.token ?? null
  } catch {
    // The token at hand may still hold for some seconds, or the server says so itself.
    if (access.value && access.value.expires > Date.now() && access.value.token !== spent) return access.value.token
    unreachable()
    throw networkError()
  }
}

async function attempt(method: Method, path: string, options: RequestOptions, key: string | undefined, token: string | null): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (token) headers.Authorization = `Bearer ${token}`
  if (key) headers['Idempotency-Key'] = key
  let body = options.raw
  if (options.type) headers['Content-Type'] = options.type
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  const timeout = AbortSignal.timeout(options.timeout ?? TIMEOUT)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  try {
    const response = await fetch(`/api${path}${queryString(options.query)}`, { method, headers, body, signal, ...(options.keepalive && { keepalive: true }) })
    reached()
    return response
  } catch (error) {
    if (options.signal?.aborted) throw error
    unreachable()
    throw networkError()
  }
}

async function check(response: Response): Promise<Response> {
  if (response.ok) return response
  let problem: Problem = { status: response.status, title: fallback(response) }
  if (response.headers.get('Content-Type')?.includes('json')) {
    problem = { ...problem, ...((await response.json().catch(() => ({}))) as Partial<Problem>), status: response.status }
  }
  throw new ApiError(problem)
}

function fallback(response: Response): string {
  if (response.status === 429) {
    const wait = Number(response.headers.get('Retry-After'))
    return wait ? `Too many requests. Try again in ${wait} s.` : 'Too many requests. Try again in a moment.'
  }
  if (response.status === 413) return 'That is too large.'
  return response.status >= 500 ? 'The server has a problem. Try again in a moment.' : `The server refused this (${response.status}).`
}

function queryString(query: RequestOptions['query']): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value == null || value === '' || (Array.isArray(value) && !value.length)) continue
    params.set(name, Array.isArray(value) ? value.join(',') : String(value))
  }
  const text = params.toString()
  return text && `?${text}`
}
