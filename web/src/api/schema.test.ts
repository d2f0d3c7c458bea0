// @vitest-environment node
import { readFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'
import { expect, test } from 'vitest'

test('the types are those of the OpenAPI document', async () => {
  const made = astToString(await openapiTS(new URL('../../../docs/api/openapi.json', import.meta.url)))
  const kept = await readFile(new URL('./schema.gen.ts', import.meta.url), 'utf8')
  expect(kept.endsWith(made), 'stale: run `make gen`').toBe(true)
}, 20_000)
