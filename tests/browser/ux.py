"""What must hold on every page, in every mode we promise."""

from axe_playwright_python.sync_playwright import Axe

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 800}
MODES = {
    "320": {"viewport": PHONE},
    "tablet": {"viewport": {"width": 768, "height": 1024}},
    "desk": {"viewport": DESK},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "forced": {"viewport": DESK, "forced_colors": "active"},
    "zoom400": {"viewport": {"width": 320, "height": 256}},
    "spacing": {"viewport": PHONE, "bypass_csp": True},
    "rtl": {"viewport": PHONE},
}
# WCAG 1.4.12, text spacing
SPACING = (
    "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}"
    "p{margin-block-end:2em!important}"
)
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const r = e.getBoundingClientRect(), c = getComputedStyle(e);
  const x = Math.min(Math.max(r.left + r.width / 2, 1), innerWidth - 1);
  const y = Math.min(Math.max(r.top + r.height / 2, 1), innerHeight - 1);
  const t = document.elementFromPoint(x, y);
  return {
    what: e.outerHTML.slice(0, 80) + Math.round(r.top + scrollY),
    ring: c.outlineStyle !== 'none' && parseFloat(c.outlineWidth) >= 2,
    onTop: !!t && (e.contains(t) || t.contains(e)),
    inView: r.bottom > 0 && r.top < innerHeight,
  };
}"""


def watch(page, origin):
    """Collect what must not happen while ``page`` lives: errors and requests to others."""
    trouble = []
    page.on("console", lambda m: m.type == "error" and trouble.append(f"console: {m.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on(
        "request",
        lambda r: (
            r.url.startswith((origin, "data:")) or trouble.append(f"foreign request: {r.url}")
        ),
    )
    return trouble


def faults(page, mode):
    """Every fault of the open page in ``mode``, as readable lines; an empty list is the aim."""
    if mode == "rtl":
        page.evaluate("document.documentElement.dir = 'rtl'")
    found = [f"{v['id']} x{len(v['nodes'])}: {v['nodes'][0]['html'][:120]}" for v in _axe(page)]
    sideways = page.evaluate(_SIDEWAYS)
    if sideways > 0:
        found.append(f"scrolls sideways by {sideways} px")
    if page.locator("h1").count() != 1:
        found.append(f"{page.locator('h1').count()} h1")
    if page.evaluate("document.getAnimations().length"):
        found.append("something moves")
    if mode in {"320", "desk"}:
        found += _focus_faults(page)
    return found


def _axe(page):
    options = {"runOnly": {"type": "tag", "values": RULES}}
    return Axe().run(page, options=options).response["violations"]


def _focus_faults(page):
    """Each stop of the Tab key is seen: in view, on top, with a ring."""
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0) }")
    found, seen = [], set()
    for _stop in range(120):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        if focus is None or focus["what"] in seen:
            break
        seen.add(focus["what"])
        if not (focus["ring"] and focus["onTop"] and focus["inView"]):
            found.append(f"focus is hidden: {focus}")
    return found
