package teams

// CheckFilterQuery is for tests alone.
var CheckFilterQuery = checkFilterQuery
