# Story 9. The same person on chat, then by e-mail, about one issue.
# Two conversations everywhere. Unknown for Help Agent and Redo: their books count conversations.

ticket 101 chat ann
ticket 102 email ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +5m 101 signal customer confirm
at +3h 102 msg_in customer -
at +181m 102 msg_out ai answer
at +190m 102 signal customer confirm
now +30d

expect per-resolution 1.98 resolved/confirmed resolved/confirmed
expect fin 1.98 resolved/confirmed resolved/confirmed
expect zendesk 4.00 resolved/confirmed resolved/confirmed
expect agentforce-conversations 4.00 resolved/confirmed resolved/confirmed
expect help-agent 4.00 resolved/confirmed resolved/confirmed
expect gorgias 2.60 resolved/confirmed resolved/confirmed
expect redo 1.90 resolved/confirmed resolved/confirmed
expect agentforce-flex 0.00 excluded/not_priced excluded/not_priced
