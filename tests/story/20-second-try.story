# Story 20. The first answer did not help, the second did.
# A later answer lifts "that did not help"; a request for a person would stay.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +5m 101 msg_in customer -
at +5m 101 signal customer negative
at +6m 101 msg_out ai answer
at +9m 101 signal customer confirm
now +30d

expect per-resolution 0.99 resolved/confirmed
expect fin 0.99 resolved/confirmed
expect zendesk 2.00 resolved/confirmed
expect agentforce-conversations 2.00 resolved/confirmed
expect help-agent 2.00 resolved/confirmed
expect gorgias 1.30 resolved/confirmed
expect redo 0.95 resolved/confirmed
expect agentforce-flex 0.00 excluded/not_priced
