# Story 12. Resolved, then a rating of 2 of 5.
# Unknown for Zendesk: its book lets the resolution stand.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +10m 101 signal customer confirm
at +5h 101 csat customer 2
now +30d

expect per-resolution 0.00 reversed/csat | charge resolution 0.99 2026-11, reversal resolution -0.99 2026-11
expect fin 0.99 resolved/confirmed
expect zendesk 2.00 resolved/confirmed
expect agentforce-conversations 2.00 resolved/confirmed
expect help-agent 0.00 reversed/csat | charge resolution 2.00 2026-11, reversal resolution -2.00 2026-11
expect gorgias 1.30 resolved/confirmed
expect redo 0.00 reversed/csat | charge resolution 0.95 2026-11, reversal resolution -0.95 2026-11
expect agentforce-flex 0.00 excluded/not_priced
