"""A small telephone: SIP and G.711 over UDP on asyncio, ears that know the desk's prompts.

It places the calls of `ivr call`, staffs the demo's lines, and is the instrument that the tests measure with: every
packet keeps the kernel's time of arrival, and what was heard lies on one time line that begins with the INVITE.
"""
