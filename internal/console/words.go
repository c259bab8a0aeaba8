package console

import (
	"fmt"
	"strings"
)

// Words are the words of all pages in one language. A test finds those that a language does not
// have. {0} and {1} stand for values.
type Words struct {
	Name          string // of the language, in the language
	Nav           NavWords
	Look          LookWords
	Login         LoginWords
	Enter         EnterWords
	Password      PasswordWords
	Message       MessageWords
	Roles         map[string]string // by auth.Role
	States        map[string]string // of an agent, by the word of the live stream
	Phases        map[string]string // of a call, by the word of the live stream
	Causes        map[string]string // of a rest
	Reasons       map[string]string // that the program ships, by their code
	Outcomes      map[string]string // of a call
	Live          LiveWords
	Figures       FigureWords
	Wall          WallWords
	Desk          DeskWords
	AgentPage     AgentWords
	Act           ActWords
	Admin         AdminWords
	Records       RecordWords
	OfferOutcomes map[string]string
	Reports       ReportWords
	ReportFigures map[string]FigureText
	Formulas      map[string]string // of the service level
	Modes         map[string]string // of a group, by their number
	Outcome       map[string]string // of an entry of the audit log
	Ways          map[string]string // by which an order came, by auth.Way
	Refusals      map[string]string // of the API, by the type of the problem
	Notices       map[string]string // of /readyz, by their word
}

// NavWords are the titles of the pages.
type NavWords struct {
	Wall, Desk, Agent, Records, Reports, Admin, Password, Skip, Menu, LogOut, LoggedInAs string
}

// LookWords choose language and theme.
type LookWords struct {
	Language, OtherLanguage, Theme, Light, Dark, Auto string
}

// LoginWords are on the login page, with the reasons why a login is refused.
type LoginWords struct {
	Title, Lead, Name, Password, Submit, Forgot, Wrong, Wait, Busy, Trouble, NoScript string
}

// EnterWords are on the page behind a link with a key.
type EnterWords struct {
	Title, Wait, Failed, FailedText, NoKey, ToLogin string
}

// PasswordWords are on the page of one's own password.
type PasswordWords struct {
	Title, MustTitle, MustText, Old, New, Again, Rule, Submit, Done, Differ, OldWrong string
	Unfit, NoPassword                                                                 string
}

// MessageWords are on the pages that refuse.
type MessageWords struct {
	Forbidden, ForbiddenText, Unknown, UnknownText, Home string
}

// LiveWords tell whether what is shown is live.
type LiveWords struct {
	Connecting, Live, Stale, StaleSince, Lost, Updating, Server string
}

// FigureWords are figures of groups and agents. The ones with Help are defined on the page.
type FigureWords struct {
	Group, AllGroups, Waiting, Longest, Ready, Ring, Talking, WrapUp, Paused, Missed     string
	Rest, Unavailable, LoggedIn, Down, Members, LevelToday, LevelHalfHour, Goal          string
	Answered, Abandoned, SpeedOfAnswer, LevelTodayShort, LevelRecentShort, LongestShort  string
	UnavailableShort, SpeedShort, Offered, Today, HalfHour, Level, Hold, Calls, TalkTime string
	HandleTime, Occupancy, HelpWaiting, HelpLongest, HelpLevel, HelpAbandoned, HelpSpeed string
}

// WallWords are on the wall.
type WallWords struct {
	Warning, Alert, Calm, BelowGoal, AtGoal, Page, NoGroups, NoGroupsText, Full string
	KeyEnded, KeyEndedText                                                      string
}

// DeskWords are on the supervisor's desk.
type DeskWords struct {
	Title, Groups, Agents, Callers, AbandonedCallers, Lost, Search, Clear, AllGroups    string
	AllStates, Extension, Name, State, Since, With, MissesRests, Groups1, Place, Caller string
	Wait, Group, VIP, Number, When, Waited, Actions, Anonymous, Sort, Shown, Phase      string
	NoGroups, NoGroupsText, NoAgents, NoAgentsText, NoCallers, NoAbandoned, NoMatch     string
	ReadOnly, Misses, RestUntil, DeferredBusy, DeferredLogout, OutsideCall, Locked, DND string
	NoPhone, HelpAbandoned, Hidden, BySupervisor, WrapLeft, ShowOnly, ShowAll           string
}

// AgentWords are on the agent's own page.
type AgentWords struct {
	Title, You, GetReady, Pause, PauseWithout, PausedFor, WrapUpLeft, More, LogIn        string
	LogOut, NoCall, NoCallReady, NoCallOther, Caller, WaitedFor, EarlierCalls, NoEarlier string
	Today, NoToday, Date, Outcome, Queues, Waiting, ForState, AfterCall, AfterCallLogout string
	CallRings, TalkTo, NoGroup, Answered, Misses, TalkTime, ReadyTime, PausedTime        string
	NotAnAgent, LastCaller, LogInText, LogInGroups, NoGroupChosen                        string
}

// ActWords are what one can do, with the questions before it.
type ActWords struct {
	MakeReady, Pause, LogIn, LogOut, Membership, Transfer, Move, HangUp, WrapMore      string
	Cancel, Do, PauseTitle, Reason, NoReason, LogInTitle, LogInText, MembershipTitle   string
	MembershipText, TransferTitle, TransferText, ToAgent, MoveTitle, MoveText, ToGroup string
	HangUpTitle, HangUpText, HangUpAgain, Done, Failed, NotAllowed, Gone, Conflict     string
	NoServer, LoggedOut, LogOutTitle, LogOutText, BadValue, NoOtherAgent, NoOtherGroup string
	Thresholds, ThresholdsTitle, ThresholdsText                                        string
}

// AdminWords are on the pages of the administration.
type AdminWords struct {
	AsTheBrowser, Add, Save, Remove, Change, Back, Make, Noted, Search, More, End, Yes string
	No, Never, Active, Disabled, MustChange, RemoveTitle, RemoveText, SecretOnce       string
	Default, Groups, GroupsLead, AddGroup, GroupNumber, Mode, NoGroups, SettingsLead   string
	Members, MembersLead, MembersOf, NoMembers, Agents, AgentsLead, AddAgent           string
	AddAgentText, PhonePassword, JobNumber, Phone, Registered, VIPs, VIPsLead, AddVIP  string
	OnlyGroup, NoEntries, Blacklist, BlacklistLead, AddBlacklisted, Dialled, Expires   string
	Reasons, ReasonsLead, AddReason, Code, Position, Paid, Users, UsersLead, AddUser   string
	AddUserText, Role, UserGroups, NewPassword, NewPasswordText, PasswordMade, Tokens  string
	TokensLead, AddToken, AddTokenText, CreatedBy, LastUsed, WallLink, TokenMade       string
	Sessions, SessionsLead, Source, Browser, Begun, Seen, Audit, AuditLead, Actor      string
	Object, Action, Detail, Server, Reload, Ready, NotReady, Warnings, NoWarnings      string
	APIDocs, Name, NameRule, CodeRule, SeeFields, Allowed, ByConfiguration, Seconds    string
}

// RecordWords are on the pages of records.
type RecordWords struct {
	From, To, Caller, Agent, Any, Arrived, Waited, Talked, Out, NoMatch, Nothing, NoCall string
	Story, StoryLead, SpanWait, SpanTalk, SpanRing, SpanMissed, SpanAgent, Visits        string
	Offers, Answered, Ended, Offered, HungUpBy, ByCaller, ByAgent, ByOperator            string
	TransferredTo, Recordings, NoOffers                                                  string
}

// ReportWords are on the page of reports.
type ReportWords struct {
	By, Step, Quarter, Hour, Day, Week, Month, Through, Groups, Formula, PauseTime string
	PauseTimes, Zone, Show, TimeChart, CallChart, LevelChart, Other, Begin, Total  string
	Definitions, Counting, CountingAgents, Nothing, NothingText, NothingOfGroups   string
	Goals, TooMany, TooManyPlaces, NoZone, NoDay, Backwards                        string
}

// FigureText is the name and the definition of a figure.
type FigureText struct{ Title, Help string }

// languages are the dictionaries by the name of the language.
var languages = map[string]*Words{"en": &english, "zh": &chinese}

// fill puts values into the places {0}, {1} of a text.
func fill(text string, values ...any) string {
	for i, value := range values {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), fmt.Sprint(value))
	}
	return text
}
