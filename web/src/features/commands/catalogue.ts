import type { IconName } from '@/ui/icons'

/** What the app can be told to do. Palette, help, menus, tooltips and the keyboard all take it from here. */
export interface Command {
  /** As in a menu. */
  label: string
  group: Group
  /** As in lib/keys; a space stands between the keys of a sequence. The first is the one that is shown. */
  keys?: readonly string[]
  icon?: IconName
  /** Also while a field has the focus. */
  inFields?: boolean
  /** Also over an open task. */
  inTask?: boolean
  /** Not offered in the palette: it is about where the focus is. */
  byKeyOnly?: boolean
  /** The browser or the element itself does it; listed for the help. */
  native?: boolean
}
export type Group = 'General' | 'Go to' | 'Walk' | 'Tasks' | 'Select' | 'Notifications'

export const CATALOGUE = {
  'palette': { label: 'Command palette', group: 'General', keys: ['mod+k'], icon: 'search', inFields: true, inTask: true, byKeyOnly: true },
  'search': { label: 'Search', group: 'General', keys: ['/'], icon: 'search' },
  'filter': { label: 'Filter', group: 'General', keys: ['f'], icon: 'filter' },
  'task.new': { label: 'New task', group: 'General', keys: ['n'], icon: 'plus' },
  'undo': { label: 'Undo', group: 'General', keys: ['mod+z'], icon: 'undo', inTask: true },
  'redo': { label: 'Redo', group: 'General', keys: ['mod+shift+z', 'mod+y'], icon: 'redo', inTask: true },
  'help': { label: 'Keyboard shortcuts', group: 'General', keys: ['?'], icon: 'keyboard', inTask: true },
  'sidebar': { label: 'Show or hide the sidebar', group: 'General', keys: ['['], icon: 'panel' },
  'theme.system': { label: 'Theme: as the system', group: 'General', icon: 'paint' },
  'theme.light': { label: 'Theme: light', group: 'General', icon: 'paint' },
  'theme.dark': { label: 'Theme: dark', group: 'General', icon: 'paint' },
  'settings': { label: 'Settings', group: 'General', keys: ['g s'], icon: 'settings' },

  'go.board': { label: 'Board', group: 'Go to', keys: ['g b'], icon: 'board' },
  'go.list': { label: 'List', group: 'Go to', keys: ['g l'], icon: 'list' },
  'go.calendar': { label: 'Calendar', group: 'Go to', keys: ['g c'], icon: 'calendar' },
  'go.analytics': { label: 'Analytics', group: 'Go to', keys: ['g a'], icon: 'chart' },
  'go.mine': { label: 'My tasks', group: 'Go to', keys: ['g m'], icon: 'user' },
  'go.notifications': { label: 'Notifications', group: 'Go to', keys: ['g n'], icon: 'bell' },
  'go.team': { label: 'Team', group: 'Go to', keys: ['g t'], icon: 'users' },

  'task.next': { label: 'Next task', group: 'Walk', keys: ['j', 'ArrowDown'], byKeyOnly: true, inTask: true },
  'task.previous': { label: 'Previous task', group: 'Walk', keys: ['k', 'ArrowUp'], byKeyOnly: true, inTask: true },
  'task.left': { label: 'Column to the left', group: 'Walk', keys: ['h', 'ArrowLeft'], byKeyOnly: true },
  'task.right': { label: 'Column to the right', group: 'Walk', keys: ['l', 'ArrowRight'], byKeyOnly: true },
  'task.open': { label: 'Open the task', group: 'Walk', keys: ['Enter'], byKeyOnly: true, native: true },
  'task.lift': { label: 'Pick up, then arrows move, Space drops', group: 'Walk', keys: ['Space'], byKeyOnly: true, native: true },
  'back': { label: 'Back: close, or select nothing', group: 'Walk', keys: ['Escape'], byKeyOnly: true },

  'task.rename': { label: 'Edit the title', group: 'Tasks', keys: ['e'], icon: 'pencil', inTask: true },
  'task.move': { label: 'Move to…', group: 'Tasks', keys: ['m'], icon: 'arrow-right', inTask: true },
  'task.assign': { label: 'Assign to…', group: 'Tasks', keys: ['a'], icon: 'user', inTask: true },
  'task.take': { label: 'Assign to me', group: 'Tasks', keys: ['i'], icon: 'user', inTask: true },
  'task.priority': { label: 'Set the priority…', group: 'Tasks', keys: ['p'], icon: 'flag', inTask: true },
  'task.labels': { label: 'Labels…', group: 'Tasks', keys: ['.'], icon: 'label', inTask: true },
  'task.due': { label: 'Set the due date…', group: 'Tasks', keys: ['u'], icon: 'calendar', inTask: true },
  'task.delete': { label: 'Delete…', group: 'Tasks', keys: ['d', 'Delete'], icon: 'trash', inTask: true },

  'select.toggle': { label: 'Select, or no longer', group: 'Select', keys: ['x'], byKeyOnly: true },
  'select.up': { label: 'Extend up', group: 'Select', keys: ['shift+ArrowUp'], byKeyOnly: true },
  'select.down': { label: 'Extend down', group: 'Select', keys: ['shift+ArrowDown'], byKeyOnly: true },
  'select.left': { label: 'Extend to the left', group: 'Select', keys: ['shift+ArrowLeft'], byKeyOnly: true },
  'select.right': { label: 'Extend to the right', group: 'Select', keys: ['shift+ArrowRight'], byKeyOnly: true },
  'select.column': { label: 'Select all in the column', group: 'Select', keys: ['shift+x'], icon: 'check' },

  'note.select': { label: 'Select a notification', group: 'Notifications', keys: ['x'], byKeyOnly: true },
  'note.all': { label: 'Select all notifications', group: 'Notifications', keys: ['shift+x'], byKeyOnly: true },
  'note.read': { label: 'Mark as read', group: 'Notifications', keys: ['e'], byKeyOnly: true },
  'note.remove': { label: 'Delete notifications', group: 'Notifications', keys: ['Delete', 'd'], byKeyOnly: true },
  'note.none': { label: 'Select no notification', group: 'Notifications', keys: ['Escape'], byKeyOnly: true },
} as const satisfies Record<string, Command>

export type CommandId = keyof typeof CATALOGUE
export const commands = Object.entries(CATALOGUE) as [CommandId, Command][]
export const GROUPS: readonly Group[] = ['General', 'Go to', 'Walk', 'Tasks', 'Select', 'Notifications']
