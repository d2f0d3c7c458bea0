package app

// AdminAddr is where the admin listener is, once Listen has returned.
func (a *App) AdminAddr() string { return a.admin.Addr().String() }
