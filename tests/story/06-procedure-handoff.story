# Story 6. A procedure that is set up to end in a handoff.
# Fin has a named outcome for it; nobody else counts a handoff.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +5m 101 handoff ai policy
at +5m 101 procedure_end ai handoff
at +2h 101 msg_out human answer
now +30d

expect per-resolution 0.00 excluded/handoff
expect fin 0.99 resolved/procedure
expect zendesk 0.00 excluded/handoff
expect agentforce-conversations 2.00 excluded/handoff
expect help-agent 0.00 excluded/handoff
expect gorgias 0.40 excluded/handoff
expect redo 0.00 excluded/handoff
expect agentforce-flex 0.00 excluded/handoff
