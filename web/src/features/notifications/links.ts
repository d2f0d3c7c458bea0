/** Only ever a page of this app. */
export const pathOf = (link: string): string => (/^\/(?![/\\])/.test(link) ? link : '/')

/** Opens a page from where there is no router; the app sets it. */
export const links = { open: (path: string): void => location.assign(path) }
