# Story 21. The AI calls two tools, answers, and the customer says that it helped. Only the meter of
# actions looks at the calls.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +30s 101 action ai get_order
at +40s 101 action ai get_parcel
at +1m 101 msg_out ai answer
at +10m 101 signal customer confirm
now +30d

expect per-resolution 0.99 resolved/confirmed
expect fin 0.99 resolved/confirmed
expect zendesk 2.00 resolved/confirmed
expect agentforce-conversations 2.00 resolved/confirmed
expect agentforce-flex 0.20 resolved/confirmed
expect help-agent 2.00 resolved/confirmed
expect gorgias 1.30 resolved/confirmed
expect redo 0.95 resolved/confirmed
