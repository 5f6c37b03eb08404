# Story 15. Two tickets are merged after both were resolved.
# The parent keeps its charge, the child's is taken back. Unknown for Fin, Zendesk, Help Agent and
# Redo: their books say so too. Agentforce: two conversations stay two.

ticket 101 chat bob
ticket 102 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +5m 101 signal customer confirm
at +3h 102 msg_in customer -
at +181m 102 msg_out ai answer
at +190m 102 signal customer confirm
at +5h 102 merge system 101
now +30d

expect per-resolution 0.99 resolved/confirmed excluded/merged
expect fin 0.99 resolved/confirmed excluded/merged
expect zendesk 2.00 resolved/confirmed excluded/merged
expect agentforce-conversations 4.00 resolved/confirmed resolved/confirmed
expect help-agent 2.00 resolved/confirmed excluded/merged
expect gorgias 1.70 resolved/confirmed excluded/merged
expect redo 0.95 resolved/confirmed excluded/merged
expect agentforce-flex 0.00 excluded/not_priced excluded/merged
