# Story 16. Web chat of a known customer: a pause of 25 hours, the same issue.
# Where the window is 24 h the first resolution is taken back and the second charged: once in sum.
# Agentforce: a second conversation of 24 h. Unknown for Help Agent and Redo: once by their books.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +25h 101 msg_in customer -
at +1501m 101 msg_out ai answer
at +30h 101 signal customer confirm
now +30d

expect per-resolution 0.99 resolved/confirmed
expect fin 0.99 resolved/confirmed
expect zendesk 2.00 resolved/confirmed
expect agentforce-conversations 4.00 resolved/confirmed
expect help-agent 2.00 resolved/confirmed
expect gorgias 1.30 resolved/confirmed
expect redo 0.95 resolved/confirmed
expect agentforce-flex 0.00 excluded/not_priced
