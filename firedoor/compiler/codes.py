"""Every code that the compiler emits: its title, whether it stops a launch, and what it would mean in a crisis.

Codes are stable. Families: FD0xx YAML, FD1xx shape, FD2xx names and types, FD3xx approvals, FD4xx containment, FD5xx
clocks and time, FD6xx people and languages, FD7xx messages, FD8xx rehearsals, which stop no launch. Each has a page in docs/codes.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Code(NamedTuple):
    title: str
    meaning: str
    severity: Literal["error", "warning"] = "error"


_NOT_READ = "the file is not read, so none of its playbooks can be launched"
_NOT_REHEARSED = "the playbook would go into a crisis without this rehearsal"
_LOST = "what the author meant would be lost without a word"

CODES: dict[str, Code] = {
    # YAML
    "FD001": Code("A file that is not UTF-8", _NOT_READ),
    "FD002": Code("A file that is too large", _NOT_READ),
    "FD003": Code("A character that nobody sees", "what people read and what the machine reads would differ"),
    "FD004": Code("Nested too deep", _NOT_READ),
    "FD005": Code("A text that is too long", "nobody reads so much while a crisis runs"),
    "FD006": Code("A key that stands twice", "one of the two would be ignored, and which one is luck"),
    "FD007": Code("A YAML tag", "the text would not mean what it says"),
    "FD008": Code("An anchor, alias or merge key", "what a step does would stand somewhere else than where it is read"),
    "FD009": Code("Several documents in one file", "what comes after the first one would be ignored"),
    "FD010": Code("A key that is no plain word", "two keys could look alike and differ"),
    "FD011": Code("Not YAML", _NOT_READ),
    "FD012": Code("A colon inside text", _NOT_READ),
    "FD013": Code("A comma inside brackets", _LOST),
    "FD014": Code("A quote that does not fit", _NOT_READ),
    "FD015": Code("Indentation", "a step could belong to another part than it seems to"),
    "FD016": Code("Text that begins with a sign", _NOT_READ),
    "FD017": Code("A bracket without its other half", _NOT_READ),
    "FD018": Code("A backslash in double quotes", _NOT_READ),
    "FD019": Code("A comment that looks like text", _LOST, "warning"),
    "FD020": Code("A file that cannot be read", "everything that stands on it is missing"),
    # Shape
    "FD101": Code("A key that has no meaning here", "what it was meant to say would be ignored"),
    "FD102": Code("A key that is missing", "a run would not know what to do here"),
    "FD103": Code("A list, a mapping or a text in the wrong place", "a run would not know what to do here"),
    "FD104": Code("A key without a value", "a run would not know what to do here"),
    "FD105": Code("A step without exactly one verb", "a run would not know what to do here"),
    "FD106": Code("A length of time", "a deadline that is read wrongly passes in silence"),
    "FD107": Code("Yes or no", "the answer could be read as its opposite"),
    "FD108": Code("A number", "a limit that is read wrongly does not hold"),
    "FD109": Code("A date", "a clock that starts at the wrong moment is breached without a word"),
    "FD110": Code("A language", "people would be told in a language that nobody reads"),
    "FD111": Code("A severity", "the wrong people would be reached"),
    "FD112": Code("A word that is none of the choices", "a run would not know what to do here"),
    "FD113": Code("A name that cannot be referred to", "nothing could refer to it"),
    "FD114": Code("An option that does not fit its input", "the launch form would let wrong answers through"),
    "FD115": Code("Hours, days or time zone", "someone would not be asked, or a deadline would be another than meant"),
    "FD116": Code("A list that is empty", "nobody and nothing would be meant"),
    "FD117": Code("What a no or a silence means", "the run would not know how to go on when nobody answers"),
    "FD118": Code("A file that is not part of the book", "what it says would not count", "warning"),
    "FD119": Code("A playbook that is too large", "it could not be launched"),
    # Names and types
    "FD201": Code("A playbook that does not exist", "that part of the response would not happen"),
    "FD202": Code("A name that means nothing", "the condition would never hold"),
    "FD203": Code("A team, person or role that does not exist", "nobody would be told, asked or assigned"),
    "FD204": Code("An action that does not exist", "nothing would be contained"),
    "FD205": Code("A read that does not exist, or is asked wrongly", "the question could not be put to the system"),
    "FD206": Code("A clock that does not exist", "a legal time limit would pass unseen"),
    "FD207": Code("A message that does not exist", "its name would be sent in place of the text"),
    "FD208": Code("A step that does not exist", "the condition would never hold, or nothing would be undone"),
    "FD209": Code("Two things with one name", "one of them would be meant, and which one is luck"),
    "FD210": Code("An expression that cannot be read", "the condition could not be decided"),
    "FD211": Code("Something that expressions do not have", "the condition could not be decided"),
    "FD212": Code("Values that cannot be compared or combined", "the comparison would never hold"),
    "FD213": Code("A condition that is no yes or no", "whether the step happens would be an accident"),
    "FD214": Code("The outcome of a step that cannot have ended yet", "it would read as false every time"),
    "FD215": Code("An outcome that this step cannot have", "it would read as false every time"),
    "FD216": Code("A word that is none of the values", "the comparison would never hold"),
    "FD217": Code("A value of the wrong type", "the system that acts would be given something it cannot act on"),
    "FD218": Code("A step of a loop's round, from outside of it", "which round is meant could not be known"),
    "FD219": Code("A playbook that runs itself", "it would never end"),
    "FD220": Code("A channel that does not exist", "people would not be reached"),
    "FD221": Code("An input of a playbook that is run", "it would run without what it needs to know"),
    "FD222": Code("Holes in text", "people would read code in place of a text"),
    "FD223": Code("A question to a system where none can be put", "the answer would not be there when it is needed"),
    "FD224": Code("A clock that is started twice", "which of two due times counts could not be known"),
    "FD225": Code("A step that never happens", "someone believes that it is done"),
    # Approvals
    "FD301": Code(
        "An approval without an option that it needs", "what a no or a silence means would be anyone's guess"
    ),
    "FD302": Code("A silence that goes on to what cannot be taken back", "nobody answers, and it happens all the same"),
    "FD303": Code("An escalation that comes too late", "the manager would be told when it is over"),
    "FD304": Code("A seat that nobody may fill", "the approval could never be given"),
    "FD305": Code(
        "An act without the signatures that it requires",
        "it would be refused while the crisis runs, or worse: done unsigned",
    ),
    "FD306": Code(
        "An approval that decides nothing",
        "somebody says no, believes that it counts, and it is done all the same",
        "warning",
    ),
    # Containment
    "FD401": Code(
        "A containment without an option that it needs", "what is contained, and until when, would be unknown"
    ),
    "FD402": Code("An action with no way back that does not say so", "someone would find out while undoing it"),
    "FD403": Code(
        "Undoing what cannot be undone", "the undo would do nothing, and the response would go on as if it had"
    ),
    "FD404": Code("Targets that the action does not take", "it would act on something else than was meant"),
    "FD405": Code(
        "A hold that ends before its decision", "it would let go by itself, while people still decide whether it should"
    ),
    "FD406": Code(
        "An undo that would be refused",
        "nothing signed would allow it: what should be let go stays contained, until somebody sees that and undoes it",
    ),
    # Clocks and time
    "FD501": Code("A wait or clock without an option that it needs", "it could wait for ever"),
    "FD502": Code("A wait that may never end", "the response would stand still, and nobody would be asked", "warning"),
    "FD503": Code("A fixed clock that can be breached", "the law's limit would pass although everyone keeps to theirs"),
    "FD504": Code(
        "A fixed clock that is not shown to be met",
        "whether there is time enough would be found out too late",
        "warning",
    ),
    "FD505": Code("A clock that no step meets", "it would run out, and no step of the response would be about it"),
    # People
    "FD601": Code("A task without an option that it needs", "nobody would do it, or nobody would notice"),
    "FD602": Code("A team that nobody is in", "nobody would be told, asked or assigned"),
    "FD603": Code("Hours in which a team has nobody on shift", "its manager would be woken, or nobody", "warning"),
    "FD604": Code(
        "A seat that nobody may fill once a member launches",
        "whoever launches cannot sign, and nobody else is there",
        "warning",
    ),
    "FD605": Code("Somebody who cannot stand in", "whoever is away would be asked, or nobody who may decide"),
    # Messages
    "FD701": Code("A notice without words", "people would be woken and not told why"),
    "FD702": Code("A message file that is not named as one", "the message would not be found when it is to be sent"),
    "FD703": Code("Something that messages do not have", "the message could not be sent, or would run code"),
    "FD704": Code("A message that cannot be read", "the message could not be sent"),
    "FD705": Code("A message that is too long", "the message could not be sent"),
    "FD706": Code("A message that names what the playbook does not know", "the message could not be sent"),
    "FD707": Code(
        "A text without a language of its audience",
        "people would be told in a language that they do not read",
        "warning",
    ),
    "FD708": Code(
        "Something sensitive for whom it is not cleared",
        "the reader would see [withheld], and would have to ask",
        "warning",
    ),
    # Rehearsals
    "FD801": Code("A rehearsal of a playbook that does not exist", _NOT_REHEARSED),
    "FD802": Code("A rehearsal that names no step of its playbook", _NOT_REHEARSED),
    "FD803": Code("A rehearsal with somebody who does not exist", _NOT_REHEARSED),
    "FD804": Code("A word that nobody can say", _NOT_REHEARSED),
    "FD805": Code("A word that does not fit its step", _NOT_REHEARSED),
    "FD806": Code("An input that a launch would refuse", _NOT_REHEARSED),
    "FD807": Code("A fault or an answer of something that does not exist", _NOT_REHEARSED),
    "FD808": Code("A clock that cannot end so", _NOT_REHEARSED),
    "FD809": Code("A time that cannot be", _NOT_REHEARSED),
    "FD810": Code("Two cases of one name", "which of the two has failed could not be told"),
}
