# Story 17. Every webhook is delivered twice, and the process is killed in the middle of a send.
# One charge in every book.

ticket 101 chat ann
twice
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
crash
at +10m 101 msg_in customer thanks
at +10m 101 signal customer confirm
crash
now +30d

expect per-resolution 0.99 resolved/confirmed | charge resolution 0.99 2026-11
expect fin 0.99 resolved/confirmed | charge resolution 0.99 2026-11
expect zendesk 2.00 resolved/confirmed | charge resolution 2.00 2026-11
expect agentforce-conversations 2.00 resolved/confirmed | charge conversation 2.00 2026-11
expect help-agent 2.00 resolved/confirmed | charge resolution 2.00 2026-11
expect gorgias 1.30 resolved/confirmed | charge ticket 0.40 2026-11, charge resolution 0.90 2026-11
expect redo 0.95 resolved/confirmed | charge resolution 0.95 2026-11
expect agentforce-flex 0.00 excluded/not_priced
