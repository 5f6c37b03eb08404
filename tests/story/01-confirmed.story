# Story 1. The AI answers, the customer says "that helped".

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +10m 101 msg_in customer -
at +10m 101 signal customer confirm
now +30d

expect per-resolution 0.99 resolved/confirmed
expect fin 0.99 resolved/confirmed
expect zendesk 2.00 resolved/confirmed
expect agentforce-conversations 2.00 resolved/confirmed
expect help-agent 2.00 resolved/confirmed
expect gorgias 1.30 resolved/confirmed
expect redo 0.95 resolved/confirmed
expect agentforce-flex 0.00 excluded/not_priced
