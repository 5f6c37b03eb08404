# Story 7. Resolved; the customer comes back next month, gets another answer and asks for a person.
# Unknown for Zendesk: its book lets the first resolution stand. Gorgias: after ten days it is a new
# ticket. Unknown for Help Agent and Redo: their books take it back.

ticket 101 email ann
at 2026-10-20T10:00:00Z 101 msg_in customer -
at 2026-10-20T10:01:00Z 101 msg_out ai answer
at 2026-10-23T12:00:00Z 101 verify ai pass
at 2026-11-06T09:00:00Z 101 msg_in customer -
at 2026-11-06T09:01:00Z 101 msg_out ai answer
at 2026-11-06T10:00:00Z 101 msg_in customer -
at 2026-11-06T10:00:00Z 101 signal customer wants_human
at 2026-11-06T11:00:00Z 101 msg_out human answer
now 2026-11-30T00:00:00Z

expect per-resolution 0.00 reversed/reopened | charge resolution 0.99 2026-10, credit resolution -0.99 2026-11
expect fin 0.00 reversed/reopened | charge resolution 0.99 2026-10, credit resolution -0.99 2026-11
expect zendesk 2.00 resolved/verified | charge resolution 2.00 2026-10
expect agentforce-conversations 4.00 reversed/reopened | charge conversation 2.00 2026-10, charge conversation 2.00 2026-11
expect help-agent 0.00 reversed/reopened | charge resolution 2.00 2026-10, credit resolution -2.00 2026-11
expect gorgias 1.70 resolved/assumed | charge ticket 0.40 2026-10, charge resolution 0.90 2026-10, charge ticket 0.40 2026-11
expect redo 0.00 reversed/reopened | charge resolution 0.95 2026-10, credit resolution -0.95 2026-11
expect agentforce-flex 0.00 reversed/reopened
