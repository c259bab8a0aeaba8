package console

var englishNotices = map[string]string{
	"draining":    "The server shuts down and takes no calls.",
	"storage":     "The database or the journal on the disk does not work. Changes wait until it does.",
	"link":        "A FreeSWITCH is not connected.",
	"domain":      "A FreeSWITCH has no global variable “domain”, so the phones of the agents cannot be called.",
	"certificate": "A certificate has expired or will within 14 days.",
	"log":         "The log cannot be written.",
	"upgrade":     "An upgrade has left work on tables, which is not done yet.",
	"directory":   "FreeSWITCH asks for accounts of phones without the right key, and is refused.",
}
