"""A peer: the measured flow as a pyst2 script, which Asterisk starts for each call."""

from __future__ import annotations

from asterisk.agi import AGI

WAYS = {
    "1": ("directions", "first"),
    "2": ("product", "second"),
    "3": ("order", "second"),
    "4": ("claim", "third"),
    "5": ("other", "first"),
}


def answer(agi: AGI) -> None:
    """Serve one call, with the same facts and the same prompts as the desk."""
    agi.appexec("CELGenUserEvent", "IVR,began?version=pyst2 entered?node=informer entered?node=category")
    agi.appexec("Read", "KEY,ultralight/ru/informer&ultralight/ru/category,1,,1,4")
    key = agi.get_variable("KEY")
    category, line = WAYS.get(key, WAYS["5"])
    agi.appexec("CELGenUserEvent", f"IVR,key?node=category&key={key} category?category={category}")
    agi.appexec("CELGenUserEvent", f"IVR,caller?known=0 notice handover?line={line}")
    agi.appexec("Playback", "ultralight/ru/notice")
    agi.appexec("MSet", f"__IVR_CATEGORY={category},LINE={line}")


if __name__ == "__main__":
    answer(AGI())
