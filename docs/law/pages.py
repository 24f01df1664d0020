"""Writes one page per group of jurisdictions from the rules that the portal ships.

    python docs/law/pages.py            write the pages
    python docs/law/pages.py --check    fail when a page differs from the rules

The rules are the truth; nobody edits the pages by hand.
"""

# ruff: noqa: T201 -- this program's output is its purpose
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
RULES = HERE.parent.parent / "requests/reference/deadline_rules.json"
GROUPS = {
    "PROMISE": ("promise", "The published promise"),
    "TRUSTE": ("promise", "The published promise"),
    "EU": ("european-union", "European Union and EEA"),
    "UK": ("united-kingdom", "United Kingdom"),
    "CH": ("switzerland", "Switzerland"),
    "AL": ("albania", "Albania"),
    "BR": ("brazil", "Brazil"),
    "CA": ("canada", "Canada"),
    "US": ("united-states", "United States"),
}
MARKS = {
    "C": "confirmed: the official text was read",
    "S": "to be confirmed by counsel: from a secondary source",
    "M": "to be confirmed by counsel: no source was read yet",
    "D": "a decision of the organisation, not law",
}
ANCHORS = {
    "receipt": "the day the request is received",
    "awareness": "the moment the breach becomes known",
    "relevant_time": "receipt, or later: when the identity is proved or the fee is paid",
    "determination": "the moment the breach is determined",
    "discovery": "the day the breach is discovered",
    "consumer_notice_sent": "the day the people concerned are told",
}
UNITS = {
    "calendar_day": ("day", "days"),
    "business_day": ("working day", "working days"),
    "month": ("month", "months"),
    "hour": ("hour", "hours"),
}
VERIFICATION = {
    "clock_runs": "the clock runs while the identity is checked",
    "none": "no identity check",
    "not_allowed": "no identity check is allowed",
    "not_needed": "no identity check is needed",
    "pauses": "the clock stops while the identity is checked",
    "moves_start": "the clock starts when the identity is proved",
}


def term(part):
    """“45 days”, “10 working days (calendar US-SAFE)”, “without a fixed number of days”."""
    if part is None:
        return "no fixed period"
    if part["unit"] == "declared_date":
        return "to a date that the person is told"
    if part["n"] == 0:
        return "at once"
    one, many = UNITS[part["unit"]]
    text = f"{part['n']} {one if part['n'] == 1 else many}"
    if "other_channel_n" in part:
        text += f" ({part['other_channel_n']} through another channel than the designated one)"
    return f"{text} (calendar {part['calendar']})" if "calendar" in part else text


def words(codes):
    return ", ".join(code.replace("_", " ") for code in codes)


def free(terms):
    """“always”, “twice in 12 months”; and when money may be asked for all the same."""
    often = {None: "always", 1: "once", 2: "twice"}[terms["count"]]
    text = f"{often} in {terms['per'].replace('_', ' ')}" if terms["per"] else often
    text = text.replace("in calendar year", "a calendar year").replace("in year", "a year")
    if "fee" in terms:
        most = f" of at most {terms['most']}" if "most" in terms else ""
        told = ", told beforehand" if terms.get("told_beforehand") else ""
        text += f"; a fee{most} for: {words([terms['fee']])}{told}"
    return f"{text} ({terms['law']})" if "law" in terms else text


def lines_of(rule):
    yield "law", rule["law"]
    yield "where", rule["jurisdiction"]
    end = f" to {rule['effective_to']}" if rule["effective_to"] else ""
    yield "requests received", f"from {rule['effective_from']}{end}"
    yield "counts from", ANCHORS[rule["anchor"]]
    if rule["ack"]:
        yield "acknowledge within", term(rule["ack"])
    yield "answer within", term(rule["respond"])
    if rule["extension"]:
        needs = words(rule["extension"]["must"])
        yield "may be extended by", f"{term(rule['extension'])}; the notice carries: {needs}"
        yield "grounds for that", words(rule["extension"]["grounds"])
    if rule["pause"]:
        kind = "by statute" if rule["pause"]["statutory"] else "by guidance"
        yield "stops while", f"{words(rule['pause']['triggers'])} ({kind})"
    yield "identity", VERIFICATION[rule["verification"]]
    roll = rule["roll"]
    moves = (
        f"to the next working day of {roll['calendar']}" if roll else "no: the safe, earlier date"
    )
    yield "moves off weekends", moves
    if rule["appeal"]:
        yield "appeal answered within", f"{rule['appeal']['n']} days"
    if rule.get("free"):
        yield "free", free(rule["free"])
    if rule["refusal_must"]:
        yield "a refusal carries", words(rule["refusal_must"])
    yield "the 30-day promise", "applies too" if rule["promise_applies"] else "does not apply"
    yield "time zone", rule["time_zone"]
    for part, cite in rule.get("cites", {}).items():
        yield f"cites ({part})", cite
    if rule.get("sources"):
        yield "sources", "; ".join(rule["sources"])
    if rule.get("note"):
        yield "note", rule["note"]["en"]
    yield "mark", MARKS[rule["status"]]


def section(rule):
    rows = [f"| {name} | {text} |" for name, text in lines_of(rule)]
    return "\n".join([f"## {rule['id']}", "", "| | |", "|---|---|", *rows, ""])


def pages():
    """File name to text, for every group and the list of them."""
    texts, index = {}, []
    rules = json.loads(RULES.read_text())["rules"]
    for name, title in dict.fromkeys(GROUPS.values()):
        own = [rule for rule in rules if GROUPS[rule["id"].partition("-")[0]][0] == name]
        intro = (
            "Written by `make law` from `requests/reference/deadline_rules.json`. Not legal advice."
        )
        texts[f"{name}.md"] = "\n".join([f"# {title}", "", intro, "", *map(section, own)])
        index += [
            f"| [{rule['id']}]({name}.md) | {rule['law']} | {term(rule['respond'])} |"
            for rule in own
        ]
    texts["README.md"] = "\n".join([INTRODUCTION, *index, ""])
    return texts


INTRODUCTION = """# The law, rule by rule

Every date in the portal is computed from one of these rules and cites it. A rule is a row with
versions: a request keeps the version it was received under. Rules that nobody has confirmed say so
here and on the officer's page. The cases with hand-typed dates are in
`tests/requests/test_deadlines*.py`. Written by `make law`; not legal advice.

| rule | law | answer within |
|---|---|---|"""


def main(arguments):
    stale = []
    for name, text in pages().items():
        path = HERE / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if arguments != ["--check"]:
                path.write_text(text)
    if arguments == ["--check"] and stale:
        print(f"docs/law/ is older than the rules: {', '.join(stale)}. Type: make law")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
