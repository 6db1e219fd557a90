"""The words of the pages that are no knowledge: names of buttons and parts, and what is said of the pages themselves."""

NAME = "Leg cramps"
SKIP = "Skip to the page"
HELP_NOW = "Help now"
CLEAR = "Clear my answers"
BEGIN_AGAIN = "Begin again"

# A question
GO_ON = "Continue"
BACK = "Back"
PLACE = "Question {} of about {}"
WHY_ASKED = "Why is this asked?"
ASKED_OF = "Asked of: {}."
TICK_ALL = "Tick all that fit."
OR = "or"
NUMBER = "Number"
DETAIL = "Detail: {}"
COUNTRY = "Country, for the numbers to call"
SENT = (
    "Your answers go with each page to the computer that shows these pages, and come back with the next one. "
    "They are kept by nobody there: no cookie, no account, no record."
)

# What cannot be taken
ERROR = "Error: {}"
PROBLEM = "There is a problem"
CHOOSE_ONE = "Choose one."
NOTHING_TICKED = "Nothing is ticked. {}"
TICK_OR = "Tick all that fit, or {}."
NONE_BESIDE = '"{0}" is ticked beside something else. Untick "{0}", or the rest.'
NUMBER_BESIDE = 'There is a number, and "{}" is ticked. Leave one out.'
IN_FIGURES = "A number from {} to {}, in figures."
GO_BACK = "Go back in the browser to the page before, or begin again."
NO_PAGE = {  # by the status of HTTP
    400: "This page cannot be read.",
    404: "There is no such page.",
    405: "This address cannot be used in that way.",
    411: "This page came without its length.",
    413: "This page is too large.",
    500: "Something went wrong here.",
}

# The check of all answers, and what was urgent so far
CHECK = "Check your answers"
CHANGE = "Change"
SHOW_RESULT = "Show the result"
WHY = "Why: {}."

# A result
TO_ANSWERS = "Back to the answers"
PHONE = "Phone {}"
MISTAKE = "Ticked by mistake? Back to the list"
MORE = "More about this result"
TO_ADD = "To add, if you like"
ADDS = "Nothing here changes how urgent it is. It can change what helps."
ANSWER = "Answer"
TAKE = "What to do with this page"
PRINT = "Page to print, for a doctor"
SHOW_NUMBERS = "Show the numbers of this country"

# After "Clear my answers"
CLEARED = "Your answers are cleared"
CLOSE = (
    "The browser was asked to forget the pages of this address. Close this window, so that nobody can go back to them."
)
