package notify

// For tests of the rules alone.
var (
	QuietFor  = quietFor
	DigestDay = digestDay
	Monday    = monday
	DayOf     = dayOf
)

// MailAttempts are how many a mail gets.
const MailAttempts = mailAttempts
