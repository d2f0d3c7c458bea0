// Package mail speaks SMTP.
package mail
