"""The numbers: what each one means, what a call contributes to it, and what it says of staffing. Pure."""
