"""What must hold on every page, in every mode we promise."""

from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 800}
TABLET = {"width": 768, "height": 1024}
ZOOMED = {"width": 320, "height": 256}  # 1280 px at 400 %
# Mode: the window, what the person's system asks for, and whether colours and roles are judged
# again. The others change the layout only.
MODES = {
    "320": (PHONE, {}, True),
    "desk": (DESK, {}, True),
    "dark": (DESK, {"color_scheme": "dark"}, True),
    "forced": (DESK, {"forced_colors": "active"}, True),
    "tablet": (TABLET, {}, False),
    "zoom400": (ZOOMED, {}, False),
    "spacing": (PHONE, {}, False),
    "rtl": (PHONE, {}, False),
}
FEW = ("320", "dark")
# WCAG 1.4.12, text spacing. A sheet made by script is not stopped by a content security policy.
_SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*{line-height:1.5!important;letter-spacing:.12em!important;
    word-spacing:.16em!important} p{margin-block-end:2em!important}`);
  document.adoptedStyleSheets = [sheet];
}"""
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Text that its own box cuts off.
_CLIPPED = """() => [...document.querySelectorAll('main button, main a, main td, main th, main p')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
    && getComputedStyle(e).overflowX !== 'visible' && getComputedStyle(e).display !== 'inline')
  .map(e => e.outerHTML.slice(0, 100))"""
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
POLICY = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


def watch(page, origin):
    """Collect what must not happen while ``page`` lives: errors, requests to others, no policy."""
    trouble = []
    page.on("console", lambda m: _judge_console(m, trouble))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("request", lambda r: r.url.startswith((origin, "data:")) or trouble.append(r.url))
    page.on("response", lambda r: _judge_response(r, trouble))
    return trouble


def _judge_console(message, trouble):
    is_own_status = message.text.startswith("Failed to load resource") and "/static/" not in str(
        message.location
    )  # a page that is meant to answer 404, 410 or 422
    if message.type == "error" and not is_own_status:
        trouble.append(f"console: {message.text}")


def _judge_response(response, trouble):
    if "text/html" not in response.headers.get("content-type", ""):
        return
    header = response.headers.get("content-security-policy", "")
    policy = {part.strip() for part in header.split(";")}
    if policy != POLICY:
        trouble.append(f"policy of {response.url}: {policy}")


def faults(page, modes=tuple(MODES)):
    """Every fault of the open page in ``modes``, as readable lines; an empty list is the aim."""
    found = []
    if page.locator("h1").count() != 1:
        found.append(f"{page.locator('h1').count()} h1")
    for mode in modes:
        with _in_mode(page, mode) as judged_fully:
            lines = _layout_faults(page)
            if judged_fully:
                lines += [_line(violation) for violation in _axe(page)]
            if mode == "320":
                lines += _focus_faults(page)
        found += [f"{mode}: {line}" for line in lines]
    return found


@contextmanager
def _in_mode(page, mode):
    """The page as a person with ``mode`` sees it, without loading it anew."""
    window, media, judged_fully = MODES[mode]
    page.set_viewport_size(window)
    page.emulate_media(**media)
    if mode == "rtl":
        page.evaluate("document.documentElement.dir = 'rtl'")
    if mode == "spacing":
        page.evaluate(_SPACING)
    yield judged_fully
    page.evaluate("document.documentElement.dir = 'ltr'; document.adoptedStyleSheets = []")
    page.emulate_media(color_scheme="light", forced_colors="none")


def _layout_faults(page):
    found = [f"cut off: {what}" for what in page.evaluate(_CLIPPED)]
    sideways = page.evaluate(_SIDEWAYS)
    if sideways > 0:
        found.append(f"scrolls sideways by {sideways} px")
    if page.evaluate("document.getAnimations().length"):
        found.append("something moves")
    return found


def _line(violation):
    nodes = violation["nodes"]
    return f"{violation['id']} x{len(nodes)}: {nodes[0]['html'][:120]}"


def _axe(page):
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
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
