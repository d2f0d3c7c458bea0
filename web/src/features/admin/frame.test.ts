import { expect, test } from 'vitest'
import { takeApart } from './frame'

test('styles are taken out of a mail, within tags only', () => {
  const { html, css } = takeApart('<html><head><style>p{color:red}</style></head><body bgcolor="#fff" style="margin:0"><p style=\'a:b\'>He wrote style="x"</p><style media="x">i{}</style></body></html>')
  expect(css).toBe('p{color:red}\ni{}')
  expect(html).toBe('<html><head></head><body bgcolor="#fff" data-style="margin:0"><p data-style=\'a:b\'>He wrote style="x"</p></body></html>')
})
