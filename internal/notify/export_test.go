package notify

// Due is the text about a due date.
var Due = due
